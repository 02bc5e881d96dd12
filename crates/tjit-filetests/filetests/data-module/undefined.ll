;! test = "data-module"
; Failure may indicate that functions which are never called must be defined, or that weak references are not null.

@handlers = global [2 x ptr] [ptr @missing, ptr @optional]

declare void @missing()
declare extern_weak void @optional()
declare void @not_even_used()

define void @f() {
  call void @missing()
  ret void
}

;; undefined missing
;; function f
;;
;; ; ModuleID = 'undefined (data)'
;; source_filename = "undefined"
;;
;; @handlers = dso_local global [2 x ptr] [ptr @missing, ptr null]
;;
;; declare void @missing()
