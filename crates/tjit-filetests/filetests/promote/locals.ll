;! test = "promote"
; Failure may indicate that locals of two modules can meet, or that their names are not stable.

define internal void @helper() {
  ret void
}

define private void @"\01escaped"() {
  ret void
}

define internal void @_ZN12_GLOBAL__N_16helperEv() {
  ret void
}

define internal void @0() {
  ret void
}

define void @external() {
  ret void
}

define void @"\01plain"() {
  ret void
}

;; helper: helper.HASH
;; escaped: escaped.HASH
;; (anonymous namespace)::helper(): _ZN12_GLOBAL__N_16helperEv.HASH
;; unnamed.0: unnamed.0.HASH
;; external: external
;; plain: plain
