;! test = "instrument"
; Static allocas stay in the entry block wherever they stood in it; dynamic ones stay where they are.
; Failure may indicate that an alloca became dynamic, and so that frames grow.

declare void @use(ptr, ptr, ptr, ptr)
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)

define void @f(i64 %n) {
entry:
  %a = alloca [4 x i32], align 16
  %saved = call ptr @llvm.stacksave.p0()
  %dynamic = alloca i8, i64 %n, align 16
  %late = alloca i64, i32 2, align 8
  %0 = alloca inalloca i64, align 8
  %later = alloca <4 x float>, align 16
  call void @use(ptr %a, ptr %dynamic, ptr %late, ptr %later)
  call void @llvm.stackrestore.p0(ptr %saved)
  ret void
}

;; use: skipped, declaration only
;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'allocas'
;; source_filename = "allocas"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; declare void @use(ptr, ptr, ptr, ptr)
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare ptr @llvm.stacksave.p0() #0
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.stackrestore.p0(ptr) #0
;;
;; define void @f(i64 %n) {
;; entry:
;;   %a = alloca [4 x i32], align 16
;;   %late = alloca i64, i32 2, align 8
;;   %later = alloca <4 x float>, align 16
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %saved = call ptr @llvm.stacksave.p0()
;;   %dynamic = alloca i8, i64 %n, align 16
;;   %0 = alloca inalloca i64, align 8
;;   call void @use(ptr %a, ptr %dynamic, ptr %late, ptr %later)
;;   call void @llvm.stackrestore.p0(ptr %saved)
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #2
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #1
;;
;; attributes #0 = { nocallback nofree nosync nounwind willreturn }
;; attributes #1 = { cold nounwind "gc-leaf-function" }
;; attributes #2 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
