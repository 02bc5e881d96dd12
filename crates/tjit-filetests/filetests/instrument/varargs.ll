;! test = "instrument"
; The stub is declared with the type of the body.

declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_end.p0(ptr)

define i32 @sum_baseline(i32 %n, ...) {
entry:
  %n.addr = alloca i32, align 4
  %args = alloca [24 x i8], align 16
  store i32 %n, ptr %n.addr, align 4
  call void @llvm.va_start.p0(ptr %args)
  %first = va_arg ptr %args, i32
  call void @llvm.va_end.p0(ptr %args)
  ret i32 %first
}

;; sum_baseline: counter sum.tjit.calls
;;
;; ; ModuleID = 'varargs'
;; source_filename = "varargs"
;;
;; @sum.tjit.calls = hidden global i64 1000, align 8
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.va_start.p0(ptr) #0
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.va_end.p0(ptr) #0
;;
;; define i32 @sum_baseline(i32 %n, ...) {
;; entry:
;;   %n.addr = alloca i32, align 4
;;   %args = alloca [24 x i8], align 16
;;   store i32 %n, ptr %n.addr, align 4
;;   %calls = load atomic i64, ptr @sum.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @sum.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   call void @llvm.va_start.p0(ptr %args)
;;   %first = va_arg ptr %args, i32
;;   call void @llvm.va_end.p0(ptr %args)
;;   ret i32 %first
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @sum) #2
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #1
;;
;; declare i32 @sum(i32, ...)
;;
;; attributes #0 = { nocallback nofree nosync nounwind willreturn }
;; attributes #1 = { cold nounwind "gc-leaf-function" }
;; attributes #2 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
