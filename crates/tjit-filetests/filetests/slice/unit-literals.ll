;! test = "slice"
;! unit = "name"
; Failure may indicate that a version has literals of its own: pointers to them would differ, and die with the version.

@.str = private unnamed_addr constant [6 x i8] c"hello\00", align 1
@table = internal constant [2 x ptr] [ptr @.str, ptr @callee]
@_ZTV1S = linkonce_odr unnamed_addr constant { [3 x ptr] } { [3 x ptr] [ptr null, ptr null, ptr @callee] }

define ptr @name(i64 %i, ptr %object) {
  store ptr getelementptr inbounds ({ [3 x ptr] }, ptr @_ZTV1S, i32 0, i32 0, i64 2), ptr %object
  %slot = getelementptr [2 x ptr], ptr @table, i64 0, i64 %i
  %p = load ptr, ptr %slot
  %same = icmp eq ptr %p, @callee
  %r = select i1 %same, ptr @.str, ptr %p
  ret ptr %r
}

define internal void @callee() {
  ret void
}

;; ; ModuleID = 'name_optimized'
;; source_filename = "unit-literals"
;;
;; @_ZTV1S = available_externally unnamed_addr constant { [3 x ptr] } { [3 x ptr] [ptr null, ptr null, ptr @callee.HASH] }
;; @table.HASH = available_externally constant [2 x ptr] [ptr @.str.HASH, ptr @callee.HASH]
;; @.str.HASH = available_externally unnamed_addr constant [6 x i8] c"hello\00", align 1
;;
;; define dso_local ptr @name_optimized(i64 %i, ptr %object) {
;;   store ptr getelementptr inbounds ({ [3 x ptr] }, ptr @_ZTV1S, i32 0, i32 0, i64 2), ptr %object, align 8
;;   %slot = getelementptr [2 x ptr], ptr @table.HASH, i64 0, i64 %i
;;   %p = load ptr, ptr %slot, align 8
;;   %same = icmp eq ptr %p, @callee.HASH
;;   %r = select i1 %same, ptr @.str.HASH, ptr %p
;;   ret ptr %r
;; }
;;
;; declare void @callee.HASH()
