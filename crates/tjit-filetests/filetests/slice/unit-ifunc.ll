;! test = "slice"
;! unit = "f"
; Failure may indicate that what a resolver chooses is inlined, or that calls of an ifunc don't go to its stub.

@chosen = ifunc i32 (i32), ptr @resolver
@also = alias i32 (i32), ptr @chosen

define i32 @f(i32 %x) {
  %y = call i32 @chosen(i32 %x)
  %z = call i32 @also(i32 %y)
  ret i32 %z
}

define internal ptr @resolver() {
  ret ptr @one
}

define internal i32 @one(i32 %x) {
  ret i32 1
}

;; ; ModuleID = 'f_optimized'
;; source_filename = "unit-ifunc"
;;
;; define dso_local i32 @f_optimized(i32 %x) {
;;   %y = call i32 @chosen(i32 %x)
;;   %z = call i32 @chosen(i32 %y)
;;   ret i32 %z
;; }
;;
;; declare i32 @chosen(i32)
