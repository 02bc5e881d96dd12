;! test = "specialize"
;! functions = [
;!   { name = "f", values = [{ index = 9, int = 1 }] },
;!   { name = "f", values = [{ name = "nobody", int = 1 }] },
;!   { name = "f", values = [{ index = 0, int = 1 }, { name = "n", int = 2 }] },
;!   { name = "f", values = [{ index = 0, int = 256 }] },
;!   { name = "f", values = [{ index = 0, int = -129 }] },
;!   { name = "f", values = [{ index = 0, float = 1.0 }] },
;!   { name = "f", values = [{ name = "x", float = 0.1 }] },
;!   { name = "f", values = [{ index = 3, int = 0 }] },
;!   { name = "f", values = [{ name = "out", address = 0 }] },
;!   { name = "f", values = [{ index = 4, address = 0 }] },
;!   { name = "f", values = [{ index = 3, variable = "v" }] },
;!   { name = "f", values = [{ index = 3, function = "local" }] },
;!   { name = "f", values = [{ index = 5, int = 0 }] },
;!   { name = "unnamed", values = [{ name = "n", int = 0 }] },
;!   { name = "bare", values = [{ index = 0, int = 0 }] },
;!   { name = "interrupt", values = [{ index = 1, int = 0 }] },
;!   { name = "labels", values = [{ index = 0, int = 0 }] },
;! ]
; What can't be specialised is an error and changes nothing.

@v = external global i8
@local = external thread_local global i8

define void @f(i8 %n, ptr sret(i8) %out, float %x, ptr %p, ptr byval(i8) %in, <2 x i32> %lanes) {
  ret void
}

define void @unnamed(i32 %0) {
  ret void
}

define void @bare(i32 %n) naked {
  call void asm sideeffect "ret", ""()
  unreachable
}

define x86_intrcc void @interrupt(ptr byval(i64) %frame, i64 %code) {
  ret void
}

define i32 @labels(i64 %n) {
  %to = inttoptr i64 %n to ptr
  indirectbr ptr %to, [label %a]
a:
  ret i32 1
}

;; error: specialising `f` for argument 9: it has 6 parameters: n, out, x, p, in, lanes
;; error: specialising `f` for argument `nobody`: it has 6 parameters: n, out, x, p, in, lanes
;; error: specialising `f` for argument `n`: it was given a value twice
;; error: specialising `f` for argument 0: a parameter of type `i8` can't be 256
;; error: specialising `f` for argument 0: a parameter of type `i8` can't be -129
;; error: specialising `f` for argument 0: a parameter of type `i8` can't be 1.0
;; error: specialising `f` for argument `x`: a parameter of type `float` can't be 0.1
;; error: specialising `f` for argument 3: a parameter of type `ptr` can't be 0
;; error: specialising `f` for argument `out`: it is passed as `sret`
;; error: specialising `f` for argument 4: it is passed as `byval`
;; error: specialising `f` for argument 3: a pointer that equals the address of the variable `v` may be the end of the one before it: give its address as a number, or vouch for it
;; error: specialising `f` for argument 3: a parameter of type `ptr` can't be &local
;; error: specialising `f` for argument 5: a parameter of type `<2 x i32>` can't be 0
;; error: specialising `unnamed` for argument `n`: it has 1 parameters, none of which has a name in the IR
;; error: specialising `bare`: its body is `naked`
;; error: specialising `interrupt`: functions of its calling convention can't be called
;; error: specialising `labels`: it jumps to addresses of labels
