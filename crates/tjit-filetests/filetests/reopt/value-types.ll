;! test = "reopt"
;! [values]
;! bool = "01"
;! byte = "ff"
;! odd = "ff ff 01 00"
;! word = "2a 00 00 00"
;! wide = "01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80"
;! half = "00 3c"
;! bfloat = "80 3f"
;! float = "00 00 c0 3f"
;! nan = "01 00 a0 7f"
;! double = "00 00 00 00 00 00 f8 3f"
;! extended = "00 00 00 00 00 00 00 c0 ff 3f 00 00 00 00 00 00"
;! quad = "00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff 3f"
;! vector = "01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00"
;! three = "01 00 00 00 02 00 00 00 03 00 00 00 00 00 00 00"
;! mask = "05"
;! array = "01 00 02 00 03 00"
;! record = "01 00 00 00 02 00 00 00 00 00 00 00 00 00 f0 3f"
;! packed = "01 02 00 00 00"
;! nested = "01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00"
;! zero = "00 00 00 00 00 00 00 00"
;! empty = ""
; One variable of each kind of type. Failure may indicate that a value is read with other bits than memory has.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@bool = external global i1
@byte = external global i8
@odd = external global i17
@word = external global i32, align 4
@wide = external global i128
@half = external global half
@bfloat = external global bfloat
@float = external global float
@nan = external global float
@double = external global double
@extended = external global x86_fp80
@quad = external global fp128
@vector = external global <4 x i32>
@three = external global <3 x i32>
@mask = external global <3 x i1>
@array = external global [3 x i16]
@record = external global { i8, i32, double }
@packed = external global <{ i8, i32 }>
@nested = external global [2 x { i8, [1 x i32] }]
@zero = external global { ptr, [0 x i32] }
@empty = external global {}

define void @f() {
  %bool = load i1, ptr @bool
  %byte = load i8, ptr @byte
  %odd = load i17, ptr @odd
  %word = load i32, ptr @word
  %wide = load i128, ptr @wide
  %half = load half, ptr @half
  %bfloat = load bfloat, ptr @bfloat
  %float = load float, ptr @float
  %nan = load float, ptr @nan
  %double = load double, ptr @double
  %extended = load x86_fp80, ptr @extended
  %quad = load fp128, ptr @quad
  %vector = load <4 x i32>, ptr @vector
  %three = load <3 x i32>, ptr @three
  %mask = load <3 x i1>, ptr @mask
  %array = load [3 x i16], ptr @array
  %record = load { i8, i32, double }, ptr @record
  %packed = load <{ i8, i32 }>, ptr @packed
  %nested = load [2 x { i8, [1 x i32] }], ptr @nested
  %zero = load { ptr, [0 x i32] }, ptr @zero
  %empty = load {}, ptr @empty
  ret void
}

;; value bool
;; value byte
;; value odd
;; value word
;; value wide
;; value half
;; value bfloat
;; value float
;; value nan
;; value double
;; value extended
;; value quad
;; value vector
;; value three
;; value mask
;; value array
;; value record
;; value packed
;; value nested
;; value zero
;; value empty
;;
;; ; ModuleID = 'value-types'
;; source_filename = "value-types"
;; target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
;; target triple = "x86_64-unknown-linux-gnu"
;;
;; @bool = available_externally constant i1 true
;; @byte = available_externally constant i8 -1
;; @odd = available_externally constant i17 -1
;; @word = available_externally constant i32 42, align 4
;; @wide = available_externally constant i128 -170141183460469231731687303715884105727
;; @half = available_externally constant half 0xH3C00
;; @bfloat = available_externally constant bfloat 0xR3F80
;; @float = available_externally constant float 1.500000e+00
;; @nan = available_externally constant float 0x7FF4000020000000
;; @double = available_externally constant double 1.500000e+00
;; @extended = available_externally constant x86_fp80 0xK3FFFC000000000000000
;; @quad = available_externally constant fp128 0xL00000000000000003FFF000000000000
;; @vector = available_externally constant <4 x i32> <i32 1, i32 2, i32 3, i32 4>
;; @three = available_externally constant <3 x i32> <i32 1, i32 2, i32 3>
;; @mask = available_externally constant <3 x i1> <i1 true, i1 false, i1 true>
;; @array = available_externally constant [3 x i16] [i16 1, i16 2, i16 3]
;; @record = available_externally constant { i8, i32, double } { i8 1, i32 2, double 1.000000e+00 }
;; @packed = available_externally constant <{ i8, i32 }> <{ i8 1, i32 2 }>
;; @nested = available_externally constant [2 x { i8, [1 x i32] }] [{ i8, [1 x i32] } { i8 1, [1 x i32] [i32 2] }, { i8, [1 x i32] } { i8 3, [1 x i32] [i32 4] }]
;; @zero = available_externally constant { ptr, [0 x i32] } zeroinitializer
;; @empty = available_externally constant {} zeroinitializer
;;
;; define void @f() {
;;   %bool = load i1, ptr @bool, align 1
;;   %byte = load i8, ptr @byte, align 1
;;   %odd = load i17, ptr @odd, align 4
;;   %word = load i32, ptr @word, align 4
;;   %wide = load i128, ptr @wide, align 16
;;   %half = load half, ptr @half, align 2
;;   %bfloat = load bfloat, ptr @bfloat, align 2
;;   %float = load float, ptr @float, align 4
;;   %nan = load float, ptr @nan, align 4
;;   %double = load double, ptr @double, align 8
;;   %extended = load x86_fp80, ptr @extended, align 16
;;   %quad = load fp128, ptr @quad, align 16
;;   %vector = load <4 x i32>, ptr @vector, align 16
;;   %three = load <3 x i32>, ptr @three, align 16
;;   %mask = load <3 x i1>, ptr @mask, align 1
;;   %array = load [3 x i16], ptr @array, align 2
;;   %record = load { i8, i32, double }, ptr @record, align 8
;;   %packed = load <{ i8, i32 }>, ptr @packed, align 1
;;   %nested = load [2 x { i8, [1 x i32] }], ptr @nested, align 4
;;   %zero = load { ptr, [0 x i32] }, ptr @zero, align 8
;;   %empty = load {}, ptr @empty, align 1
;;   ret void
;; }
