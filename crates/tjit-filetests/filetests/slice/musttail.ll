;! test = "slice"
;! baseline = ["even", "odd"]
; Failure may indicate that a call that must be a tail call no longer is one, or that it is of a body and misses later versions.

define i32 @even(i32 %n, ptr byval([3 x i64]) %by) {
  %done = icmp eq i32 %n, 0
  br i1 %done, label %yes, label %more
more:
  %less = sub i32 %n, 1
  %r = musttail call i32 @odd(i32 %less, ptr byval([3 x i64]) %by)
  ret i32 %r
yes:
  ret i32 1
}

define i32 @odd(i32 %n, ptr byval([3 x i64]) %by) {
  %next = load ptr, ptr @table
  %r = musttail call i32 %next(i32 %n, ptr byval([3 x i64]) %by)
  ret i32 %r
}

@table = internal constant [1 x ptr] [ptr @even]

;; ; ModuleID = 'even_baseline'
;; source_filename = "musttail"
;;
;; @table.HASH = external constant [1 x ptr]
;;
;; define dso_local i32 @even_baseline(i32 %n, ptr byval([3 x i64]) %by) {
;;   %done = icmp eq i32 %n, 0
;;   br i1 %done, label %yes, label %more
;;
;; more:                                             ; preds = %0
;;   %less = sub i32 %n, 1
;;   %r = musttail call i32 @odd(i32 %less, ptr byval([3 x i64]) %by)
;;   ret i32 %r
;;
;; yes:                                              ; preds = %0
;;   ret i32 1
;; }
;;
;; define dso_local i32 @odd_baseline(i32 %n, ptr byval([3 x i64]) %by) {
;;   %next = load ptr, ptr @table.HASH, align 8
;;   %r = musttail call i32 %next(i32 %n, ptr byval([3 x i64]) %by)
;;   ret i32 %r
;; }
;;
;; declare i32 @odd(i32, ptr byval([3 x i64]))
;;
;; !llvm.dbg.cu = !{}
