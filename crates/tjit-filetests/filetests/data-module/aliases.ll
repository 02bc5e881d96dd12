;! test = "data-module"
; Failure may indicate that an alias has an address of its own.

@pair = global [2 x i32] [i32 1, i32 2]
@second = alias i32, getelementptr inbounds ([2 x i32], ptr @pair, i64 0, i64 1)
@other = alias void (), ptr @f

define void @f() {
  ret void
}

;; function f
;; alias other of f
;;
;; ; ModuleID = 'aliases (data)'
;; source_filename = "aliases"
;;
;; @pair = dso_local global [2 x i32] [i32 1, i32 2]
;;
;; @second = dso_local alias i32, getelementptr inbounds ([2 x i32], ptr @pair, i64 0, i64 1)
