;! test = "instrument"
; The convergence token of a function must be made in its entry block and is moved there.

declare token @llvm.experimental.convergence.entry()
declare void @sync() convergent

define void @f(i32 %x) convergent {
start:
  %x.addr = alloca i32, align 4
  store i32 %x, ptr %x.addr, align 4
  %token = call token @llvm.experimental.convergence.entry()
  call void @sync() [ "convergencectrl"(token %token) ]
  ret void
}

;; sync: skipped, declaration only
;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'tokens'
;; source_filename = "tokens"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; ; Function Attrs: convergent nocallback nofree nosync nounwind willreturn memory(none)
;; declare token @llvm.experimental.convergence.entry() #0
;;
;; ; Function Attrs: convergent
;; declare void @sync() #1
;;
;; ; Function Attrs: convergent
;; define void @f(i32 %x) #1 {
;; entry:
;;   %x.addr = alloca i32, align 4
;;   store i32 %x, ptr %x.addr, align 4
;;   %0 = call token @llvm.experimental.convergence.entry()
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   call void @sync() [ "convergencectrl"(token %0) ]
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #3
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #2
;;
;; attributes #0 = { convergent nocallback nofree nosync nounwind willreturn memory(none) }
;; attributes #1 = { convergent }
;; attributes #2 = { cold nounwind "gc-leaf-function" }
;; attributes #3 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
