;! test = "slice"
;! baseline = ["catches"]
;! host = ["__gxx_personality_v0", "__cxa_begin_catch", "__cxa_end_catch", "__cxa_throw", "_ZTIi"]
; Failure may indicate that type information is copied, so that nothing that is thrown elsewhere is caught.

@_ZTI4Mine = internal constant { ptr, ptr } { ptr null, ptr @_ZTS4Mine }
@_ZTS4Mine = internal constant [6 x i8] c"4Mine\00"
@_ZTIi = external constant ptr

define i32 @catches() personality ptr @__gxx_personality_v0 {
  invoke void @throws() to label %done unwind label %lpad
lpad:
  %e = landingpad { ptr, i32 } catch ptr @_ZTI4Mine catch ptr @_ZTIi filter [1 x ptr] [ptr @_ZTI4Mine]
  %object = extractvalue { ptr, i32 } %e, 0
  %selector = extractvalue { ptr, i32 } %e, 1
  %type = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTI4Mine)
  %mine = icmp eq i32 %selector, %type
  br i1 %mine, label %caught, label %on
caught:
  %value = call ptr @__cxa_begin_catch(ptr %object)
  call void @__cxa_end_catch()
  ret i32 1
on:
  resume { ptr, i32 } %e
done:
  ret i32 0
}

define void @throws() {
  call void @__cxa_throw(ptr null, ptr @_ZTI4Mine, ptr null)
  unreachable
}

declare i32 @__gxx_personality_v0(...)
declare ptr @__cxa_begin_catch(ptr)
declare void @__cxa_end_catch()
declare void @__cxa_throw(ptr, ptr, ptr)
declare i32 @llvm.eh.typeid.for.p0(ptr)

;; ; ModuleID = 'catches_baseline'
;; source_filename = "exceptions"
;;
;; @_ZTI4Mine.HASH = external constant { ptr, ptr }
;; @_ZTIi = external constant ptr
;;
;; define dso_local i32 @catches_baseline() personality ptr @__gxx_personality_v0 {
;;   invoke void @throws()
;;           to label %done unwind label %lpad
;;
;; lpad:                                             ; preds = %0
;;   %e = landingpad { ptr, i32 }
;;           catch ptr @_ZTI4Mine.HASH
;;           catch ptr @_ZTIi
;;           filter [1 x ptr] [ptr @_ZTI4Mine.HASH]
;;   %object = extractvalue { ptr, i32 } %e, 0
;;   %selector = extractvalue { ptr, i32 } %e, 1
;;   %type = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTI4Mine.HASH)
;;   %mine = icmp eq i32 %selector, %type
;;   br i1 %mine, label %caught, label %on
;;
;; caught:                                           ; preds = %lpad
;;   %value = call ptr @__cxa_begin_catch(ptr %object)
;;   call void @__cxa_end_catch()
;;   ret i32 1
;;
;; on:                                               ; preds = %lpad
;;   resume { ptr, i32 } %e
;;
;; done:                                             ; preds = %0
;;   ret i32 0
;; }
;;
;; declare i32 @__gxx_personality_v0(...)
;;
;; declare void @throws()
;;
;; ; Function Attrs: nounwind memory(none)
;; declare i32 @llvm.eh.typeid.for.p0(ptr) #0
;;
;; declare ptr @__cxa_begin_catch(ptr)
;;
;; declare void @__cxa_end_catch()
;;
;; attributes #0 = { nounwind memory(none) }
;;
;; !llvm.dbg.cu = !{}
