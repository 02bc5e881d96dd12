;! test = "slice"
;! unit = "numbers"
;! host = ["malloc", "free"]
; Failure may indicate that a coroutine is split before its slice is made, so that a frame is resumed by code that doesn't know it.

define ptr @numbers(i32 %n) presplitcoroutine {
entry:
  %id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)
  %size = call i64 @llvm.coro.size.i64()
  %memory = call ptr @malloc(i64 %size)
  %handle = call noalias ptr @llvm.coro.begin(token %id, ptr %memory)
  br label %loop
loop:
  %i = phi i32 [ %n, %entry ], [ %next, %resume ]
  call void @yield(i32 %i)
  %state = call i8 @llvm.coro.suspend(token none, i1 false)
  switch i8 %state, label %suspend [ i8 0, label %resume
                                     i8 1, label %cleanup ]
resume:
  %next = add i32 %i, 1
  br label %loop
cleanup:
  %freed = call ptr @llvm.coro.free(token %id, ptr %handle)
  call void @free(ptr %freed)
  br label %suspend
suspend:
  call void @llvm.coro.end(ptr %handle, i1 false, token none)
  ret ptr %handle
}

define internal void @yield(i32 %i) noinline {
  store i32 %i, ptr @last
  ret void
}

@last = internal global i32 0

declare token @llvm.coro.id(i32, ptr, ptr, ptr)
declare i64 @llvm.coro.size.i64()
declare ptr @llvm.coro.begin(token, ptr)
declare i8 @llvm.coro.suspend(token, i1)
declare ptr @llvm.coro.free(token, ptr)
declare void @llvm.coro.end(ptr, i1, token)
declare ptr @malloc(i64)
declare void @free(ptr)

;; ; ModuleID = 'numbers_optimized'
;; source_filename = "coroutine"
;;
;; ; Function Attrs: presplitcoroutine
;; define dso_local ptr @numbers_optimized(i32 %n) #0 {
;; entry:
;;   %id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)
;;   %size = call i64 @llvm.coro.size.i64()
;;   %memory = call ptr @malloc(i64 %size)
;;   %handle = call noalias ptr @llvm.coro.begin(token %id, ptr %memory)
;;   br label %loop
;;
;; loop:                                             ; preds = %resume, %entry
;;   %i = phi i32 [ %n, %entry ], [ %next, %resume ]
;;   call void @yield.HASH(i32 %i)
;;   %state = call i8 @llvm.coro.suspend(token none, i1 false)
;;   switch i8 %state, label %suspend [
;;     i8 0, label %resume
;;     i8 1, label %cleanup
;;   ]
;;
;; resume:                                           ; preds = %loop
;;   %next = add i32 %i, 1
;;   br label %loop
;;
;; cleanup:                                          ; preds = %loop
;;   %freed = call ptr @llvm.coro.free(token %id, ptr %handle)
;;   call void @free(ptr %freed)
;;   br label %suspend
;;
;; suspend:                                          ; preds = %cleanup, %loop
;;   call void @llvm.coro.end(ptr %handle, i1 false, token none)
;;   ret ptr %handle
;; }
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: read)
;; declare token @llvm.coro.id(i32, ptr readnone, ptr readonly captures(none), ptr) #1
;;
;; ; Function Attrs: nounwind memory(none)
;; declare i64 @llvm.coro.size.i64() #2
;;
;; declare ptr @malloc(i64)
;;
;; ; Function Attrs: nounwind
;; declare ptr @llvm.coro.begin(token, ptr writeonly) #3
;;
;; ; Function Attrs: noinline
;; declare void @yield.HASH(i32) #4
;;
;; ; Function Attrs: nounwind
;; declare i8 @llvm.coro.suspend(token, i1) #3
;;
;; ; Function Attrs: nounwind memory(argmem: read)
;; declare ptr @llvm.coro.free(token, ptr readonly captures(none)) #5
;;
;; declare void @free(ptr)
;;
;; ; Function Attrs: nounwind
;; declare void @llvm.coro.end(ptr, i1, token) #3
;;
;; attributes #0 = { presplitcoroutine }
;; attributes #1 = { nocallback nofree nosync nounwind willreturn memory(argmem: read) }
;; attributes #2 = { nounwind memory(none) }
;; attributes #3 = { nounwind }
;; attributes #4 = { noinline }
;; attributes #5 = { nounwind memory(argmem: read) }
