;! test = "data-module"
;! host = ["__cxa_guard_acquire", "__cxa_guard_release"]
; Failure may indicate that a static local, its guard or a constant is defined twice or not at all.

@_ZZ4nextvE5count = internal global i32 0, align 4
@_ZGVZ4nextvE5count = internal global i64 0, align 8
@limit = constant i32 100
@.str = private unnamed_addr constant [3 x i8] c"hi\00"
@table = global [2 x ptr] [ptr @_Z4nextv, ptr @.str], align 16

define i32 @_Z4nextv() {
  %guard = call i32 @__cxa_guard_acquire(ptr @_ZGVZ4nextvE5count)
  call void @__cxa_guard_release(ptr @_ZGVZ4nextvE5count)
  %count = load i32, ptr @_ZZ4nextvE5count
  ret i32 %count
}

declare i32 @__cxa_guard_acquire(ptr)
declare void @__cxa_guard_release(ptr)

;; function _Z4nextv
;;
;; ; ModuleID = 'statics (data)'
;; source_filename = "statics"
;;
;; @_ZZ4nextvE5count.HASH = dso_local global i32 0, align 4
;; @_ZGVZ4nextvE5count.HASH = dso_local global i64 0, align 8
;; @limit = dso_local constant i32 100
;; @.str.HASH = dso_local unnamed_addr constant [3 x i8] c"hi\00"
;; @table = dso_local global [2 x ptr] [ptr @_Z4nextv, ptr @.str.HASH], align 16
;;
;; declare i32 @_Z4nextv()
