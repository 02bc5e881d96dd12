;! test = "specialize"
;! [[functions]]
;! name = "here"
;! values = [{ index = 0, int = 4 }]
; A body that hands out the address of a label of its own and never jumps there. Failure may indicate that a label is named
; whose function it is not in.

@place = global ptr null

define i64 @here(i64 %x) {
  br label %here

here:
  store ptr blockaddress(@here, %here), ptr @place
  %y = add i64 %x, 1
  ret i64 %y
}

;; ; ModuleID = 'own-label'
;; source_filename = "own-label"
;;
;; @place = global ptr null
;;
;; define i64 @here(i64 %x) {
;;   %1 = freeze i64 %x
;;   %2 = icmp eq i64 %1, 4
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call i64 @here.special(i64 %x)
;;   ret i64 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call i64 @here.general(i64 %x)
;;   ret i64 %5
;; }
;;
;; define internal i64 @here.general(i64 %x) {
;;   br label %here
;;
;; here:                                             ; preds = %0
;;   store ptr blockaddress(@here.general, %here), ptr @place, align 8
;;   %y = add i64 %x, 1
;;   ret i64 %y
;; }
;;
;; define internal i64 @here.special(i64 %x) {
;;   br label %here
;;
;; here:                                             ; preds = %0
;;   store ptr blockaddress(@here.special, %here), ptr @place, align 8
;;   %y = add i64 4, 1
;;   ret i64 %y
;; }
