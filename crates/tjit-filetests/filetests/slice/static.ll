;! test = "slice"
;! unit = "next()"
;! host = ["__cxa_guard_acquire", "__cxa_guard_release", "__cxa_guard_abort", "make"]
; Failure may indicate that a recompile has a static local or a guard of its own, so that the initialiser runs again.

@_ZZ4nextvE1n = internal global i32 0, align 4
@_ZGVZ4nextvE1n = internal global i64 0, align 8

define i32 @_Z4nextv() personality ptr @__gxx_personality_v0 {
entry:
  %set = load atomic i8, ptr @_ZGVZ4nextvE1n acquire, align 8
  %initialized = icmp ne i8 %set, 0
  br i1 %initialized, label %done, label %check
check:
  %mine = call i32 @__cxa_guard_acquire(ptr @_ZGVZ4nextvE1n)
  %first = icmp ne i32 %mine, 0
  br i1 %first, label %make, label %done
make:
  %value = invoke i32 @make() to label %made unwind label %failed
made:
  store i32 %value, ptr @_ZZ4nextvE1n
  call void @__cxa_guard_release(ptr @_ZGVZ4nextvE1n)
  br label %done
failed:
  %exception = landingpad { ptr, i32 } cleanup
  call void @__cxa_guard_abort(ptr @_ZGVZ4nextvE1n)
  resume { ptr, i32 } %exception
done:
  %n = load i32, ptr @_ZZ4nextvE1n
  ret i32 %n
}

declare i32 @__gxx_personality_v0(...)
declare i32 @__cxa_guard_acquire(ptr)
declare void @__cxa_guard_release(ptr)
declare void @__cxa_guard_abort(ptr)
declare i32 @make()

;; ; ModuleID = '_Z4nextv_optimized'
;; source_filename = "static"
;;
;; @_ZGVZ4nextvE1n.HASH = external global i64, align 8
;; @_ZZ4nextvE1n.HASH = external global i32, align 4
;;
;; define dso_local i32 @_Z4nextv_optimized() personality ptr @__gxx_personality_v0 {
;; entry:
;;   %set = load atomic i8, ptr @_ZGVZ4nextvE1n.HASH acquire, align 8
;;   %initialized = icmp ne i8 %set, 0
;;   br i1 %initialized, label %done, label %check
;;
;; check:                                            ; preds = %entry
;;   %mine = call i32 @__cxa_guard_acquire(ptr @_ZGVZ4nextvE1n.HASH)
;;   %first = icmp ne i32 %mine, 0
;;   br i1 %first, label %make, label %done
;;
;; make:                                             ; preds = %check
;;   %value = invoke i32 @make()
;;           to label %made unwind label %failed
;;
;; made:                                             ; preds = %make
;;   store i32 %value, ptr @_ZZ4nextvE1n.HASH, align 4
;;   call void @__cxa_guard_release(ptr @_ZGVZ4nextvE1n.HASH)
;;   br label %done
;;
;; failed:                                           ; preds = %make
;;   %exception = landingpad { ptr, i32 }
;;           cleanup
;;   call void @__cxa_guard_abort(ptr @_ZGVZ4nextvE1n.HASH)
;;   resume { ptr, i32 } %exception
;;
;; done:                                             ; preds = %made, %check, %entry
;;   %n = load i32, ptr @_ZZ4nextvE1n.HASH, align 4
;;   ret i32 %n
;; }
;;
;; declare i32 @__gxx_personality_v0(...)
;;
;; declare i32 @__cxa_guard_acquire(ptr)
;;
;; declare i32 @make()
;;
;; declare void @__cxa_guard_release(ptr)
;;
;; declare void @__cxa_guard_abort(ptr)
