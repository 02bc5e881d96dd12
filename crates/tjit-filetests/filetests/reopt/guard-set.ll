;! test = "reopt"
;! set = ["_ZGVZ3getvE1v"]
; Failure may indicate that an initialised static local is still checked.

@_ZZ3getvE1v = external global i32, align 4
@_ZGVZ3getvE1v = external global i64, align 8

define i32 @_Z3getv_optimized() personality ptr @__gxx_personality_v0 {
entry:
  %set = load atomic i8, ptr @_ZGVZ3getvE1v acquire, align 8
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %check, label %end, !prof !0

check:
  %acquired = call i32 @__cxa_guard_acquire(ptr @_ZGVZ3getvE1v)
  %first = icmp ne i32 %acquired, 0
  br i1 %first, label %init, label %end

init:
  %new = invoke i32 @_Z7computev()
          to label %store unwind label %abort

store:
  store i32 %new, ptr @_ZZ3getvE1v, align 4
  call void @__cxa_guard_release(ptr @_ZGVZ3getvE1v)
  br label %end

end:
  %v = load i32, ptr @_ZZ3getvE1v, align 4
  ret i32 %v

abort:
  %exception = landingpad { ptr, i32 } cleanup
  call void @__cxa_guard_abort(ptr @_ZGVZ3getvE1v)
  resume { ptr, i32 } %exception
}

declare i32 @_Z7computev()
declare i32 @__gxx_personality_v0(...)
declare i32 @__cxa_guard_acquire(ptr)
declare void @__cxa_guard_release(ptr)
declare void @__cxa_guard_abort(ptr)

!0 = !{!"branch_weights", i32 1, i32 1048575}

;; guard _ZGVZ3getvE1v
;;
;; ; ModuleID = 'guard-set'
;; source_filename = "guard-set"
;;
;; @_ZZ3getvE1v = external global i32, align 4
;; @_ZGVZ3getvE1v = external global i64, align 8
;;
;; define i32 @_Z3getv_optimized() personality ptr @__gxx_personality_v0 {
;; entry:
;;   br label %end
;;
;; end:                                              ; preds = %entry
;;   %v = load i32, ptr @_ZZ3getvE1v, align 4
;;   ret i32 %v
;; }
;;
;; declare i32 @_Z7computev()
;;
;; declare i32 @__gxx_personality_v0(...)
;;
;; declare i32 @__cxa_guard_acquire(ptr)
;;
;; declare void @__cxa_guard_release(ptr)
;;
;; declare void @__cxa_guard_abort(ptr)
