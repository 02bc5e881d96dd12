;! test = "data-module"
; Failure may indicate that what must be kept is lost, that a section or an alignment is, or that constants are not where literals stay.

@llvm.used = appending global [2 x ptr] [ptr @kept, ptr @f], section "llvm.metadata"
@llvm.compiler.used = appending global [1 x ptr] [ptr @also], section "llvm.metadata"
@llvm.global.annotations = appending global [1 x { ptr, ptr, ptr, i32, ptr }] [{ ptr, ptr, ptr, i32, ptr } { ptr @f, ptr @.str, ptr @.str, i32 1, ptr null }], section "llvm.metadata"
@kept = internal global i32 1, section "my section", align 32
@also = internal constant i32 2, align 16
@.str = private unnamed_addr constant [5 x i8] c"text\00", align 1
@.str.1 = private unnamed_addr constant [5 x i8] c"text\00", align 1

define internal ptr @f() {
  ret ptr @.str.1
}

;; function f.HASH
;;
;; ; ModuleID = 'used (data)'
;; source_filename = "used"
;;
;; @kept.HASH = dso_local global i32 1, section "my section", align 32
;; @also.HASH = dso_local constant i32 2, align 16
;; @.str.HASH = dso_local unnamed_addr constant [5 x i8] c"text\00", align 1
;; @.str.1.HASH = dso_local unnamed_addr constant [5 x i8] c"text\00", align 1
