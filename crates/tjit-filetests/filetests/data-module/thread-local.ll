;! test = "data-module"
; Failure may indicate that a thread-local variable is linked as if it were one for all threads.

@x = thread_local global i32 0

;; error: can't link `x`: it is thread-local
