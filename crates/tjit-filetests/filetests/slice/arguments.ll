;! test = "slice"
;! baseline = ["sum", "aggregates", "wide"]
; Failure may indicate that a signature loses how an argument is passed.

%pair = type { i64, double }

define i64 @sum(i32 %n, ...) {
  %list = alloca [24 x i8], align 8
  call void @llvm.va_start.p0(ptr %list)
  %copy = alloca [24 x i8], align 8
  call void @llvm.va_copy.p0(ptr %copy, ptr %list)
  %x = va_arg ptr %copy, i64
  call void @llvm.va_end.p0(ptr %list)
  ret i64 %x
}

define void @aggregates(ptr sret(%pair) align 8 %result, ptr byval(%pair) align 16 %in, i8 signext %c, ptr inreg %r) {
  call void (ptr, ptr, i8, ptr) @aggregates(ptr sret(%pair) align 8 %result, ptr byval(%pair) align 16 %in, i8 signext %c, ptr inreg null)
  %s = call i64 (i32, ...) @sum(i32 1, i64 2, ptr byval(%pair) align 8 %in, x86_fp80 0xK3FFF8000000000000000)
  ret void
}

define fastcc { i128, x86_fp80 } @wide(i128 %a, x86_fp80 %b, <8 x float> %v, <16 x i32> %w) #0 {
  %r = call fastcc { i128, x86_fp80 } @wide(i128 %a, x86_fp80 %b, <8 x float> %v, <16 x i32> %w)
  ret { i128, x86_fp80 } %r
}

declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_copy.p0(ptr, ptr)
declare void @llvm.va_end.p0(ptr)

attributes #0 = { "target-features"="+avx512f" "min-legal-vector-width"="512" }

;; ; ModuleID = 'sum_baseline'
;; source_filename = "arguments"
;;
;; %pair = type { i64, double }
;;
;; define dso_local i64 @sum_baseline(i32 %n, ...) {
;;   %list = alloca [24 x i8], align 8
;;   call void @llvm.va_start.p0(ptr %list)
;;   %copy = alloca [24 x i8], align 8
;;   call void @llvm.va_copy.p0(ptr %copy, ptr %list)
;;   %x = va_arg ptr %copy, i64
;;   call void @llvm.va_end.p0(ptr %list)
;;   ret i64 %x
;; }
;;
;; define dso_local void @aggregates_baseline(ptr sret(%pair) align 8 %result, ptr byval(%pair) align 16 %in, i8 signext %c, ptr inreg %r) {
;;   call void @aggregates(ptr sret(%pair) align 8 %result, ptr byval(%pair) align 16 %in, i8 signext %c, ptr inreg null)
;;   %s = call i64 (i32, ...) @sum(i32 1, i64 2, ptr byval(%pair) align 8 %in, x86_fp80 0xK3FFF8000000000000000)
;;   ret void
;; }
;;
;; define dso_local fastcc { i128, x86_fp80 } @wide_baseline(i128 %a, x86_fp80 %b, <8 x float> %v, <16 x i32> %w) #0 {
;;   %r = call fastcc { i128, x86_fp80 } @wide(i128 %a, x86_fp80 %b, <8 x float> %v, <16 x i32> %w)
;;   ret { i128, x86_fp80 } %r
;; }
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.va_start.p0(ptr) #1
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.va_copy.p0(ptr, ptr) #1
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.va_end.p0(ptr) #1
;;
;; declare void @aggregates(ptr sret(%pair) align 8, ptr byval(%pair) align 16, i8 signext, ptr inreg)
;;
;; declare i64 @sum(i32, ...)
;;
;; declare fastcc { i128, x86_fp80 } @wide(i128, x86_fp80, <8 x float>, <16 x i32>) #0
;;
;; attributes #0 = { "min-legal-vector-width"="512" "target-features"="+avx512f" }
;; attributes #1 = { nocallback nofree nosync nounwind willreturn }
;;
;; !llvm.dbg.cu = !{}
