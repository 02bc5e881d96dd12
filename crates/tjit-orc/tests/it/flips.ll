; A bit of everything that a bitcode reader has to decode.

source_filename = "flips.c"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

%struct.point = type { i32, double, [2 x ptr] }

$inline = comdat any

@counter = internal global i32 0, align 4
@text = private unnamed_addr constant [10 x i8] c"%s %d %f\0A\00", align 1
@names = internal constant [3 x ptr] [ptr @text, ptr getelementptr (i8, ptr @text, i64 3), ptr null]
@alias = alias i32, ptr @counter
@llvm.used = appending global [1 x ptr] [ptr @counter], section "llvm.metadata"

declare i32 @printf(ptr, ...)
declare i32 @__gxx_personality_v0(...)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

define linkonce_odr i32 @inline(i32 %x) comdat {
  %y = mul nsw i32 %x, 37
  ret i32 %y
}

define i32 @next(ptr %p) #0 {
  %old = load i32, ptr @counter, align 4, !tbaa !4
  %new = add nsw i32 %old, 1
  store i32 %new, ptr @counter, align 4, !tbaa !4
  %x = load i32, ptr %p, align 8, !tbaa !8
  %sum = add i32 %x, %new
  store i32 %sum, ptr %p, align 8, !tbaa !8
  ret i32 %sum
}

define i32 @main(i32 %argc, ptr %argv) personality ptr @__gxx_personality_v0 {
entry:
  %p = alloca %struct.point, align 8
  %q = getelementptr inbounds %struct.point, ptr %p, i64 0, i32 2, i64 1
  store ptr %argv, ptr %q
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %more, %normal ]
  %f = phi double [ 5.000000e-01, %entry ], [ %g, %normal ]
  %fi = sitofp i32 %i to double
  %g = fmul fast double %f, %fi
  %n = invoke i32 @next(ptr %p) to label %normal unwind label %bad
normal:
  %r = call i32 (ptr, ...) @printf(ptr @text, ptr null, i32 %n, double %g)
  %more = add nuw nsw i32 %i, 1
  %done = icmp eq i32 %more, 3
  br i1 %done, label %exit, label %loop, !prof !1, !llvm.loop !2
bad:
  %pad = landingpad { ptr, i32 } cleanup catch ptr null
  resume { ptr, i32 } %pad
exit:
  %w = call i32 asm "bswap $0", "=r,0"(i32 %n)
  %old = atomicrmw add ptr @counter, i32 %w seq_cst
  switch i32 %old, label %other [ i32 1, label %one
                                  i32 7, label %seven ]
one:
  ret i32 3
seven:
  ret i32 4
other:
  %t = fptosi double %g to i32
  ret i32 %t
}

attributes #0 = { noinline nounwind uwtable "frame-pointer"="all" "target-cpu"="x86-64" }

!llvm.module.flags = !{!0}
!0 = !{i32 1, !"wchar_size", i32 4}
!1 = !{!"branch_weights", i32 1, i32 31}
!2 = distinct !{!2, !3}
!3 = !{!"llvm.loop.mustprogress"}
!4 = !{!5, !5, i64 0}
!5 = !{!"int", !6, i64 0}
!6 = !{!"omnipotent char", !7, i64 0}
!7 = !{!"Simple C/C++ TBAA"}
!8 = !{!9, !5, i64 0}
!9 = !{!"point", !5, i64 0, !10, i64 8}
!10 = !{!"double", !6, i64 0}
