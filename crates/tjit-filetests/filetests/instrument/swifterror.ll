;! test = "instrument"
; swifterror values may only be loaded, stored and passed on.

declare swiftcc void @callee(ptr swiftself, ptr swifterror)

define swiftcc ptr @f(ptr swiftself %self, ptr swifterror %error) {
  %own = alloca swifterror ptr, align 8
  store ptr null, ptr %own, align 8
  call swiftcc void @callee(ptr swiftself %self, ptr swifterror %own)
  %value = load ptr, ptr %own, align 8
  store ptr %value, ptr %error, align 8
  ret ptr %self
}

;; callee: skipped, declaration only
;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'swifterror'
;; source_filename = "swifterror"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; declare swiftcc void @callee(ptr swiftself, ptr swifterror)
;;
;; define swiftcc ptr @f(ptr swiftself %self, ptr swifterror %error) {
;; entry:
;;   %own = alloca swifterror ptr, align 8
;;   store ptr null, ptr %own, align 8
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   call swiftcc void @callee(ptr swiftself %self, ptr swifterror %own)
;;   %value = load ptr, ptr %own, align 8
;;   store ptr %value, ptr %error, align 8
;;   ret ptr %self
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
