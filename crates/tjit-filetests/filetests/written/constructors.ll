;! test = "written"
;! host = ["compute"]
; Globals with a dynamic initialiser. Failure may indicate that a function which others can call passes for an initialiser.

@dynamic = global i32 0
@two = global i32 0
@template = linkonce_odr global i32 0
@also-called = global i32 0
@by-exported = global i32 0
@by-pointer = global i32 0
@by-dead = global i32 0
@at-exit = global i32 0
@by-coroutine = global i32 0
@function = global ptr @pointed

@llvm.global_ctors = appending global [4 x { i32, ptr, ptr }] [
  { i32, ptr, ptr } { i32 65535, ptr @_GLOBAL__sub_I_a.cpp, ptr null },
  { i32, ptr, ptr } { i32 65535, ptr @__cxx_global_var_init.1, ptr @template },
  { i32, ptr, ptr } { i32 101, ptr @exported, ptr null },
  { i32, ptr, ptr } { i32 65535, ptr @pointed, ptr null }]
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [
  { i32, ptr, ptr } { i32 65535, ptr @end, ptr null }]

define internal void @_GLOBAL__sub_I_a.cpp() {
  call void @__cxx_global_var_init()
  call void @called()
  call void @coroutine()
  ret void
}

define internal void @__cxx_global_var_init() {
  %new = call i32 @compute()
  store i32 %new, ptr @dynamic
  store i32 %new, ptr @two
  ret void
}

define internal void @__cxx_global_var_init.1() {
  store i32 1, ptr @template
  store i32 1, ptr @two
  ret void
}

define internal void @called() {
  store i32 1, ptr @also-called
  ret void
}

define void @somebody() {
  call void @called()
  %v = load i32, ptr @dynamic
  ret void
}

define void @exported() {
  store i32 1, ptr @by-exported
  ret void
}

define internal void @pointed() {
  store i32 1, ptr @by-pointer
  ret void
}

define internal void @dead() {
  store i32 1, ptr @by-dead
  ret void
}

define internal void @end() {
  store i32 1, ptr @at-exit
  ret void
}

define internal void @coroutine() presplitcoroutine {
  store i32 1, ptr @by-coroutine
  ret void
}

declare i32 @compute()

;; dynamic: constructors _GLOBAL__sub_I_a.cpp.HASH
;; two: constructors _GLOBAL__sub_I_a.cpp.HASH, __cxx_global_var_init.1.HASH
;; template: constructors __cxx_global_var_init.1.HASH
;; also-called: somebody
;; by-exported: somebody
;; by-pointer: somebody
;; by-dead: somebody
;; at-exit: somebody
;; by-coroutine: somebody
;; function: nobody
