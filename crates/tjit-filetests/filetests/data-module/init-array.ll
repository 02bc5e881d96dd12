;! test = "data-module"
; Failure may indicate that functions in a section that the system calls run in another order than the linker's, or that
; their variables are in such a section of the data module still.

@late = global ptr @f1, section ".init_array"
@several = internal constant [2 x { ptr }] [{ ptr } { ptr @f2 }, { ptr } { ptr @f3 }], section ".init_array"
@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @f4, ptr null }, { i32, ptr, ptr } { i32 200, ptr @f5, ptr null }]
@last = global ptr @f6, section ".init_array"
@early = global ptr @f7, section ".init_array.00100"
@first = global ptr @f8, section ".preinit_array"
@old1 = global ptr @f2, section ".ctors.65385"
@old2 = global ptr @f3, section ".ctors.65385"
@end = global [2 x ptr] [ptr @f1, ptr @also], section ".fini_array"
@end.late = global ptr @f3, section ".fini_array.5"
@also = alias void (), ptr @f2

define internal void @f1() {
  ret void
}

define void @f2() {
  ret void
}

define void @f3() {
  ret void
}

define void @f4() {
  ret void
}

define void @f5() {
  ret void
}

define void @f6() {
  ret void
}

define void @f7() {
  ret void
}

define void @f8() {
  ret void
}

;; function f1.HASH
;; function f2
;; function f3
;; function f4
;; function f5
;; function f6
;; function f7
;; function f8
;; alias also of f2
;; constructor 0 f8
;; constructor 100 f7
;; constructor 150 f3
;; constructor 150 f2
;; constructor 200 f5
;; constructor 65535 f1.HASH
;; constructor 65535 f2
;; constructor 65535 f3
;; constructor 65535 f4
;; constructor 65535 f6
;; destructor 65535 f2
;; destructor 65535 f1.HASH
;; destructor 5 f3
;;
;; ; ModuleID = 'init-array (data)'
;; source_filename = "init-array"
;;
;; @late = dso_local global ptr @f1.HASH
;; @several.HASH = dso_local constant [2 x { ptr }] [{ ptr } { ptr @f2 }, { ptr } { ptr @f3 }]
;; @last = dso_local global ptr @f6
;; @early = dso_local global ptr @f7
;; @first = dso_local global ptr @f8
;; @old1 = dso_local global ptr @f2
;; @old2 = dso_local global ptr @f3
;; @end = dso_local global [2 x ptr] [ptr @f1.HASH, ptr @f2]
;; @end.late = dso_local global ptr @f3
;;
;; declare void @f1.HASH()
;;
;; declare void @f2()
;;
;; declare void @f3()
;;
;; declare void @f6()
;;
;; declare void @f7()
;;
;; declare void @f8()
