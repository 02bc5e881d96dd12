;! test = "instrument"
; A counter that is only declared is used: the embedder keeps the storage.

@f.tjit.calls = external hidden global i64, align 8

define void @f() {
  ret void
}

;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'counter-declared'
;; source_filename = "counter-declared"
;;
;; @f.tjit.calls = external hidden global i64, align 8
;;
;; define void @f() {
;; entry:
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   ret void
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
