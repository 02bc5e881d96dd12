;! test = "reopt"
;! set = ["_ZGVZ3getvE1v"]
;! pipeline = "default<O3>"
;! [values]
;! _ZZ3getvE1v = "2a 00 00 00"
; The initialiser is the only code that writes the static. Failure may indicate that a static that is initialised once is not
; a constant afterwards.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@_ZZ3getvE1v = external global i32, align 4
@_ZGVZ3getvE1v = external global i64, align 8

define i32 @_Z3getv_optimized() {
entry:
  %set = load atomic i8, ptr @_ZGVZ3getvE1v acquire, align 8
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %check, label %end

check:
  %acquired = call i32 @__cxa_guard_acquire(ptr @_ZGVZ3getvE1v)
  %first = icmp ne i32 %acquired, 0
  br i1 %first, label %init, label %end

init:
  %new = call i32 @_Z7computev()
  store i32 %new, ptr @_ZZ3getvE1v, align 4
  call void @__cxa_guard_release(ptr @_ZGVZ3getvE1v)
  br label %end

end:
  %v = load i32, ptr @_ZZ3getvE1v, align 4
  ret i32 %v
}

declare i32 @_Z7computev()
declare i32 @__cxa_guard_acquire(ptr)
declare void @__cxa_guard_release(ptr)

;; guard _ZGVZ3getvE1v
;; value _ZZ3getvE1v
;;
;; ; ModuleID = 'value-after-guard'
;; source_filename = "value-after-guard"
;; target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
;; target triple = "x86_64-unknown-linux-gnu"
;;
;; ; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(none)
;; define noundef i32 @_Z3getv_optimized() local_unnamed_addr #0 {
;; entry:
;;   ret i32 42
;; }
;;
;; attributes #0 = { mustprogress nofree norecurse nosync nounwind willreturn memory(none) }
