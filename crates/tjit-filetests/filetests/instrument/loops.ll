;! test = "instrument"
;! loops = 1024
; A loop as clang writes it, one in it, and one behind whose only way back is conditional. The counter's slot is in front of
; the others, and loops are numbered in the order of their headers.

define void @f(ptr %data, i32 %n) {
entry:
  %i = alloca i32, align 4
  store i32 0, ptr %i, align 4
  br label %outer
outer:
  %i.now = load i32, ptr %i, align 4
  %more = icmp slt i32 %i.now, %n
  br i1 %more, label %inner, label %again
inner:
  %j = phi i32 [ 0, %outer ], [ %j.next, %inner ]
  %j.next = add i32 %j, 1
  %turn.inner = icmp slt i32 %j.next, %n
  br i1 %turn.inner, label %inner, label %next
next:
  %i.next = add i32 %i.now, 1
  store i32 %i.next, ptr %i, align 4
  br label %outer
again:
  %done = load volatile i1, ptr %data
  br i1 %done, label %end, label %again
end:
  ret void
}

define void @no_loop(i1 %x) {
  br i1 %x, label %a, label %b
a:
  br label %b
b:
  ret void
}

;; f: 3 loops
;; no_loop: 0 loops
;;
;; ; ModuleID = 'loops'
;; source_filename = "loops"
;;
;; define void @f(ptr %data, i32 %n) {
;; entry:
;;   %turns = alloca i32, align 4
;;   store i32 1024, ptr %turns, align 4
;;   %i = alloca i32, align 4
;;   store i32 0, ptr %i, align 4
;;   br label %turn
;;
;; turn:                                             ; preds = %entry, %next
;;   %turns.now = load i32, ptr %turns, align 4
;;   %turns.left = add i32 %turns.now, -1
;;   store i32 %turns.left, ptr %turns, align 4
;;   %turned1 = icmp sle i32 %turns.left, 0
;;   br i1 %turned1, label %turned, label %outer, !prof !0
;;
;; outer:                                            ; preds = %turned, %turn
;;   %i.now = load i32, ptr %i, align 4
;;   %more = icmp slt i32 %i.now, %n
;;   br i1 %more, label %turn3, label %turn8
;;
;; turn3:                                            ; preds = %outer, %inner
;;   %j = phi i32 [ 0, %outer ], [ %j.next, %inner ]
;;   %turns.now4 = load i32, ptr %turns, align 4
;;   %turns.left5 = add i32 %turns.now4, -1
;;   store i32 %turns.left5, ptr %turns, align 4
;;   %turned6 = icmp sle i32 %turns.left5, 0
;;   br i1 %turned6, label %turned2, label %inner, !prof !0
;;
;; inner:                                            ; preds = %turned2, %turn3
;;   %j.next = add i32 %j, 1
;;   %turn.inner = icmp slt i32 %j.next, %n
;;   br i1 %turn.inner, label %turn3, label %next
;;
;; next:                                             ; preds = %inner
;;   %i.next = add i32 %i.now, 1
;;   store i32 %i.next, ptr %i, align 4
;;   br label %turn
;;
;; turn8:                                            ; preds = %outer, %again
;;   %turns.now9 = load i32, ptr %turns, align 4
;;   %turns.left10 = add i32 %turns.now9, -1
;;   store i32 %turns.left10, ptr %turns, align 4
;;   %turned11 = icmp sle i32 %turns.left10, 0
;;   br i1 %turned11, label %turned7, label %again, !prof !0
;;
;; again:                                            ; preds = %turned7, %turn8
;;   %done = load volatile i1, ptr %data, align 1
;;   br i1 %done, label %end, label %turn8
;;
;; end:                                              ; preds = %again
;;   ret void
;;
;; turned:                                           ; preds = %turn
;;   call void @optimize_loop(ptr @f, i32 0, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %outer
;;
;; turned2:                                          ; preds = %turn3
;;   call void @optimize_loop(ptr @f, i32 1, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %inner
;;
;; turned7:                                          ; preds = %turn8
;;   call void @optimize_loop(ptr @f, i32 2, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %again
;; }
;;
;; define void @no_loop(i1 %x) {
;;   br i1 %x, label %a, label %b
;;
;; a:                                                ; preds = %0
;;   br label %b
;;
;; b:                                                ; preds = %a, %0
;;   ret void
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_loop(ptr, i32, i32) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
