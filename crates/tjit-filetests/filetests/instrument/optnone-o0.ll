;! test = "instrument"
;! optnone_from_module = true
; Where all functions but alwaysinline and naked ones are optnone, it is the mark of clang -O0 and not a wish.

define void @f() noinline optnone {
  ret void
}

define void @g() alwaysinline {
  ret void
}

;; f: counter f.tjit.calls
;; g: counter g.tjit.calls
;;
;; ; ModuleID = 'optnone-o0'
;; source_filename = "optnone-o0"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;; @g.tjit.calls = hidden global i64 1000, align 8
;;
;; ; Function Attrs: noinline optnone
;; define void @f() #0 {
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
;;   call void @optimize_function(ptr @f) #3
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: alwaysinline
;; define void @g() #1 {
;; entry:
;;   %calls = load atomic i64, ptr @g.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @g.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @g) #3
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #2
;;
;; attributes #0 = { noinline optnone }
;; attributes #1 = { alwaysinline }
;; attributes #2 = { cold nounwind "gc-leaf-function" }
;; attributes #3 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
