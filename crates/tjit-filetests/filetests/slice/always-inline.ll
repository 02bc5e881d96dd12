;! test = "slice"
;! baseline = ["f"]
; Failure may indicate that functions that must be inlined are called instead.

define i32 @f(i32 %x) {
  %y = call i32 @outer(i32 %x)
  ret i32 %y
}

define internal i32 @outer(i32 %x) alwaysinline {
  %y = call i32 @inner(i32 %x)
  ret i32 %y
}

define available_externally i32 @inner(i32 %x) alwaysinline {
  ret i32 %x
}

;; ; ModuleID = 'f_baseline'
;; source_filename = "always-inline"
;;
;; define dso_local i32 @f_baseline(i32 %x) {
;;   %y = call i32 @outer.HASH(i32 %x)
;;   ret i32 %y
;; }
;;
;; ; Function Attrs: alwaysinline
;; define available_externally i32 @outer.HASH(i32 %x) #0 {
;;   %y = call i32 @inner(i32 %x)
;;   ret i32 %y
;; }
;;
;; ; Function Attrs: alwaysinline
;; define available_externally i32 @inner(i32 %x) #0 {
;;   ret i32 %x
;; }
;;
;; attributes #0 = { alwaysinline }
;;
;; !llvm.dbg.cu = !{}
