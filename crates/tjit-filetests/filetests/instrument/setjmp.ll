;! test = "instrument"
; A second return of setjmp does not pass the counter again.

@buffer = external global [200 x i8]
declare i32 @_setjmp(ptr) returns_twice

define i32 @f() {
entry:
  %value = alloca i32, align 4
  store volatile i32 1, ptr %value, align 4
  %again = call i32 @_setjmp(ptr @buffer) returns_twice
  %r = load volatile i32, ptr %value, align 4
  ret i32 %r
}

;; _setjmp: skipped, declaration only
;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'setjmp'
;; source_filename = "setjmp"
;;
;; @buffer = external global [200 x i8]
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; ; Function Attrs: returns_twice
;; declare i32 @_setjmp(ptr) #0
;;
;; define i32 @f() {
;; entry:
;;   %value = alloca i32, align 4
;;   store volatile i32 1, ptr %value, align 4
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %again = call i32 @_setjmp(ptr @buffer) #0
;;   %r = load volatile i32, ptr %value, align 4
;;   ret i32 %r
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #2
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #1
;;
;; attributes #0 = { returns_twice }
;; attributes #1 = { cold nounwind "gc-leaf-function" }
;; attributes #2 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
