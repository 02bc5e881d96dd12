;! test = "instrument"
; In a function with a garbage collector the call is no safepoint: the trip function is marked as a leaf.

define ptr addrspace(1) @f(ptr addrspace(1) %object) gc "statepoint-example" {
  ret ptr addrspace(1) %object
}

;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'gc'
;; source_filename = "gc"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; define ptr addrspace(1) @f(ptr addrspace(1) %object) gc "statepoint-example" {
;; entry:
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   ret ptr addrspace(1) %object
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #1
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
