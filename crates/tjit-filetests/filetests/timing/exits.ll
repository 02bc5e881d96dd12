;! test = "timing"
; The clock is read at the entry and before every return, resume and musttail call; a call that never returns is no sample.
; Failure may indicate that a way out of a function is not measured, or that the clock is read between a musttail call and its
; return.

declare i32 @callee(i32)
declare void @stop() noreturn
declare i32 @personality(...)

define i32 @returns(i32 %x) memory(none) {
entry:
  %small = icmp slt i32 %x, 10
  br i1 %small, label %low, label %high
low:
  ret i32 1
high:
  %place = alloca i32
  ret i32 2
}

define i32 @tail(i32 %x) {
  %y = musttail call i32 @callee(i32 %x)
  ret i32 %y
}

define void @never() {
  call void @stop()
  unreachable
}

define i32 @resumes(i32 %x) personality ptr @personality {
  %y = invoke i32 @callee(i32 %x) to label %done unwind label %caught
done:
  ret i32 %y
caught:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}

;; callee: skipped, declaration only
;; stop: skipped, declaration only
;; personality: skipped, declaration only
;; returns: times in returns.times
;; tail: times in tail.times
;; never: times in never.times
;; resumes: times in resumes.times
;;
;; ; ModuleID = 'exits'
;; source_filename = "exits"
;;
;; @returns.times = hidden global [1152 x i64] zeroinitializer, align 8
;; @tail.times = hidden global [1152 x i64] zeroinitializer, align 8
;; @never.times = hidden global [1152 x i64] zeroinitializer, align 8
;; @resumes.times = hidden global [1152 x i64] zeroinitializer, align 8
;;
;; declare i32 @callee(i32)
;;
;; ; Function Attrs: noreturn
;; declare void @stop() #0
;;
;; declare i32 @personality(...)
;;
;; define i32 @returns(i32 %x) {
;; entry:
;;   %entered = call i64 @llvm.readcyclecounter()
;;   %small = icmp slt i32 %x, 10
;;   br i1 %small, label %low, label %high
;;
;; low:                                              ; preds = %entry
;;   %left = call i64 @llvm.readcyclecounter()
;;   %cycles = sub i64 %left, %entered
;;   %wide = or i64 %cycles, 32
;;   %zeros = call i64 @llvm.ctlz.i64(i64 %wide, i1 true)
;;   %shift = sub i64 58, %zeros
;;   %coarse = shl i64 %shift, 5
;;   %fine = lshr i64 %cycles, %shift
;;   %bucket = add i64 %coarse, %fine
;;   %bucket1 = call i64 @llvm.umin.i64(i64 %bucket, i64 1151)
;;   %place2 = getelementptr inbounds i64, ptr @returns.times, i64 %bucket1
;;   %count = load atomic i64, ptr %place2 monotonic, align 8
;;   %count.next = add i64 %count, 1
;;   store atomic i64 %count.next, ptr %place2 monotonic, align 8
;;   ret i32 1
;;
;; high:                                             ; preds = %entry
;;   %place = alloca i32, align 4
;;   %left3 = call i64 @llvm.readcyclecounter()
;;   %cycles4 = sub i64 %left3, %entered
;;   %wide5 = or i64 %cycles4, 32
;;   %zeros6 = call i64 @llvm.ctlz.i64(i64 %wide5, i1 true)
;;   %shift7 = sub i64 58, %zeros6
;;   %coarse8 = shl i64 %shift7, 5
;;   %fine9 = lshr i64 %cycles4, %shift7
;;   %bucket10 = add i64 %coarse8, %fine9
;;   %bucket11 = call i64 @llvm.umin.i64(i64 %bucket10, i64 1151)
;;   %place12 = getelementptr inbounds i64, ptr @returns.times, i64 %bucket11
;;   %count13 = load atomic i64, ptr %place12 monotonic, align 8
;;   %count.next14 = add i64 %count13, 1
;;   store atomic i64 %count.next14, ptr %place12 monotonic, align 8
;;   ret i32 2
;; }
;;
;; define i32 @tail(i32 %x) {
;;   %entered = call i64 @llvm.readcyclecounter()
;;   %left = call i64 @llvm.readcyclecounter()
;;   %cycles = sub i64 %left, %entered
;;   %wide = or i64 %cycles, 32
;;   %zeros = call i64 @llvm.ctlz.i64(i64 %wide, i1 true)
;;   %shift = sub i64 58, %zeros
;;   %coarse = shl i64 %shift, 5
;;   %fine = lshr i64 %cycles, %shift
;;   %bucket = add i64 %coarse, %fine
;;   %bucket1 = call i64 @llvm.umin.i64(i64 %bucket, i64 1151)
;;   %place = getelementptr inbounds i64, ptr @tail.times, i64 %bucket1
;;   %count = load atomic i64, ptr %place monotonic, align 8
;;   %count.next = add i64 %count, 1
;;   store atomic i64 %count.next, ptr %place monotonic, align 8
;;   %y = musttail call i32 @callee(i32 %x)
;;   ret i32 %y
;; }
;;
;; define void @never() {
;;   %entered = call i64 @llvm.readcyclecounter()
;;   call void @stop()
;;   unreachable
;; }
;;
;; define i32 @resumes(i32 %x) personality ptr @personality {
;;   %entered = call i64 @llvm.readcyclecounter()
;;   %y = invoke i32 @callee(i32 %x)
;;           to label %done unwind label %caught
;;
;; done:                                             ; preds = %0
;;   %left = call i64 @llvm.readcyclecounter()
;;   %cycles = sub i64 %left, %entered
;;   %wide = or i64 %cycles, 32
;;   %zeros = call i64 @llvm.ctlz.i64(i64 %wide, i1 true)
;;   %shift = sub i64 58, %zeros
;;   %coarse = shl i64 %shift, 5
;;   %fine = lshr i64 %cycles, %shift
;;   %bucket = add i64 %coarse, %fine
;;   %bucket1 = call i64 @llvm.umin.i64(i64 %bucket, i64 1151)
;;   %place = getelementptr inbounds i64, ptr @resumes.times, i64 %bucket1
;;   %count = load atomic i64, ptr %place monotonic, align 8
;;   %count.next = add i64 %count, 1
;;   store atomic i64 %count.next, ptr %place monotonic, align 8
;;   ret i32 %y
;;
;; caught:                                           ; preds = %0
;;   %exception = landingpad { ptr, i32 }
;;           cleanup
;;   %left2 = call i64 @llvm.readcyclecounter()
;;   %cycles3 = sub i64 %left2, %entered
;;   %wide4 = or i64 %cycles3, 32
;;   %zeros5 = call i64 @llvm.ctlz.i64(i64 %wide4, i1 true)
;;   %shift6 = sub i64 58, %zeros5
;;   %coarse7 = shl i64 %shift6, 5
;;   %fine8 = lshr i64 %cycles3, %shift6
;;   %bucket9 = add i64 %coarse7, %fine8
;;   %bucket10 = call i64 @llvm.umin.i64(i64 %bucket9, i64 1151)
;;   %place11 = getelementptr inbounds i64, ptr @resumes.times, i64 %bucket10
;;   %count12 = load atomic i64, ptr %place11 monotonic, align 8
;;   %count.next13 = add i64 %count12, 1
;;   store atomic i64 %count.next13, ptr %place11 monotonic, align 8
;;   resume { ptr, i32 } %exception
;; }
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare i64 @llvm.readcyclecounter() #1
;;
;; ; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
;; declare i64 @llvm.ctlz.i64(i64, i1 immarg) #2
;;
;; ; Function Attrs: nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none)
;; declare i64 @llvm.umin.i64(i64, i64) #3
;;
;; attributes #0 = { noreturn }
;; attributes #1 = { nocallback nofree nosync nounwind willreturn }
;; attributes #2 = { nocallback nofree nosync nounwind speculatable willreturn memory(none) }
;; attributes #3 = { nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }
