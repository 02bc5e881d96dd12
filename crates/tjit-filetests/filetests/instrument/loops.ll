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
;;   br label %outer
;;
;; outer:                                            ; preds = %turned, %next, %entry
;;   %i.now = load i32, ptr %i, align 4
;;   %more = icmp slt i32 %i.now, %n
;;   br i1 %more, label %turn, label %turn6
;;
;; turn:                                             ; preds = %outer, %inner
;;   %j = phi i32 [ 0, %outer ], [ %j.next, %inner ]
;;   %turns.now2 = load i32, ptr %turns, align 4
;;   %turns.left3 = add i32 %turns.now2, -1
;;   store i32 %turns.left3, ptr %turns, align 4
;;   %turned4 = icmp sle i32 %turns.left3, 0
;;   br i1 %turned4, label %turned1, label %inner, !prof !0
;;
;; inner:                                            ; preds = %turned1, %turn
;;   %j.next = add i32 %j, 1
;;   %turn.inner = icmp slt i32 %j.next, %n
;;   br i1 %turn.inner, label %turn, label %next
;;
;; next:                                             ; preds = %inner
;;   %i.next = add i32 %i.now, 1
;;   store i32 %i.next, ptr %i, align 4
;;   %turns.now = load i32, ptr %turns, align 4
;;   %turns.left = add i32 %turns.now, -1
;;   store i32 %turns.left, ptr %turns, align 4
;;   %turns.on = icmp sgt i32 %turns.left, 0
;;   br i1 %turns.on, label %outer, label %turned, !prof !1
;;
;; turn6:                                            ; preds = %outer, %again
;;   %turns.now7 = load i32, ptr %turns, align 4
;;   %turns.left8 = add i32 %turns.now7, -1
;;   store i32 %turns.left8, ptr %turns, align 4
;;   %turned9 = icmp sle i32 %turns.left8, 0
;;   br i1 %turned9, label %turned5, label %again, !prof !0
;;
;; again:                                            ; preds = %turned5, %turn6
;;   %done = load volatile i1, ptr %data, align 1
;;   br i1 %done, label %end, label %turn6
;;
;; end:                                              ; preds = %again
;;   ret void
;;
;; turned:                                           ; preds = %next
;;   call void @optimize_loop(ptr @f, i32 0, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %outer
;;
;; turned1:                                          ; preds = %turn
;;   call void @optimize_loop(ptr @f, i32 1, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %inner
;;
;; turned5:                                          ; preds = %turn6
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
;; !1 = !{!"branch_weights", i32 1048575, i32 1}
