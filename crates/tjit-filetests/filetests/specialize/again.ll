;! test = "specialize"
;! [[functions]]
;! name = "power"
;! values = [{ name = "n", int = 2 }]
;! [[functions]]
;! name = "power"
;! values = [{ name = "n", int = 3 }]
; A function specialised for one value, and then for another. Failure may indicate that the second forgets the first.

define i32 @power(i32 %x, i32 %n) {
  %end = icmp eq i32 %n, 0
  br i1 %end, label %one, label %more
one:
  ret i32 1
more:
  %less = sub i32 %n, 1
  %rest = call i32 @power(i32 %x, i32 %less)
  %r = mul i32 %x, %rest
  ret i32 %r
}

;; ; ModuleID = 'again'
;; source_filename = "again"
;;
;; define i32 @power(i32 %x, i32 %n) {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 3
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call i32 @power.special.4(i32 %x, i32 %n)
;;   ret i32 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call i32 @power.general.2(i32 %x, i32 %n)
;;   ret i32 %5
;; }
;;
;; define internal i32 @power.general.2(i32 %x, i32 %n) {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 2
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call i32 @power.special(i32 %x, i32 %n)
;;   ret i32 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call i32 @power.general(i32 %x, i32 %n)
;;   ret i32 %5
;; }
;;
;; define internal i32 @power.general(i32 %x, i32 %n) {
;;   %end = icmp eq i32 %n, 0
;;   br i1 %end, label %one, label %more
;;
;; one:                                              ; preds = %0
;;   ret i32 1
;;
;; more:                                             ; preds = %0
;;   %less = sub i32 %n, 1
;;   %rest = call i32 @power(i32 %x, i32 %less)
;;   %r = mul i32 %x, %rest
;;   ret i32 %r
;; }
;;
;; define internal i32 @power.special(i32 %x, i32 %n) {
;;   %end = icmp eq i32 2, 0
;;   br i1 %end, label %one, label %more
;;
;; one:                                              ; preds = %0
;;   ret i32 1
;;
;; more:                                             ; preds = %0
;;   %less = sub i32 2, 1
;;   %rest = call i32 @power(i32 %x, i32 %less)
;;   %r = mul i32 %x, %rest
;;   ret i32 %r
;; }
;;
;; define internal i32 @power.special.4(i32 %x, i32 %n) {
;;   %1 = freeze i32 3
;;   %2 = icmp eq i32 %1, 2
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call i32 @power.special(i32 %x, i32 3)
;;   ret i32 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call i32 @power.general(i32 %x, i32 3)
;;   ret i32 %5
;; }
