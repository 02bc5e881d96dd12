;! test = "slice"
;! unit = "attempt"
;! host = ["_setjmp", "longjmp"]
; Failure may indicate that a buffer is copied, or that a function that returns twice is forgotten to do so.

%jmp_buf = type { [8 x i64], i32, [16 x i64] }
@out = internal global %jmp_buf zeroinitializer, align 16

define i32 @attempt(i32 %i) {
  %kept = alloca i32
  store volatile i32 %i, ptr %kept
  %code = call i32 @_setjmp(ptr @out) returns_twice
  %again = icmp ne i32 %code, 0
  br i1 %again, label %back, label %first
first:
  call void @leave(i32 %i)
  ret i32 0
back:
  %value = load volatile i32, ptr %kept
  ret i32 %value
}

define internal void @leave(i32 %i) {
  call void @longjmp(ptr @out, i32 %i)
  unreachable
}

declare i32 @_setjmp(ptr) returns_twice
declare void @longjmp(ptr, i32) noreturn

;; ; ModuleID = 'attempt_optimized'
;; source_filename = "setjmp"
;;
;; %jmp_buf = type { [8 x i64], i32, [16 x i64] }
;;
;; @out.HASH = external global %jmp_buf, align 16
;;
;; define dso_local i32 @attempt_optimized(i32 %i) {
;;   %kept = alloca i32, align 4
;;   store volatile i32 %i, ptr %kept, align 4
;;   %code = call i32 @_setjmp(ptr @out.HASH) #0
;;   %again = icmp ne i32 %code, 0
;;   br i1 %again, label %back, label %first
;;
;; first:                                            ; preds = %0
;;   call void @leave.HASH(i32 %i)
;;   ret i32 0
;;
;; back:                                             ; preds = %0
;;   %value = load volatile i32, ptr %kept, align 4
;;   ret i32 %value
;; }
;;
;; define available_externally void @leave.HASH(i32 %i) {
;;   call void @longjmp(ptr @out.HASH, i32 %i)
;;   unreachable
;; }
;;
;; ; Function Attrs: returns_twice
;; declare i32 @_setjmp(ptr) #0
;;
;; ; Function Attrs: noreturn
;; declare void @longjmp(ptr, i32) #1
;;
;; attributes #0 = { returns_twice }
;; attributes #1 = { noreturn }
