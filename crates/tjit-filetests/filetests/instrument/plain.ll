;! test = "instrument"
; A function of clang -O0 form: the alloca and the argument store stay in front of the counter, the rest behind it.

define i32 @f_baseline(i32 %x) {
entry:
  %x.addr = alloca i32, align 4
  store i32 %x, ptr %x.addr, align 4
  %v = load i32, ptr %x.addr, align 4
  %r = add nsw i32 %v, 1
  ret i32 %r
}

declare i32 @f(i32)

;; f_baseline: counter f.tjit.calls
;; f: skipped, declaration only
;;
;; ; ModuleID = 'plain'
;; source_filename = "plain"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; define i32 @f_baseline(i32 %x) {
;; entry:
;;   %x.addr = alloca i32, align 4
;;   store i32 %x, ptr %x.addr, align 4
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %v = load i32, ptr %x.addr, align 4
;;   %r = add nsw i32 %v, 1
;;   ret i32 %r
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #1
;;   br label %old_entry
;; }
;;
;; declare i32 @f(i32)
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
