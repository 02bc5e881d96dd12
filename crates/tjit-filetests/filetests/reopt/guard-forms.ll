;! test = "reopt"
;! set = ["_ZGVZ5plainvE1x", "_ZGVZ4slowvE1x", "_ZGVZ3armvE1x", "_ZGVZ4copyvE1x.HASH"]
; The forms that checks of guards have. Failure may indicate that one of them is not recognised.

@_ZGVZ5plainvE1x = external global i8, align 1
@_ZGVZ4slowvE1x = external global i64, align 8
@_ZGVZ3armvE1x = external global i32, align 4
@_ZGVZ4copyvE1x.HASH = external global i64, align 8

; -fno-threadsafe-statics
define void @plain() {
  %set = load i8, ptr @_ZGVZ5plainvE1x, align 1
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %init, label %end
init:
  call void @compute()
  store i8 1, ptr @_ZGVZ5plainvE1x, align 1
  br label %end
end:
  ret void
}

; No check before the call.
define void @slow() {
  %acquired = call i32 @__cxa_guard_acquire(ptr @_ZGVZ4slowvE1x)
  %first = icmp ne i32 %acquired, 0
  br i1 %first, label %init, label %end
init:
  call void @compute()
  call void @__cxa_guard_release(ptr @_ZGVZ4slowvE1x)
  br label %end
end:
  ret void
}

; The ABI of ARM asks for bit 0.
define void @arm() {
  %set = load atomic i8, ptr @_ZGVZ3armvE1x acquire, align 4
  %bit = and i8 %set, 1
  %unset = icmp eq i8 %bit, 0
  br i1 %unset, label %init, label %end
init:
  call void @compute()
  br label %end
end:
  ret void
}

; A copy to inline.
define available_externally void @copy() {
  %set = load atomic i8, ptr @_ZGVZ4copyvE1x.HASH acquire, align 8
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %init, label %end
init:
  call void @compute()
  br label %end
end:
  ret void
}

declare void @compute()
declare i32 @__cxa_guard_acquire(ptr)
declare void @__cxa_guard_release(ptr)

;; guard _ZGVZ5plainvE1x
;; guard _ZGVZ4slowvE1x
;; guard _ZGVZ3armvE1x
;; guard _ZGVZ4copyvE1x.HASH
;;
;; ; ModuleID = 'guard-forms'
;; source_filename = "guard-forms"
;;
;; @_ZGVZ5plainvE1x = external global i8, align 1
;; @_ZGVZ4slowvE1x = external global i64, align 8
;; @_ZGVZ3armvE1x = external global i32, align 4
;; @_ZGVZ4copyvE1x.HASH = external global i64, align 8
;;
;; define void @plain() {
;;   br label %end
;;
;; end:                                              ; preds = %0
;;   ret void
;; }
;;
;; define void @slow() {
;;   br label %end
;;
;; end:                                              ; preds = %0
;;   ret void
;; }
;;
;; define void @arm() {
;;   br label %end
;;
;; end:                                              ; preds = %0
;;   ret void
;; }
;;
;; define available_externally void @copy() {
;;   br label %end
;;
;; end:                                              ; preds = %0
;;   ret void
;; }
;;
;; declare void @compute()
;;
;; declare i32 @__cxa_guard_acquire(ptr)
;;
;; declare void @__cxa_guard_release(ptr)
