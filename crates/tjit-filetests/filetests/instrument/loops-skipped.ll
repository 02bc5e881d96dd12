;! test = "instrument"
;! loops = 1024
; Left as they are: an optnone function, a coroutine before it is split, and one with handlers of Windows.

declare void @g()
declare i32 @__CxxFrameHandler3(...)

define void @wish() noinline optnone {
entry:
  br label %entry.loop
entry.loop:
  br label %entry.loop
}

define void @coroutine() presplitcoroutine {
entry:
  br label %loop
loop:
  br label %loop
}

define void @windows() personality ptr @__CxxFrameHandler3 {
entry:
  br label %loop
loop:
  invoke void @g() to label %loop unwind label %dispatch
dispatch:
  %s = catchswitch within none [label %catch] unwind to caller
catch:
  %c = catchpad within %s [ptr null, i32 64, ptr null]
  catchret from %c to label %loop
}

;; g: skipped, declaration only
;; __CxxFrameHandler3: skipped, declaration only
;; wish: skipped, marked optnone
;; coroutine: skipped, coroutine that has not been split
;; windows: 0 loops
;;
;; ; ModuleID = 'loops-skipped'
;; source_filename = "loops-skipped"
;;
;; declare void @g()
;;
;; declare i32 @__CxxFrameHandler3(...)
;;
;; ; Function Attrs: noinline optnone
;; define void @wish() #0 {
;; entry:
;;   br label %entry.loop
;;
;; entry.loop:                                       ; preds = %entry.loop, %entry
;;   br label %entry.loop
;; }
;;
;; ; Function Attrs: presplitcoroutine
;; define void @coroutine() #1 {
;; entry:
;;   br label %loop
;;
;; loop:                                             ; preds = %loop, %entry
;;   br label %loop
;; }
;;
;; define void @windows() personality ptr @__CxxFrameHandler3 {
;; entry:
;;   br label %loop
;;
;; loop:                                             ; preds = %catch, %loop, %entry
;;   invoke void @g()
;;           to label %loop unwind label %dispatch
;;
;; dispatch:                                         ; preds = %loop
;;   %s = catchswitch within none [label %catch] unwind to caller
;;
;; catch:                                            ; preds = %dispatch
;;   %c = catchpad within %s [ptr null, i32 64, ptr null]
;;   catchret from %c to label %loop
;; }
;;
;; attributes #0 = { noinline optnone }
;; attributes #1 = { presplitcoroutine }
