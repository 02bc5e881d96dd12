;! test = "instrument"
; Names that mean something else are errors, and the function stays as it is.

@counted.tjit.calls = global i64 7
@variable = global i32 0
@alias = alias void (), ptr @counted

define void @counted() {
  ret void
}

define void @variable_baseline() {
  ret void
}

define void @alias_baseline() {
  ret void
}

;; counted: error: instrumenting `counted`: `counted.tjit.calls` is already taken in this module
;; variable_baseline: error: instrumenting `variable_baseline`: `variable` is not a function in this module
;; alias_baseline: error: instrumenting `alias_baseline`: `alias` is not a function in this module
;;
;; ; ModuleID = 'names-taken'
;; source_filename = "names-taken"
;;
;; @counted.tjit.calls = global i64 7
;; @variable = global i32 0
;;
;; @alias = alias void (), ptr @counted
;;
;; define void @counted() {
;;   ret void
;; }
;;
;; define void @variable_baseline() {
;;   ret void
;; }
;;
;; define void @alias_baseline() {
;;   ret void
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #0
;;
;; declare void @alias.1()
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
