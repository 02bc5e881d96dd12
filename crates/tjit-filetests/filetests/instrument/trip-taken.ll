;! test = "instrument"
; A program with a function of the trip function's name and another type.

declare i32 @optimize_function(i32)

define void @f() {
  ret void
}

;; optimize_function: skipped, declaration only
;; f: error: instrumenting `f`: `optimize_function` is not a function of the runtime's type in this module
;;
;; ; ModuleID = 'trip-taken'
;; source_filename = "trip-taken"
;;
;; declare i32 @optimize_function(i32)
;;
;; define void @f() {
;;   ret void
;; }
