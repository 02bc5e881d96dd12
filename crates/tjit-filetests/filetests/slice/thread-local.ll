;! test = "slice"
;! baseline = ["f", "direct", "coroutine", "absent"]
; Failure may indicate that code has the address of one thread's copy of a variable for all threads, or of its description.

@x = thread_local global i32 5
@array = internal thread_local global [4 x i32] [i32 1, i32 2, i32 3, i32 4], align 16
@nobody = extern_weak thread_local global i32

define i32 @f() {
  %p = call align 4 ptr @llvm.threadlocal.address.p0(ptr align 4 @x)
  %value = load i32, ptr %p
  ret i32 %value
}

; Constants and direct uses, as older front ends write them.
define ptr @direct(i32 %n, ptr %other) {
entry:
  store i32 1, ptr getelementptr inbounds ([4 x i32], ptr @array, i64 0, i64 1)
  switch i32 %n, label %end [ i32 1, label %end
                              i32 2, label %middle ]
middle:
  store ptr @x, ptr %other
  br label %end
end:
  %p = phi ptr [ @x, %entry ], [ @x, %entry ], [ getelementptr (i8, ptr @array, i64 8), %middle ]
  ret ptr %p
}

define ptr @coroutine() presplitcoroutine {
  %p = call ptr @llvm.threadlocal.address.p0(ptr @x)
  ret ptr %p
}

define ptr @absent() {
  %p = call ptr @llvm.threadlocal.address.p0(ptr @nobody)
  ret ptr %p
}

declare ptr @llvm.threadlocal.address.p0(ptr)

;; ; ModuleID = 'f_baseline'
;; source_filename = "thread-local"
;;
;; @x = external global { i64, i64, ptr, ptr }
;; @array.HASH = external global { i64, i64, ptr, ptr }
;;
;; define dso_local i32 @f_baseline() {
;;   %p = call nonnull align 4 ptr @__emutls_get_address(ptr @x) #1
;;   %value = load i32, ptr %p, align 4
;;   ret i32 %value
;; }
;;
;; define dso_local ptr @direct_baseline(i32 %n, ptr %other) {
;; entry:
;;   %0 = call nonnull align 16 ptr @__emutls_get_address(ptr @array.HASH) #1
;;   %1 = getelementptr inbounds [4 x i32], ptr %0, i64 0, i64 1
;;   store i32 1, ptr %1, align 4
;;   %2 = call nonnull ptr @__emutls_get_address(ptr @x) #1
;;   switch i32 %n, label %end [
;;     i32 1, label %end
;;     i32 2, label %middle
;;   ]
;;
;; middle:                                           ; preds = %entry
;;   %3 = call nonnull align 16 ptr @__emutls_get_address(ptr @array.HASH) #1
;;   %4 = getelementptr i8, ptr %3, i64 8
;;   %5 = call nonnull ptr @__emutls_get_address(ptr @x) #1
;;   store ptr %5, ptr %other, align 8
;;   br label %end
;;
;; end:                                              ; preds = %middle, %entry, %entry
;;   %p = phi ptr [ %2, %entry ], [ %2, %entry ], [ %4, %middle ]
;;   ret ptr %p
;; }
;;
;; ; Function Attrs: presplitcoroutine
;; define dso_local ptr @coroutine_baseline() #0 {
;;   %p = call nonnull ptr @__emutls_get_address(ptr @x) #2
;;   ret ptr %p
;; }
;;
;; define dso_local ptr @absent_baseline() {
;;   ret ptr null
;; }
;;
;; declare ptr @__emutls_get_address(ptr)
;;
;; attributes #0 = { presplitcoroutine }
;; attributes #1 = { nounwind willreturn memory(none) }
;; attributes #2 = { nounwind }
;;
;; !llvm.dbg.cu = !{}
