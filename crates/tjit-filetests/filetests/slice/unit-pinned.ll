;! test = "slice"
;! unit = "f"
; Failure may indicate that a label that was kept by one version is jumped to by another.

@kept = internal global ptr null

define i32 @f() {
  %label = load ptr, ptr @kept
  store ptr blockaddress(@f, %a), ptr @kept
  indirectbr ptr %label, [label %a]
a:
  ret i32 1
}

;; error: can't link `f`: addresses of its labels may outlive a call, so it can't have a second version
