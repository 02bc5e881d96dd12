;! test = "reopt"
;! [values]
;! each-thread = "01 00 00 00"
;! other-space = "01 00 00 00"
;! wrong-size = "01 00"
;! target-type = "01 00 00 00 00 00 00 00"
;! only-named = "01 00 00 00"
;! defined-here = "01 00 00 00"
; Variables that are not folded although their value is given. Failure may indicate that threads share a value, that one of
; another size is believed, or that a unit depends on what it does not read.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@each-thread = external thread_local global i32
@other-space = external addrspace(1) global i32
@wrong-size = external global i32
@target-type = external global target("spirv.Image")
@only-named = external global i32
@defined-here = global i32 0

define ptr @f() {
  %thread = load i32, ptr @each-thread
  %space = load i32, ptr addrspace(1) @other-space
  %size = load i32, ptr @wrong-size
  %here = load i32, ptr @defined-here
  ret ptr @only-named
}

;;
;; ; ModuleID = 'value-not-folded'
;; source_filename = "value-not-folded"
;; target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
;; target triple = "x86_64-unknown-linux-gnu"
;;
;; @each-thread = external thread_local global i32
;; @other-space = external addrspace(1) global i32
;; @wrong-size = external global i32
;; @target-type = external global target("spirv.Image")
;; @only-named = external global i32
;; @defined-here = global i32 0
;;
;; define ptr @f() {
;;   %thread = load i32, ptr @each-thread, align 4
;;   %space = load i32, ptr addrspace(1) @other-space, align 4
;;   %size = load i32, ptr @wrong-size, align 4
;;   %here = load i32, ptr @defined-here, align 4
;;   ret ptr @only-named
;; }
