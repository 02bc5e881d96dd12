;! test = "slice"
;! unit = "f"
; Failure may indicate that the optimiser sees too little of the program, or that state is copied.

@state = internal global i32 0
@limit = internal constant i32 7
@name = private unnamed_addr constant [2 x i8] c"f\00"
@names = constant [1 x ptr] [ptr @name]

define linkonce_odr i32 @f(ptr %self, i32 %n) {
  %limit = load i32, ptr @limit
  %name = load ptr, ptr @names
  %small = call i32 @small(i32 %limit)
  %kept = call i32 @kept(i32 %small)
  %again = call i32 @f(ptr @f, i32 %kept)
  ret i32 %again
}

define internal i32 @small(i32 %x) {
  store i32 %x, ptr @state
  ret i32 %x
}

define i32 @kept(i32 %x) noinline {
  ret i32 %x
}

;; ; ModuleID = 'f_optimized'
;; source_filename = "unit"
;;
;; @limit.HASH = available_externally constant i32 7
;; @names = available_externally constant [1 x ptr] [ptr @name.HASH]
;; @name.HASH = available_externally unnamed_addr constant [2 x i8] c"f\00"
;; @state.HASH = external global i32
;;
;; define dso_local i32 @f_optimized(ptr %self, i32 %n) {
;;   %limit = load i32, ptr @limit.HASH, align 4
;;   %name = load ptr, ptr @names, align 8
;;   %small = call i32 @small.HASH(i32 %limit)
;;   %kept = call i32 @kept(i32 %small)
;;   %again = call i32 @f_optimized(ptr @f, i32 %kept)
;;   ret i32 %again
;; }
;;
;; define available_externally i32 @small.HASH(i32 %x) {
;;   store i32 %x, ptr @state.HASH, align 4
;;   ret i32 %x
;; }
;;
;; ; Function Attrs: noinline
;; declare i32 @kept(i32) #0
;;
;; declare i32 @f(ptr, i32)
;;
;; attributes #0 = { noinline }
