;! test = "data-module"
; Failure may indicate that labels that other functions know are in a body that has versions.

@labels = constant [2 x ptr] [ptr blockaddress(@f, %a), ptr blockaddress(@h, %a)]

define i32 @f(ptr %label, ...) {
  indirectbr ptr %label, [label %a, label %b]
a:
  ret i32 1
b:
  ret i32 2
}

define internal i32 @h(ptr %label) {
  indirectbr ptr %label, [label %a]
a:
  ret i32 3
}

define ptr @copied(i1 %x) {
  br i1 %x, label %then, label %end
then:
  br label %end
end:
  %label = phi ptr [ blockaddress(@f, %a), %then ], [ blockaddress(@f, %b), %0 ]
  ret ptr %label
}

;; function f
;; function h.HASH
;; function copied
;;
;; ; ModuleID = 'shared-labels (data)'
;; source_filename = "shared-labels"
;;
;; @labels = dso_local constant [2 x ptr] [ptr blockaddress(@f.fixed.HASH, %a), ptr blockaddress(@h.HASH.fixed.HASH, %a)]
;; @f.fixed.HASH.label = dso_local constant ptr blockaddress(@f.fixed.HASH, %a)
;; @f.fixed.HASH.label.1 = dso_local constant ptr blockaddress(@f.fixed.HASH, %b)
;;
;; ; Function Attrs: noinline
;; define dso_local i32 @f.fixed.HASH(ptr %label, ...) #0 {
;;   indirectbr ptr %label, [label %a, label %b]
;;
;; a:                                                ; preds = %0
;;   ret i32 1
;;
;; b:                                                ; preds = %0
;;   ret i32 2
;; }
;;
;; ; Function Attrs: noinline
;; define dso_local i32 @h.HASH.fixed.HASH(ptr %label) #0 {
;;   indirectbr ptr %label, [label %a]
;;
;; a:                                                ; preds = %0
;;   ret i32 3
;; }
;;
;; attributes #0 = { noinline "tjit-fixed" }
;;
;; !llvm.dbg.cu = !{}
