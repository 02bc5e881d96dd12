;! test = "shadow"
; What returns nothing, returns through a pointer or takes arguments that can't be passed on twice is refused with the reason.
; Failure may indicate that a variadic function is called without its arguments.

define void @nothing() {
  ret void
}

define void @through_a_pointer(ptr sret(i64) %result) {
  ret void
}

define i32 @variadic(i32 %x, ...) {
  ret i32 %x
}

define <vscale x 4 x i32> @scalable(<vscale x 4 x i32> %x) {
  ret <vscale x 4 x i32> %x
}

@taken_shadow = global i64 0
define i32 @taken(i32 %x) {
  ret i32 %x
}

;; nothing: error: `nothing` returns nothing that could be compared
;; through_a_pointer: error: `through_a_pointer` returns nothing that could be compared
;; variadic: error: `variadic` is variadic, and such arguments can't be passed on twice
;; scalable: error: `scalable` returns a value of a type that can't be compared: <vscale x 4 x i32>
;; taken: error: comparing `taken`: `taken_shadow` is already taken in this module
;;
;; ; ModuleID = 'refused'
;; source_filename = "refused"
;;
;; @taken_shadow = global i64 0
;;
;; define void @nothing() {
;;   ret void
;; }
;;
;; define void @through_a_pointer(ptr sret(i64) %result) {
;;   ret void
;; }
;;
;; define i32 @variadic(i32 %x, ...) {
;;   ret i32 %x
;; }
;;
;; define <vscale x 4 x i32> @scalable(<vscale x 4 x i32> %x) {
;;   ret <vscale x 4 x i32> %x
;; }
;;
;; define i32 @taken(i32 %x) {
;;   ret i32 %x
;; }
