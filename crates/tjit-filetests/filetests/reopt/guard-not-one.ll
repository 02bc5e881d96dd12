;! test = "reopt"
;! set = ["_ZGVZ3tlsvE1x", "_ZGVZ8volatilevE1x", "_ZGVZ8emulatedvE1x", "__tls_guard", "_ZGVbN2v_sin", "_ZGVZ5widervE1x"]
; What is called like a guard that is set and is none, or is used in other ways. Failure may indicate that threads share a
; guard, or that bytes which are the runtime library's are guessed.

@_ZGVZ3tlsvE1x = external thread_local global i8, align 1
@_ZGVZ8volatilevE1x = external global i64, align 8
@_ZGVZ8emulatedvE1x = external global { i64, i64, ptr, ptr }
@__tls_guard = external global i8
@_ZGVZ5widervE1x = external global i64

define i8 @f() {
  %tls = load i8, ptr @_ZGVZ3tlsvE1x
  %volatile = load volatile i8, ptr @_ZGVZ8volatilevE1x
  %emulated = call ptr @__emutls_get_address(ptr @_ZGVZ8emulatedvE1x)
  %copy = load i8, ptr %emulated
  %first = load i8, ptr @__tls_guard
  %wider = load i64, ptr @_ZGVZ5widervE1x
  %second = load i8, ptr getelementptr inbounds (i8, ptr @_ZGVZ5widervE1x, i64 1)
  %sin = call <2 x double> @_ZGVbN2v_sin(<2 x double> zeroinitializer)
  %sum = add i8 %tls, %volatile
  %sum2 = add i8 %sum, %copy
  %sum3 = add i8 %sum2, %first
  %sum4 = add i8 %sum3, %second
  %truncated = trunc i64 %wider to i8
  %sum5 = add i8 %sum4, %truncated
  ret i8 %sum5
}

declare ptr @__emutls_get_address(ptr)
declare <2 x double> @_ZGVbN2v_sin(<2 x double>)

;;
;; ; ModuleID = 'guard-not-one'
;; source_filename = "guard-not-one"
;;
;; @_ZGVZ3tlsvE1x = external thread_local global i8, align 1
;; @_ZGVZ8volatilevE1x = external global i64, align 8
;; @_ZGVZ8emulatedvE1x = external global { i64, i64, ptr, ptr }
;; @__tls_guard = external global i8
;; @_ZGVZ5widervE1x = external global i64
;;
;; define i8 @f() {
;;   %tls = load i8, ptr @_ZGVZ3tlsvE1x, align 1
;;   %volatile = load volatile i8, ptr @_ZGVZ8volatilevE1x, align 1
;;   %emulated = call ptr @__emutls_get_address(ptr @_ZGVZ8emulatedvE1x)
;;   %copy = load i8, ptr %emulated, align 1
;;   %first = load i8, ptr @__tls_guard, align 1
;;   %wider = load i64, ptr @_ZGVZ5widervE1x, align 4
;;   %second = load i8, ptr getelementptr inbounds (i8, ptr @_ZGVZ5widervE1x, i64 1), align 1
;;   %sin = call <2 x double> @_ZGVbN2v_sin(<2 x double> zeroinitializer)
;;   %sum = add i8 %tls, %volatile
;;   %sum2 = add i8 %sum, %copy
;;   %sum3 = add i8 %sum2, %first
;;   %sum4 = add i8 %sum3, %second
;;   %truncated = trunc i64 %wider to i8
;;   %sum5 = add i8 %sum4, %truncated
;;   ret i8 %sum5
;; }
;;
;; declare ptr @__emutls_get_address(ptr)
;;
;; declare <2 x double> @_ZGVbN2v_sin(<2 x double>)
