;! test = "slice"
;! unit = "f"
; Failure may indicate that a version jumps to the labels of another.

@f.table = internal constant [2 x i32] [i32 0, i32 trunc (i64 sub (i64 ptrtoint (ptr blockaddress(@f, %b) to i64), i64 ptrtoint (ptr blockaddress(@f, %a) to i64)) to i32)]

define i32 @f(i64 %x) {
  %slot = getelementptr [2 x i32], ptr @f.table, i64 0, i64 %x
  %offset = load i32, ptr %slot
  %label = getelementptr i8, ptr blockaddress(@f, %a), i32 %offset
  indirectbr ptr %label, [label %a, label %b]
a:
  ret i32 1
b:
  ret i32 2
}

;; ; ModuleID = 'f_optimized'
;; source_filename = "unit-labels"
;;
;; @f.table.HASH = private constant [2 x i32] [i32 0, i32 trunc (i64 sub (i64 ptrtoint (ptr blockaddress(@f_optimized, %b) to i64), i64 ptrtoint (ptr blockaddress(@f_optimized, %a) to i64)) to i32)]
;;
;; define dso_local i32 @f_optimized(i64 %x) {
;;   %slot = getelementptr [2 x i32], ptr @f.table.HASH, i64 0, i64 %x
;;   %offset = load i32, ptr %slot, align 4
;;   %label = getelementptr i8, ptr blockaddress(@f_optimized, %a), i32 %offset
;;   indirectbr ptr %label, [label %a, label %b]
;;
;; a:                                                ; preds = %0
;;   ret i32 1
;;
;; b:                                                ; preds = %0
;;   ret i32 2
;; }
