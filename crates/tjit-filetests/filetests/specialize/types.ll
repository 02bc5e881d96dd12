;! test = "specialize"
;! [[functions]]
;! name = "all"
;! values = [
;!   { index = 0, int = 1 }, { index = 1, int = -1 }, { name = "wide", bits = "80000000000000000000000000000001" },
;!   { index = 3, float = -0.0 }, { index = 4, float = 0.5 }, { index = 5, bits = "7e00" }, { index = 6, bits = "3fff8000000000000000" },
;!   { index = 7, address = 0 }, { index = 8, address = 4096 }, { index = 9, function = "callback" }, { index = 10, function = "elsewhere" },
;! ]
; Values of all types that arguments are compared in. Failure may indicate a comparison of numbers instead of bits, or of what has
; no value.

declare void @callback()
declare void @use(...)

define void @all(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest) {
  call void (...) @use(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest)
  ret void
}

;; ; ModuleID = 'types'
;; source_filename = "types"
;;
;; @elsewhere = external global i8
;;
;; declare void @callback()
;;
;; declare void @use(...)
;;
;; define void @all(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest) {
;;   %1 = freeze i1 %flag
;;   %2 = icmp eq i1 %1, true
;;   %3 = and i1 true, %2
;;   %4 = freeze i32 %number
;;   %5 = icmp eq i32 %4, -1
;;   %6 = and i1 %3, %5
;;   %7 = freeze i128 %wide
;;   %8 = icmp eq i128 %7, -170141183460469231731687303715884105727
;;   %9 = and i1 %6, %8
;;   %10 = freeze float %single
;;   %11 = bitcast float %10 to i32
;;   %12 = icmp eq i32 %11, -2147483648
;;   %13 = and i1 %9, %12
;;   %14 = freeze double %double
;;   %15 = bitcast double %14 to i64
;;   %16 = icmp eq i64 %15, 4602678819172646912
;;   %17 = and i1 %13, %16
;;   %18 = freeze half %half
;;   %19 = bitcast half %18 to i16
;;   %20 = icmp eq i16 %19, 32256
;;   %21 = and i1 %17, %20
;;   %22 = freeze x86_fp80 %long
;;   %23 = bitcast x86_fp80 %22 to i80
;;   %24 = icmp eq i80 %23, 302222231531620438900736
;;   %25 = and i1 %21, %24
;;   %26 = freeze ptr %null
;;   %27 = icmp eq ptr %26, null
;;   %28 = and i1 %25, %27
;;   %29 = freeze ptr %place
;;   %30 = icmp eq ptr %29, inttoptr (i64 4096 to ptr)
;;   %31 = and i1 %28, %30
;;   %32 = freeze ptr %function
;;   %33 = icmp eq ptr %32, @callback
;;   %34 = and i1 %31, %33
;;   %35 = freeze ptr %other
;;   %36 = icmp eq ptr %35, @elsewhere
;;   %37 = and i1 %34, %36
;;   br i1 %37, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   musttail call void @all.special(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest)
;;   ret void
;;
;; general:                                          ; preds = %0
;;   musttail call void @all.general(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest)
;;   ret void
;; }
;;
;; define internal void @all.general(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest) {
;;   call void (...) @use(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest)
;;   ret void
;; }
;;
;; define internal void @all.special(i1 %flag, i32 %number, i128 %wide, float %single, double %double, half %half, x86_fp80 %long, ptr %null, ptr %place, ptr %function, ptr %other, i32 %rest) {
;;   call void (...) @use(i1 true, i32 -1, i128 -170141183460469231731687303715884105727, float -0.000000e+00, double 5.000000e-01, half 0xH7E00, x86_fp80 0xK3FFF8000000000000000, ptr null, ptr inttoptr (i64 4096 to ptr), ptr @callback, ptr @elsewhere, i32 %rest)
;;   ret void
;; }
