;! test = "reopt"
;! [values]
;! read = "01 00 00 00"
;! written = "02 00 00 00"
;! returned = "03 00 00 00"
;! local = "04 00 00 00"
; Addresses are followed into copies of callees: what they only read is a constant, what they write is not.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@read = external global i32
@written = external global i32
@returned = external global i32
@local = external global i32

define i32 @f() {
  %one = call i32 @get(ptr @read)
  %two = load i32, ptr @written
  call void @set(ptr @written)
  %reference = call ptr @instance()
  %three = load i32, ptr @returned
  store i32 0, ptr %reference
  %variable = alloca ptr
  store ptr @local, ptr %variable
  %address = load ptr, ptr %variable
  %four = load i32, ptr %address
  call void @opaque(ptr @local)
  %sum = add i32 %one, %two
  %sum2 = add i32 %sum, %three
  %sum3 = add i32 %sum2, %four
  ret i32 %sum3
}

define available_externally i32 @get(ptr %p) {
  %v = load i32, ptr %p
  ret i32 %v
}

define available_externally void @set(ptr %p) {
  store i32 7, ptr %p
  ret void
}

define available_externally ptr @instance() {
  ret ptr @returned
}

declare void @opaque(ptr)

;; value read
;; value written
;; value returned
;; value local
;;
;; ; ModuleID = 'value-followed'
;; source_filename = "value-followed"
;; target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
;; target triple = "x86_64-unknown-linux-gnu"
;;
;; @read = available_externally constant i32 1
;; @written = external global i32
;; @returned = external global i32
;; @local = available_externally constant i32 4
;; @written.value = private unnamed_addr constant i32 2, align 4
;; @returned.value = private unnamed_addr constant i32 3, align 4
;;
;; define i32 @f() {
;;   %one = call i32 @get(ptr @read)
;;   %two = load i32, ptr @written.value, align 4
;;   call void @set(ptr @written)
;;   %reference = call ptr @instance()
;;   %three = load i32, ptr @returned.value, align 4
;;   store i32 0, ptr %reference, align 4
;;   %variable = alloca ptr, align 8
;;   store ptr @local, ptr %variable, align 8
;;   %address = load ptr, ptr %variable, align 8
;;   %four = load i32, ptr %address, align 4
;;   call void @opaque(ptr @local)
;;   %sum = add i32 %one, %two
;;   %sum2 = add i32 %sum, %three
;;   %sum3 = add i32 %sum2, %four
;;   ret i32 %sum3
;; }
;;
;; define available_externally i32 @get(ptr %p) {
;;   %v = load i32, ptr %p, align 4
;;   ret i32 %v
;; }
;;
;; define available_externally void @set(ptr %p) {
;;   store i32 7, ptr %p, align 4
;;   ret void
;; }
;;
;; define available_externally ptr @instance() {
;;   ret ptr @returned
;; }
;;
;; declare void @opaque(ptr)
