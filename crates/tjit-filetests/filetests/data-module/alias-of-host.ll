;! test = "data-module"
;! host = ["taken"]
; Failure may indicate that what an alias stands for has state of its own beside that of the host.

@taken = linkonce_odr global [2 x i32] [i32 1, i32 2]
@alias = alias i32, getelementptr (i8, ptr @taken, i64 4)
@chain = alias i32, ptr @alias
@user = global ptr @taken

;;
;; ; ModuleID = 'alias-of-host (data)'
;; source_filename = "alias-of-host"
;;
;; @taken = dso_local global [2 x i32] [i32 1, i32 2]
;; @user = dso_local global ptr @taken
;;
;; @alias = dso_local alias i32, getelementptr (i8, ptr @taken, i64 4)
;; @chain = dso_local alias i32, getelementptr inbounds nuw (i8, ptr @taken, i64 4)
