;! test = "instrument"
; Computed goto: addresses of blocks stay those of the same blocks.

@table = internal constant [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]

define i32 @f(i64 %i) {
start:
  %slot = getelementptr [2 x ptr], ptr @table, i64 0, i64 %i
  %target = load ptr, ptr %slot, align 8
  indirectbr ptr %target, [label %one, label %two]
one:
  ret i32 1
two:
  ret i32 2
}

;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'blockaddress'
;; source_filename = "blockaddress"
;;
;; @table = internal constant [2 x ptr] [ptr blockaddress(@f, %one), ptr blockaddress(@f, %two)]
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; define i32 @f(i64 %i) {
;; entry:
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %slot = getelementptr [2 x ptr], ptr @table, i64 0, i64 %i
;;   %target = load ptr, ptr %slot, align 8
;;   indirectbr ptr %target, [label %one, label %two]
;;
;; one:                                              ; preds = %old_entry
;;   ret i32 1
;;
;; two:                                              ; preds = %old_entry
;;   ret i32 2
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
