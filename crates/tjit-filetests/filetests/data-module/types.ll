;! test = "data-module"
;! host = ["_ZTVN10__cxxabiv120__si_class_type_infoE", "_ZTI4Base", "__gxx_personality_v0"]
; Failure may indicate that virtual tables hold addresses of versions, or that type information is not where others look for it.

@_ZTV7Derived = unnamed_addr constant { [4 x ptr] } { [4 x ptr] [ptr null, ptr @_ZTI7Derived, ptr @_ZN7Derived4areaEv, ptr @_ZThn8_N7Derived4areaEv] }
@_ZTVN10__cxxabiv120__si_class_type_infoE = external global [0 x ptr]
@_ZTI4Base = external constant ptr
@_ZTS7Derived = linkonce_odr constant [9 x i8] c"7Derived\00"
@_ZTI7Derived = constant { ptr, ptr, ptr } { ptr getelementptr inbounds (ptr, ptr @_ZTVN10__cxxabiv120__si_class_type_infoE, i64 2), ptr @_ZTS7Derived, ptr @_ZTI4Base }

define i32 @_ZN7Derived4areaEv(ptr %self) {
  ret i32 4
}

define i32 @_ZThn8_N7Derived4areaEv(ptr %self) {
  %adjusted = getelementptr i8, ptr %self, i64 -8
  %r = musttail call i32 @_ZN7Derived4areaEv(ptr %adjusted)
  ret i32 %r
}

;; function _ZN7Derived4areaEv
;; function _ZThn8_N7Derived4areaEv
;;
;; ; ModuleID = 'types (data)'
;; source_filename = "types"
;;
;; @_ZTV7Derived = dso_local unnamed_addr constant { [4 x ptr] } { [4 x ptr] [ptr null, ptr @_ZTI7Derived, ptr @_ZN7Derived4areaEv, ptr @_ZThn8_N7Derived4areaEv] }
;; @_ZTS7Derived = dso_local constant [9 x i8] c"7Derived\00"
;; @_ZTI7Derived = dso_local constant { ptr, ptr, ptr } { ptr getelementptr inbounds (ptr, ptr @_ZTVN10__cxxabiv120__si_class_type_infoE, i64 2), ptr @_ZTS7Derived, ptr @_ZTI4Base }
;; @_ZTVN10__cxxabiv120__si_class_type_infoE = external global [0 x ptr]
;; @_ZTI4Base = external constant ptr
;;
;; declare i32 @_ZN7Derived4areaEv(ptr)
;;
;; declare i32 @_ZThn8_N7Derived4areaEv(ptr)
