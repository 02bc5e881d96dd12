;! test = "instrument"
; The entry block ends in an invoke: it is the old block that ends in it, and the landing pad stays as it is.

declare void @may_throw()
declare i32 @__gxx_personality_v0(...)

define i32 @f() personality ptr @__gxx_personality_v0 {
entry:
  %slot = alloca ptr, align 8
  invoke void @may_throw() to label %ok unwind label %pad
ok:
  ret i32 0
pad:
  %caught = landingpad { ptr, i32 } catch ptr null
  %object = extractvalue { ptr, i32 } %caught, 0
  store ptr %object, ptr %slot, align 8
  ret i32 1
}

;; may_throw: skipped, declaration only
;; __gxx_personality_v0: skipped, declaration only
;; f: counter f.tjit.calls
;;
;; ; ModuleID = 'invoke'
;; source_filename = "invoke"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;;
;; declare void @may_throw()
;;
;; declare i32 @__gxx_personality_v0(...)
;;
;; define i32 @f() personality ptr @__gxx_personality_v0 {
;; entry:
;;   %slot = alloca ptr, align 8
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   invoke void @may_throw()
;;           to label %ok unwind label %pad
;;
;; ok:                                               ; preds = %old_entry
;;   ret i32 0
;;
;; pad:                                              ; preds = %old_entry
;;   %caught = landingpad { ptr, i32 }
;;           catch ptr null
;;   %object = extractvalue { ptr, i32 } %caught, 0
;;   store ptr %object, ptr %slot, align 8
;;   ret i32 1
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
