;! test = "instrument"
;! loops = 1024
; The way back is a switch, twice from the same block, whose phi entries stay as they are.

define void @f(i8 %x) {
entry:
  br label %state
state:
  %s = phi i8 [ %x, %entry ], [ %t, %state ], [ %t, %state ], [ 9, %other ]
  %t = add i8 %s, 1
  switch i8 %t, label %other [
    i8 1, label %state
    i8 2, label %state
    i8 3, label %end
  ]
other:
  br label %state
end:
  ret void
}

;; f: 1 loops
;;
;; ; ModuleID = 'loops-switch'
;; source_filename = "loops-switch"
;;
;; define void @f(i8 %x) {
;; entry:
;;   %turns = alloca i32, align 4
;;   store i32 1024, ptr %turns, align 4
;;   br label %turn
;;
;; turn:                                             ; preds = %entry, %state, %state, %other
;;   %s = phi i8 [ %x, %entry ], [ %t, %state ], [ %t, %state ], [ 9, %other ]
;;   %turns.now = load i32, ptr %turns, align 4
;;   %turns.left = add i32 %turns.now, -1
;;   store i32 %turns.left, ptr %turns, align 4
;;   %turned1 = icmp sle i32 %turns.left, 0
;;   br i1 %turned1, label %turned, label %state, !prof !0
;;
;; state:                                            ; preds = %turned, %turn
;;   %t = add i8 %s, 1
;;   switch i8 %t, label %other [
;;     i8 1, label %turn
;;     i8 2, label %turn
;;     i8 3, label %end
;;   ]
;;
;; other:                                            ; preds = %state
;;   br label %turn
;;
;; end:                                              ; preds = %state
;;   ret void
;;
;; turned:                                           ; preds = %turn
;;   call void @optimize_loop(ptr @f, i32 0, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %state
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_loop(ptr, i32, i32) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
