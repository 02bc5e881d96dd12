;! test = "promote"
; Failure may indicate that two functions are taken for one.

define void @f() {
  ret void
}

define void @"\01f"() {
  ret void
}

;; error: linking `clash`: symbol `\u{1}f`: another symbol of the module differs from it by the `\01` escape only
