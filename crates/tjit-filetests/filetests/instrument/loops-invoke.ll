;! test = "instrument"
;! loops = 1024
; The way back is the normal edge of an invoke, whose value the header gets. A loop that exceptions turn has no place to count.

declare i32 @next(i32)
declare i32 @__gxx_personality_v0(...)

define void @normal(i32 %n) personality ptr @__gxx_personality_v0 {
entry:
  br label %loop
loop:
  %i = phi i32 [ %n, %entry ], [ %j, %loop ]
  %j = invoke i32 @next(i32 %i) to label %loop unwind label %out
out:
  %e = landingpad { ptr, i32 } cleanup
  ret void
}

define void @exceptional(i32 %n) personality ptr @__gxx_personality_v0 {
entry:
  %first = invoke i32 @next(i32 %n) to label %done unwind label %handler
handler:
  %e = landingpad { ptr, i32 } catch ptr null
  %again = invoke i32 @next(i32 %n) to label %done unwind label %handler
done:
  ret void
}

;; next: skipped, declaration only
;; __gxx_personality_v0: skipped, declaration only
;; normal: 1 loops
;; exceptional: 0 loops
;;
;; ; ModuleID = 'loops-invoke'
;; source_filename = "loops-invoke"
;;
;; declare i32 @next(i32)
;;
;; declare i32 @__gxx_personality_v0(...)
;;
;; define void @normal(i32 %n) personality ptr @__gxx_personality_v0 {
;; entry:
;;   %turns = alloca i32, align 4
;;   store i32 1024, ptr %turns, align 4
;;   br label %turn
;;
;; turn:                                             ; preds = %entry, %loop
;;   %i = phi i32 [ %n, %entry ], [ %j, %loop ]
;;   %turns.now = load i32, ptr %turns, align 4
;;   %turns.left = add i32 %turns.now, -1
;;   store i32 %turns.left, ptr %turns, align 4
;;   %turned1 = icmp sle i32 %turns.left, 0
;;   br i1 %turned1, label %turned, label %loop, !prof !0
;;
;; loop:                                             ; preds = %turned, %turn
;;   %j = invoke i32 @next(i32 %i)
;;           to label %turn unwind label %out
;;
;; out:                                              ; preds = %loop
;;   %e = landingpad { ptr, i32 }
;;           cleanup
;;   ret void
;;
;; turned:                                           ; preds = %turn
;;   call void @optimize_loop(ptr @normal, i32 0, i32 1024) #1
;;   store i32 1024, ptr %turns, align 4
;;   br label %loop
;; }
;;
;; define void @exceptional(i32 %n) personality ptr @__gxx_personality_v0 {
;; entry:
;;   %first = invoke i32 @next(i32 %n)
;;           to label %done unwind label %handler
;;
;; handler:                                          ; preds = %handler, %entry
;;   %e = landingpad { ptr, i32 }
;;           catch ptr null
;;   %again = invoke i32 @next(i32 %n)
;;           to label %done unwind label %handler
;;
;; done:                                             ; preds = %handler, %entry
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
