;! test = "instrument"
; A body with a counter writes memory and may synchronise, so it no longer has the attributes that deny it; what callers
; were told of the stub stays. An alwaysinline function may have a counter: it is also called through its stub.
; A strictfp function makes strictfp calls.

declare i32 @pure(i32) memory(none)

define i32 @pure_baseline(i32 %x) memory(none) nosync nofree norecurse nounwind speculatable willreturn {
  %y = mul i32 %x, %x
  ret i32 %y
}

define linkonce_odr hidden void @inlined() alwaysinline comdat {
  ret void
}

define void @floats() strictfp {
  ret void
}

$inlined = comdat any

;; pure: skipped, declaration only
;; pure_baseline: counter pure.tjit.calls
;; inlined: counter inlined.tjit.calls
;; floats: counter floats.tjit.calls
;;
;; ; ModuleID = 'attributes'
;; source_filename = "attributes"
;;
;; $inlined = comdat any
;;
;; @pure.tjit.calls = hidden global i64 1000, align 8
;; @inlined.tjit.calls = hidden global i64 1000, align 8
;; @floats.tjit.calls = hidden global i64 1000, align 8
;;
;; ; Function Attrs: memory(none)
;; declare i32 @pure(i32) #0
;;
;; ; Function Attrs: nofree norecurse nounwind willreturn
;; define i32 @pure_baseline(i32 %x) #1 {
;; entry:
;;   %calls = load atomic i64, ptr @pure.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @pure.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %y = mul i32 %x, %x
;;   ret i32 %y
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @pure) #5
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: alwaysinline
;; define linkonce_odr hidden void @inlined() #2 comdat {
;; entry:
;;   %calls = load atomic i64, ptr @inlined.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @inlined.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @inlined) #5
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: strictfp
;; define void @floats() #3 {
;; entry:
;;   %calls = load atomic i64, ptr @floats.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @floats.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @floats) #6
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #4
;;
;; attributes #0 = { memory(none) }
;; attributes #1 = { nofree norecurse nounwind willreturn }
;; attributes #2 = { alwaysinline }
;; attributes #3 = { strictfp }
;; attributes #4 = { cold nounwind "gc-leaf-function" }
;; attributes #5 = { cold nounwind }
;; attributes #6 = { cold nounwind strictfp }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
