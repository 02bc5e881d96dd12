;! test = "specialize"
;! [[functions]]
;! name = "labels"
;! assumed = true
;! values = [{ index = 0, int = 1 }]
;! [[functions]]
;! name = "variable"
;! assumed = true
;! values = [{ index = 0, variable = "table" }]
; Without a comparison there is one body, which may do what only one body can.

@table = external constant [2 x i32]

define i32 @labels(i64 %n) {
  %at = getelementptr [2 x ptr], ptr @targets, i64 0, i64 %n
  %to = load ptr, ptr %at
  indirectbr ptr %to, [label %a, label %b]
a:
  ret i32 1
b:
  ret i32 2
}
@targets = private constant [2 x ptr] [ptr blockaddress(@labels, %a), ptr blockaddress(@labels, %b)]

define i32 @variable(ptr %p) {
  %v = load i32, ptr %p
  ret i32 %v
}

;; ; ModuleID = 'assumed'
;; source_filename = "assumed"
;;
;; @table = external constant [2 x i32]
;; @targets = private constant [2 x ptr] [ptr blockaddress(@labels, %a), ptr blockaddress(@labels, %b)]
;;
;; define i32 @labels(i64 %n) {
;;   %at = getelementptr [2 x ptr], ptr @targets, i64 0, i64 1
;;   %to = load ptr, ptr %at, align 8
;;   indirectbr ptr %to, [label %a, label %b]
;;
;; a:                                                ; preds = %0
;;   ret i32 1
;;
;; b:                                                ; preds = %0
;;   ret i32 2
;; }
;;
;; define i32 @variable(ptr %p) {
;;   %v = load i32, ptr @table, align 4
;;   ret i32 %v
;; }
