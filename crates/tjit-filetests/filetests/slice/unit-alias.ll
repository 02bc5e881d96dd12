;! test = "slice"
;! unit = "f"
; Failure may indicate that calls under another name are not inlined.

@other = alias i32 (i32), ptr @callee
@self = alias i32 (i32), ptr @f

define i32 @f(i32 %x) {
  %y = call i32 @other(i32 %x)
  %z = call i32 @self(i32 %y)
  ret i32 %z
}

define i32 @callee(i32 %x) {
  %y = add i32 %x, 1
  ret i32 %y
}

;; ; ModuleID = 'f_optimized'
;; source_filename = "unit-alias"
;;
;; define dso_local i32 @f_optimized(i32 %x) {
;;   %y = call i32 @callee(i32 %x)
;;   %z = call i32 @f_optimized(i32 %y)
;;   ret i32 %z
;; }
;;
;; define available_externally i32 @callee(i32 %x) {
;;   %y = add i32 %x, 1
;;   ret i32 %y
;; }
;;
;; declare i32 @f(i32)
