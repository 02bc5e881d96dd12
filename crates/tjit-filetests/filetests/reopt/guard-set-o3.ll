;! test = "reopt"
;! set = ["_ZGVZ3getvE1v"]
;! pipeline = "default<O3>"
; Failure may indicate that optimised code still loads a guard that is set or calls the runtime for it.

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
;; ; ModuleID = 'guard-set-o3'
;; source_filename = "guard-set-o3"
;;
;; @_ZZ3getvE1v = external local_unnamed_addr global i32, align 4
;;
;; ; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(read, argmem: none, inaccessiblemem: none, target_mem0: none, target_mem1: none)
;; define i32 @_Z3getv_optimized() local_unnamed_addr #0 personality ptr @__gxx_personality_v0 {
;; entry:
;;   %v = load i32, ptr @_ZZ3getvE1v, align 4
;;   ret i32 %v
;; }
;;
;; declare i32 @__gxx_personality_v0(...)
;;
;; attributes #0 = { mustprogress nofree norecurse nosync nounwind willreturn memory(read, argmem: none, inaccessiblemem: none, target_mem0: none, target_mem1: none) }
