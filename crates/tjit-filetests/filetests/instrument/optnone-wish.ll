;! test = "instrument"
;! optnone_from_module = true
; Where another function could be optnone and is not, a programmer wrote the attribute.

define void @f() noinline optnone {
  ret void
}

define void @g() {
  ret void
}

;; f: skipped, marked optnone
;; g: counter g.tjit.calls
;;
;; ; ModuleID = 'optnone-wish'
;; source_filename = "optnone-wish"
;;
;; @g.tjit.calls = hidden global i64 1000, align 8
;;
;; ; Function Attrs: noinline optnone
;; define void @f() #0 {
;;   ret void
;; }
;;
;; define void @g() {
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
;;   call void @optimize_function(ptr @g) #2
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #1
;;
;; attributes #0 = { noinline optnone }
;; attributes #1 = { cold nounwind "gc-leaf-function" }
;; attributes #2 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
