;! test = "data-module"
; Failure may indicate that a thread-local variable is linked as if it were one for all threads.

@x = thread_local global i32 5
@zero = thread_local(initialexec) global [100 x i64] zeroinitializer, align 64
@local = internal thread_local global ptr @f
@declared = external thread_local global i32
@llvm.used = appending global [1 x ptr] [ptr @x]

define void @f() { ret void }

;; function f
;;
;; ; ModuleID = 'thread-local (data)'
;; source_filename = "thread-local"
;;
;; @x = dso_local global { i64, i64, ptr, ptr } { i64 4, i64 4, ptr null, ptr @__emutls_t.x }
;; @zero = dso_local global { i64, i64, ptr, ptr } { i64 800, i64 64, ptr null, ptr null }
;; @local.HASH = dso_local global { i64, i64, ptr, ptr } { i64 8, i64 8, ptr null, ptr @__emutls_t.local.HASH }
;; @__emutls_t.x = dso_local constant i32 5, align 4
;; @__emutls_t.local.HASH = dso_local constant ptr @f, align 8
;;
;; declare void @f()
