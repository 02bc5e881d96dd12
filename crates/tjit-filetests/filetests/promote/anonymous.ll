;! test = "promote"
;! others = ['''
;! define internal i32 @_ZN12_GLOBAL__N_16helperEv() {
;!   ret i32 2
;! }
;! define i32 @other() {
;!   %x = call i32 @_ZN12_GLOBAL__N_16helperEv()
;!   ret i32 %x
;! }
;! ''']
; Failure may indicate that functions of one name in two files are taken for one. The hashes, left out here, tell them apart.

define internal i32 @_ZN12_GLOBAL__N_16helperEv() {
  ret i32 1
}

define i32 @one() {
  %x = call i32 @_ZN12_GLOBAL__N_16helperEv()
  ret i32 %x
}

;; (anonymous namespace)::helper(): _ZN12_GLOBAL__N_16helperEv.HASH
;; one: one
;; (anonymous namespace)::helper(): _ZN12_GLOBAL__N_16helperEv.HASH
;; other: other
