;! test = "instrument"
; The call of the trip function has a source location in the function's own scope; variables and the locations of moved
; instructions stay. A function with a subprogram but no location gets a call without one.

define i32 @f(i32 %x) !dbg !4 {
entry:
  %x.addr = alloca i32, align 4
  store i32 %x, ptr %x.addr, align 4
    #dbg_declare(ptr %x.addr, !8, !DIExpression(), !9)
  %v = load i32, ptr %x.addr, align 4, !dbg !11
  %r = add nsw i32 %v, 1, !dbg !12
  ret i32 %r, !dbg !12
}

define void @empty() !dbg !13 {
  ret void
}

!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!2, !3}

!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, emissionKind: FullDebug)
!1 = !DIFile(filename: "f.c", directory: "/src")
!2 = !{i32 7, !"Dwarf Version", i32 5}
!3 = !{i32 2, !"Debug Info Version", i32 3}
!4 = distinct !DISubprogram(name: "f", scope: !1, file: !1, line: 1, type: !5, unit: !0, retainedNodes: !7, spFlags: DISPFlagDefinition)
!5 = !DISubroutineType(types: !6)
!6 = !{}
!7 = !{!8}
!8 = !DILocalVariable(name: "x", arg: 1, scope: !4, file: !1, line: 1, type: !14)
!9 = !DILocation(line: 1, column: 11, scope: !4)
!10 = distinct !DILexicalBlock(scope: !4, file: !1, line: 2)
!11 = !DILocation(line: 2, column: 3, scope: !10)
!12 = !DILocation(line: 3, column: 5, scope: !4)
!13 = distinct !DISubprogram(name: "empty", scope: !1, file: !1, line: 5, type: !5, unit: !0, spFlags: DISPFlagDefinition)
!14 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)

;; f: counter f.tjit.calls
;; empty: counter empty.tjit.calls
;;
;; ; ModuleID = 'debug-info'
;; source_filename = "debug-info"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;; @empty.tjit.calls = hidden global i64 1000, align 8
;;
;; define i32 @f(i32 %x) !dbg !4 {
;; entry:
;;   %x.addr = alloca i32, align 4
;;   store i32 %x, ptr %x.addr, align 4
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !10
;;
;; old_entry:                                        ; preds = %trip, %entry
;;     #dbg_declare(ptr %x.addr, !8, !DIExpression(), !11)
;;   %v = load i32, ptr %x.addr, align 4, !dbg !12
;;   %r = add nsw i32 %v, 1, !dbg !14
;;   ret i32 %r, !dbg !14
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #1, !dbg !14
;;   br label %old_entry
;; }
;;
;; define void @empty() !dbg !15 {
;; entry:
;;   %calls = load atomic i64, ptr @empty.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @empty.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !10
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @empty) #1
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !llvm.dbg.cu = !{!0}
;; !llvm.module.flags = !{!2, !3}
;;
;; !0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, isOptimized: false, runtimeVersion: 0, emissionKind: FullDebug)
;; !1 = !DIFile(filename: "f.c", directory: "/src")
;; !2 = !{i32 7, !"Dwarf Version", i32 5}
;; !3 = !{i32 2, !"Debug Info Version", i32 3}
;; !4 = distinct !DISubprogram(name: "f", scope: !1, file: !1, line: 1, type: !5, spFlags: DISPFlagDefinition, unit: !0, retainedNodes: !7)
;; !5 = !DISubroutineType(types: !6)
;; !6 = !{}
;; !7 = !{!8}
;; !8 = !DILocalVariable(name: "x", arg: 1, scope: !4, file: !1, line: 1, type: !9)
;; !9 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
;; !10 = !{!"branch_weights", i32 1, i32 1048575}
;; !11 = !DILocation(line: 1, column: 11, scope: !4)
;; !12 = !DILocation(line: 2, column: 3, scope: !13)
;; !13 = distinct !DILexicalBlock(scope: !4, file: !1, line: 2)
;; !14 = !DILocation(line: 3, column: 5, scope: !4)
;; !15 = distinct !DISubprogram(name: "empty", scope: !1, file: !1, line: 5, type: !5, spFlags: DISPFlagDefinition, unit: !0)
