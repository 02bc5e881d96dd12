;! test = "instrument"
; The block behind the entry is a loop header whose phi names the old entry block. An entry block itself cannot be a loop
; header: LLVM's verifier rejects it.

define i32 @f(i32 %n) {
first:
  br label %loop
loop:
  %i = phi i32 [ 0, %first ], [ %next, %loop ]
  %next = add i32 %i, 1
  %again = icmp slt i32 %next, %n
  br i1 %again, label %loop, label %done
done:
  ret i32 %next
}

;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'loop-at-entry'
;; source_filename = "loop-at-entry"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; define i32 @f(i32 %n) {
;; entry:
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   br label %loop
;;
;; loop:                                             ; preds = %loop, %old_entry
;;   %i = phi i32 [ 0, %old_entry ], [ %next, %loop ]
;;   %next = add i32 %i, 1
;;   %again = icmp slt i32 %next, %n
;;   br i1 %again, label %loop, label %done
;;
;; done:                                             ; preds = %loop
;;   ret i32 %next
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
