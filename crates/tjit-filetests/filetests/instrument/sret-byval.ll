;! test = "instrument"
; Parameter attributes of the body stay; a stub that is there already is used as it is.

%big = type { [8 x i64] }

define void @f_baseline(ptr dead_on_unwind noalias writable sret(%big) align 8 %result, ptr noundef byval(%big) align 8 %in) {
entry:
  %result.ptr = alloca ptr, align 8
  store ptr %result, ptr %result.ptr, align 8
  call void @llvm.memcpy.p0.p0.i64(ptr align 8 %result, ptr align 8 %in, i64 64, i1 false)
  ret void
}

declare void @f(ptr sret(%big), ptr byval(%big))
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)

;; f_baseline: counter f.tjit.calls
;; f: skipped, declaration only
;;
;; ; ModuleID = 'sret-byval'
;; source_filename = "sret-byval"
;;
;; %big = type { [8 x i64] }
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; define void @f_baseline(ptr dead_on_unwind noalias writable sret(%big) align 8 %result, ptr noundef byval(%big) align 8 %in) {
;; entry:
;;   %result.ptr = alloca ptr, align 8
;;   store ptr %result, ptr %result.ptr, align 8
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   call void @llvm.memcpy.p0.p0.i64(ptr align 8 %result, ptr align 8 %in, i64 64, i1 false)
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #2
;;   br label %old_entry
;; }
;;
;; declare void @f(ptr sret(%big), ptr byval(%big))
;;
;; ; Function Attrs: nocallback nofree nounwind willreturn memory(argmem: readwrite)
;; declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #0
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #1
;;
;; attributes #0 = { nocallback nofree nounwind willreturn memory(argmem: readwrite) }
;; attributes #1 = { cold nounwind "gc-leaf-function" }
;; attributes #2 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
