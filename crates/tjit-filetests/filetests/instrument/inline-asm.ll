;! test = "instrument"
; Inline assembly in the entry block, also a callbr, stays behind the counter.

define i64 @f(i64 %x) {
  %slot = alloca i64, align 8
  %y = call i64 asm sideeffect "addq $$1, $0", "=r,0"(i64 %x)
  store i64 %y, ptr %slot, align 8
  ret i64 %y
}

define i32 @g() {
  callbr void asm sideeffect "jmp ${0:l}", "!i"() to label %through [label %jumped]
through:
  ret i32 0
jumped:
  ret i32 1
}

;; f: counter f.tjit.calls
;; g: counter g.tjit.calls
;;
;; ; ModuleID = 'inline-asm'
;; source_filename = "inline-asm"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;; @g.tjit.calls = hidden global i64 1000, align 8
;;
;; define i64 @f(i64 %x) {
;; entry:
;;   %slot = alloca i64, align 8
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %y = call i64 asm sideeffect "addq $$1, $0", "=r,0"(i64 %x)
;;   store i64 %y, ptr %slot, align 8
;;   ret i64 %y
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #1
;;   br label %old_entry
;; }
;;
;; define i32 @g() {
;; entry:
;;   %calls = load atomic i64, ptr @g.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @g.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   callbr void asm sideeffect "jmp ${0:l}", "!i"()
;;           to label %through [label %jumped]
;;
;; through:                                          ; preds = %old_entry
;;   ret i32 0
;;
;; jumped:                                           ; preds = %old_entry
;;   ret i32 1
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @g) #1
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
