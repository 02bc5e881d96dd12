;! test = "timing"
; What has no room for a clock is left alone, with the reason, and what is variadic or takes memory of its caller is timed.
; Failure may indicate that a naked function lost a register to the clock.

define void @bare() naked {
  call void asm sideeffect "ret", ""()
  unreachable
}

define void @split() presplitcoroutine {
  ret void
}

define void @variadic(ptr sret(i64) %result, ...) {
  store i64 1, ptr %result
  ret void
}

@taken.times = global i64 0
define void @taken() {
  ret void
}

;; bare: skipped, naked function
;; split: skipped, coroutine that has not been split
;; variadic: times in variadic.times
;; taken: error: instrumenting `taken`: `taken.times` is already taken in this module
;;
;; ; ModuleID = 'refused'
;; source_filename = "refused"
;;
;; @taken.times = global i64 0
;; @variadic.times = hidden global [1152 x i64] zeroinitializer, align 8
;;
;; ; Function Attrs: naked
;; define void @bare() #0 {
;;   call void asm sideeffect "ret", ""()
;;   unreachable
;; }
;;
;; ; Function Attrs: presplitcoroutine
;; define void @split() #1 {
;;   ret void
;; }
;;
;; define void @variadic(ptr sret(i64) %result, ...) {
;;   %entered = call i64 @llvm.readcyclecounter()
;;   store i64 1, ptr %result, align 4
;;   %left = call i64 @llvm.readcyclecounter()
;;   %cycles = sub i64 %left, %entered
;;   %wide = or i64 %cycles, 32
;;   %zeros = call i64 @llvm.ctlz.i64(i64 %wide, i1 true)
;;   %shift = sub i64 58, %zeros
;;   %coarse = shl i64 %shift, 5
;;   %fine = lshr i64 %cycles, %shift
;;   %bucket = add i64 %coarse, %fine
;;   %bucket1 = call i64 @llvm.umin.i64(i64 %bucket, i64 1151)
;;   %place = getelementptr inbounds i64, ptr @variadic.times, i64 %bucket1
;;   %count = load atomic i64, ptr %place monotonic, align 8
;;   %count.next = add i64 %count, 1
;;   store atomic i64 %count.next, ptr %place monotonic, align 8
;;   ret void
;; }
;;
;; define void @taken() {
;;   ret void
;; }
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare i64 @llvm.readcyclecounter() #2
;;
;; ; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
;; declare i64 @llvm.ctlz.i64(i64, i1 immarg) #3
;;
;; ; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
;; declare i64 @llvm.umin.i64(i64, i64) #4
;;
;; attributes #0 = { naked }
;; attributes #1 = { presplitcoroutine }
;; attributes #2 = { nocallback nofree nosync nounwind willreturn }
;; attributes #3 = { nocallback nofree nosync nounwind speculatable willreturn memory(none) }
;; attributes #4 = { nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
