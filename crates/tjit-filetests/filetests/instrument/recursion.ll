;! test = "instrument"
; Calls inside the body are not touched: what the slice made of a recursive call (here the stub) stays.
; Failure may indicate that a hot recursive function never reaches its new version.

define i32 @fib_baseline(i32 %n) {
  %small = icmp slt i32 %n, 2
  br i1 %small, label %done, label %more
more:
  %n1 = sub i32 %n, 1
  %a = call i32 @fib(i32 %n1)
  %n2 = sub i32 %n, 2
  %b = call i32 @fib(i32 %n2)
  %sum = add i32 %a, %b
  br label %done
done:
  %r = phi i32 [ %n, %0 ], [ %sum, %more ]
  ret i32 %r
}

declare i32 @fib(i32)

;; fib_baseline: counter fib.tjit.calls
;; fib: skipped, declaration only
;;
;; ; ModuleID = 'recursion'
;; source_filename = "recursion"
;;
;; @fib.tjit.calls = hidden global i64 1000, align 8
;;
;; define i32 @fib_baseline(i32 %n) {
;; entry:
;;   %calls = load atomic i64, ptr @fib.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @fib.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %small = icmp slt i32 %n, 2
;;   br i1 %small, label %done, label %more
;;
;; more:                                             ; preds = %old_entry
;;   %n1 = sub i32 %n, 1
;;   %a = call i32 @fib(i32 %n1)
;;   %n2 = sub i32 %n, 2
;;   %b = call i32 @fib(i32 %n2)
;;   %sum = add i32 %a, %b
;;   br label %done
;;
;; done:                                             ; preds = %more, %old_entry
;;   %r = phi i32 [ %n, %old_entry ], [ %sum, %more ]
;;   ret i32 %r
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @fib) #1
;;   br label %old_entry
;; }
;;
;; declare i32 @fib(i32)
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
