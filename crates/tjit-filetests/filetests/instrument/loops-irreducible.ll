;! test = "instrument"
;! loops = 1024
; A cycle with two ways in, which is no loop to LLVM, and a block that nothing leads to.

define void @f(i1 %x, i1 %y, i1 %z) {
  br i1 %x, label %left, label %right
left:
  %l = phi i32 [ 0, %0 ], [ 1, %right ]
  br i1 %y, label %right, label %end
right:
  %r = phi i32 [ 2, %0 ], [ %l, %left ]
  br i1 %z, label %left, label %end
end:
  ret void
island:
  br label %island
}

;; f: 1 loops
;;
;; ; ModuleID = 'loops-irreducible'
;; source_filename = "loops-irreducible"
;;
;; define void @f(i1 %x, i1 %y, i1 %z) {
;;   %turns = alloca i32, align 4
;;   store i32 1024, ptr %turns, align 4
;;   br i1 %x, label %left, label %turn
;;
;; left:                                             ; preds = %right, %0
;;   %l = phi i32 [ 0, %0 ], [ 1, %right ]
;;   br i1 %y, label %turn, label %end
;;
;; turn:                                             ; preds = %0, %left
;;   %r = phi i32 [ 2, %0 ], [ %l, %left ]
;;   %turns.now = load i32, ptr %turns, align 4
;;   %turns.left = add i32 %turns.now, -1
;;   store i32 %turns.left, ptr %turns, align 4
;;   %turned1 = icmp sle i32 %turns.left, 0
;;   br i1 %turned1, label %turned, label %right, !prof !0
;;
;; right:                                            ; preds = %turned, %turn
;;   br i1 %z, label %left, label %end
;;
;; end:                                              ; preds = %right, %left
;;   ret void
;;
;; island:                                           ; preds = %island
;;   br label %island
;;
;; turned:                                           ; preds = %turn
;;   call void @optimize_loop(ptr @f, i32 0, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %right
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_loop(ptr, i32, i32) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
