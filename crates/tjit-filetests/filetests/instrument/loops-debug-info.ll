;! test = "instrument"
;! loops = 1024
; The call has a source location, and what LLVM is told of the loop stays on its branch.

define void @f(i32 %n) !dbg !4 {
entry:
  br label %loop, !dbg !6
loop:
  %i = phi i32 [ 0, %entry ], [ %j, %loop ], !dbg !7
  %j = add nsw i32 %i, 1, !dbg !7
  %more = icmp slt i32 %j, %n, !dbg !7
  br i1 %more, label %loop, label %end, !dbg !7, !llvm.loop !8
end:
  ret void, !dbg !6
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2}
!0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "f.c", directory: "/")
!2 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "f", file: !1, line: 1, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !{null})
!6 = !DILocation(line: 1, scope: !4)
!7 = !DILocation(line: 2, scope: !4)
!8 = distinct !{!8, !9}
!9 = !{!"llvm.loop.unroll.disable"}

;; f: 1 loops
;;
;; ; ModuleID = 'loops-debug-info'
;; source_filename = "loops-debug-info"
;;
;; define void @f(i32 %n) !dbg !3 {
;; entry:
;;   %turns = alloca i32, align 4, !dbg !6
;;   store i32 1024, ptr %turns, align 4, !dbg !6
;;   br label %turn, !dbg !6
;;
;; turn:                                             ; preds = %entry, %loop
;;   %i = phi i32 [ 0, %entry ], [ %j, %loop ], !dbg !6
;;   %turns.now = load i32, ptr %turns, align 4, !dbg !6
;;   %turns.left = add i32 %turns.now, -1, !dbg !6
;;   store i32 %turns.left, ptr %turns, align 4, !dbg !6
;;   %turned1 = icmp sle i32 %turns.left, 0, !dbg !6
;;   br i1 %turned1, label %turned, label %loop, !dbg !6, !prof !7
;;
;; loop:                                             ; preds = %turned, %turn
;;   %j = add nsw i32 %i, 1, !dbg !8
;;   %more = icmp slt i32 %j, %n, !dbg !8
;;   br i1 %more, label %turn, label %end, !dbg !6, !llvm.loop !9
;;
;; end:                                              ; preds = %loop
;;   ret void, !dbg !6
;;
;; turned:                                           ; preds = %turn
;;   call void @optimize_loop(ptr @f, i32 0, i32 1024) #1, !dbg !6
;;   store i32 1024, ptr %turns, align 4, !dbg !6
;;   br label %loop, !dbg !6
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_loop(ptr, i32, i32) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !llvm.dbg.cu = !{!0}
;; !llvm.module.flags = !{!2}
;;
;; !0 = distinct !DICompileUnit(language: DW_LANG_C99, file: !1, isOptimized: false, runtimeVersion: 0, emissionKind: FullDebug)
;; !1 = !DIFile(filename: "f.c", directory: "/")
;; !2 = !{i32 2, !"Debug Info Version", i32 3}
;; !3 = distinct !DISubprogram(name: "f", scope: null, file: !1, line: 1, type: !4, spFlags: DISPFlagDefinition, unit: !0)
;; !4 = !DISubroutineType(types: !5)
;; !5 = !{null}
;; !6 = !DILocation(line: 1, scope: !3)
;; !7 = !{!"branch_weights", i32 1, i32 1048575}
;; !8 = !DILocation(line: 2, scope: !3)
;; !9 = distinct !{!9, !10}
;; !10 = !{!"llvm.loop.unroll.disable"}
