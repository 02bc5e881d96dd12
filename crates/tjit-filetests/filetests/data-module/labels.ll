;! test = "data-module"
; Failure may indicate that a label table is emitted as data, where its labels are those of no version.

@f.table = internal constant [2 x ptr] [ptr blockaddress(@f, %a), ptr blockaddress(@f, %b)]
@kept = internal global ptr null

define i32 @f(i64 %x) {
  %slot = getelementptr [2 x ptr], ptr @f.table, i64 0, i64 %x
  %label = load ptr, ptr %slot
  indirectbr ptr %label, [label %a, label %b]
a:
  ret i32 1
b:
  ret i32 2
}

define i32 @g(i64 %x) {
  store ptr blockaddress(@g, %a), ptr @kept
  %label = load ptr, ptr @kept
  indirectbr ptr %label, [label %a]
a:
  ret i32 1
}

;; function f
;; function g, pinned
;;
;; ; ModuleID = 'labels (data)'
;; source_filename = "labels"
;;
;; @kept.HASH = dso_local global ptr null
