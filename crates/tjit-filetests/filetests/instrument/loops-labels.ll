;! test = "instrument"
;! loops = 1024
; A loop through an indirect branch: the label of its header is that of the block where turns are counted.

@table = internal constant [2 x ptr] [ptr blockaddress(@f, %op), ptr blockaddress(@f, %end)]

define void @f(i64 %x) {
entry:
  br label %op
op:
  %i = phi i64 [ %x, %entry ], [ %next, %op ]
  %next = lshr i64 %i, 1
  %bit = and i64 %i, 1
  %slot = getelementptr ptr, ptr @table, i64 %bit
  %target = load ptr, ptr %slot
  indirectbr ptr %target, [label %op, label %end]
end:
  ret void
}

;; f: 1 loops
;;
;; ; ModuleID = 'loops-labels'
;; source_filename = "loops-labels"
;;
;; @table = internal constant [2 x ptr] [ptr blockaddress(@f, %turn), ptr blockaddress(@f, %end)]
;;
;; define void @f(i64 %x) {
;; entry:
;;   %turns = alloca i32, align 4
;;   store i32 1024, ptr %turns, align 4
;;   br label %turn
;;
;; turn:                                             ; preds = %entry, %op
;;   %i = phi i64 [ %x, %entry ], [ %next, %op ]
;;   %turns.now = load i32, ptr %turns, align 4
;;   %turns.left = add i32 %turns.now, -1
;;   store i32 %turns.left, ptr %turns, align 4
;;   %turned1 = icmp sle i32 %turns.left, 0
;;   br i1 %turned1, label %turned, label %op, !prof !0
;;
;; op:                                               ; preds = %turned, %turn
;;   %next = lshr i64 %i, 1
;;   %bit = and i64 %i, 1
;;   %slot = getelementptr ptr, ptr @table, i64 %bit
;;   %target = load ptr, ptr %slot, align 8
;;   indirectbr ptr %target, [label %turn, label %end]
;;
;; end:                                              ; preds = %op
;;   ret void
;;
;; turned:                                           ; preds = %turn
;;   call void @optimize_loop(ptr @f, i32 0, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %op
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_loop(ptr, i32, i32) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
