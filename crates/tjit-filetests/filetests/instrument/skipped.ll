;! test = "instrument"
; Every reason to leave a function alone.

declare void @declared()

define available_externally void @copy() {
  ret void
}

define void @bare() naked {
  call void asm sideeffect "ret", ""()
  unreachable
}

define void @unoptimised() noinline optnone {
  ret void
}

define void @coroutine() presplitcoroutine {
  ret void
}

define x86_intrcc void @handler(ptr byval(i64) %frame) {
  ret void
}

define void @asked() "tjit-no-counter" {
  ret void
}

define void @optimize_function(ptr %stub) {
  ret void
}

;; declared: skipped, declaration only
;; copy: skipped, body is available_externally
;; bare: skipped, naked function
;; unoptimised: skipped, marked optnone
;; coroutine: skipped, coroutine that has not been split
;; handler: skipped, interrupt handler
;; asked: skipped, marked tjit-no-counter
;; optimize_function: skipped, is the trip function
;;
;; ; ModuleID = 'skipped'
;; source_filename = "skipped"
;;
;; declare void @declared()
;;
;; define available_externally void @copy() {
;;   ret void
;; }
;;
;; ; Function Attrs: naked
;; define void @bare() #0 {
;;   call void asm sideeffect "ret", ""()
;;   unreachable
;; }
;;
;; ; Function Attrs: noinline optnone
;; define void @unoptimised() #1 {
;;   ret void
;; }
;;
;; ; Function Attrs: presplitcoroutine
;; define void @coroutine() #2 {
;;   ret void
;; }
;;
;; define x86_intrcc void @handler(ptr byval(i64) %frame) {
;;   ret void
;; }
;;
;; define void @asked() #3 {
;;   ret void
;; }
;;
;; define void @optimize_function(ptr %stub) {
;;   ret void
;; }
;;
;; attributes #0 = { naked }
;; attributes #1 = { noinline optnone }
;; attributes #2 = { presplitcoroutine }
;; attributes #3 = { "tjit-no-counter" }
