;! test = "reopt"
;! [values]
;! union = "01 02 03 04 05 00 00 00"
;! outer = "01 02 03 04 05 00 00 00 06 00 00 00 07 00 00 00"
;! bool = "03"
;! odd = "ff ff ff 00"
;! unnormal = "00 00 00 00 00 00 00 40 ff 3f 00 00 00 00 00 00"
; C keeps members of a union in what is padding of the type that LLVM has for it. Failure may indicate that such bytes are
; lost, or other bits that a type leaves open.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@union = external global { i8, i32 }, align 4
@outer = external global [2 x { i8, i32 }], align 4
@bool = external global i1
@odd = external global i17
@unnormal = external global x86_fp80

define i8 @f(i64 %index) {
  %first = load i8, ptr @union
  %second = load i8, ptr getelementptr inbounds (i8, ptr @union, i64 1)
  %place = getelementptr inbounds i8, ptr @outer, i64 %index
  %any = load i8, ptr %place
  %bool = load i8, ptr @bool
  %odd = load i8, ptr @odd
  %unnormal = load i64, ptr @unnormal
  %sum = add i8 %first, %second
  %sum2 = add i8 %sum, %any
  %sum3 = add i8 %sum2, %bool
  ret i8 %sum3
}

;; value union
;; value outer
;; value bool
;; value odd
;; value unnormal
;;
;; ; ModuleID = 'value-open-bits'
;; source_filename = "value-open-bits"
;; target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
;; target triple = "x86_64-unknown-linux-gnu"
;;
;; @union = available_externally constant <{ i8, [3 x i8], i32 }> <{ i8 1, [3 x i8] c"\02\03\04", i32 5 }>, align 4
;; @outer = available_externally constant <{ <{ i8, [3 x i8], i32 }>, { i8, i32 } }> <{ <{ i8, [3 x i8], i32 }> <{ i8 1, [3 x i8] c"\02\03\04", i32 5 }>, { i8, i32 } { i8 6, i32 7 } }>, align 4
;; @bool = available_externally constant [1 x i8] c"\03", align 1
;; @odd = available_externally constant [4 x i8] c"\FF\FF\FF\00", align 4
;; @unnormal = available_externally constant [16 x i8] c"\00\00\00\00\00\00\00@\FF?\00\00\00\00\00\00", align 16
;;
;; define i8 @f(i64 %index) {
;;   %first = load i8, ptr @union, align 1
;;   %second = load i8, ptr getelementptr inbounds (i8, ptr @union, i64 1), align 1
;;   %place = getelementptr inbounds i8, ptr @outer, i64 %index
;;   %any = load i8, ptr %place, align 1
;;   %bool = load i8, ptr @bool, align 1
;;   %odd = load i8, ptr @odd, align 1
;;   %unnormal = load i64, ptr @unnormal, align 8
;;   %sum = add i8 %first, %second
;;   %sum2 = add i8 %sum, %any
;;   %sum3 = add i8 %sum2, %bool
;;   ret i8 %sum3
;; }
