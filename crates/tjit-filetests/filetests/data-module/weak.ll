;! test = "data-module"
;! others = ['''
;! @variable = global i32 2
;! @first = weak global i32 20
;! define i32 @function() {
;!   ret i32 2
;! }
;! define weak i32 @chosen() {
;!   ret i32 20
;! }
;! ''']
; Failure may indicate that a weak definition stands where a strong one should, or that one of two weak ones is not the first.

@variable = weak global i32 1
@first = weak global i32 10
@absent = extern_weak global i32
@table = global [3 x ptr] [ptr @function, ptr @chosen, ptr @absent]

define weak i32 @function() {
  %x = load i32, ptr @variable
  ret i32 %x
}

define weak i32 @chosen() {
  ret i32 10
}

;; function chosen
;; function function
;;
;; ; ModuleID = 'weak (data)'
;; source_filename = "weak"
;;
;; @first = dso_local global i32 10
;; @table = dso_local global [3 x ptr] [ptr @function, ptr @chosen, ptr null]
;;
;; declare i32 @function()
;;
;; declare i32 @chosen()
;;
;; ; ModuleID = 'other (data)'
;; source_filename = "other"
;;
;; @variable = dso_local global i32 2
