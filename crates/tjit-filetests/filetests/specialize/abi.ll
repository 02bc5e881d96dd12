;! test = "specialize"
;! [[functions]]
;! name = "variadic"
;! values = [{ index = 0, int = 2 }]
;! [[functions]]
;! name = "result"
;! values = [{ name = "n", int = 3 }]
;! [[functions]]
;! name = "swift"
;! values = [{ index = 0, int = 4 }]
;! [[functions]]
;! name = "throws"
;! values = [{ index = 0, int = 5 }]
;! [[functions]]
;! name = "forwards"
;! values = [{ index = 0, int = 6 }]
; Ways to pass arguments and results, and to leave. Failure may indicate that what goes on in a body is called otherwise than it is.

%pair = type { i64, i64 }

define i32 @variadic(i32 %n, ...) {
  %list = alloca [24 x i8], align 8
  call void @llvm.va_start.p0(ptr %list)
  %r = call i32 @sum(i32 %n, ptr %list)
  call void @llvm.va_end.p0(ptr %list)
  ret i32 %r
}

define weak_odr hidden void @result(ptr noalias sret(%pair) align 8 %out, ptr byval(%pair) align 8 %in, i32 noundef signext %n) nounwind comdat {
  store i32 %n, ptr %out
  ret void
}
$result = comdat any

define swifttailcc i32 @swift(i32 %n, ptr swiftself %self) {
  ret i32 %n
}

define i32 @throws(i32 %n) personality ptr @__gxx_personality_v0 {
  invoke void @may_throw(i32 %n) to label %end unwind label %pad
pad:
  %caught = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %caught
end:
  ret i32 %n
}

define i32 @forwards(i32 %n) {
  %r = musttail call i32 @forwards(i32 %n)
  ret i32 %r
}

declare i32 @sum(i32, ptr)
declare void @may_throw(i32)
declare i32 @__gxx_personality_v0(...)
declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_end.p0(ptr)

;; ; ModuleID = 'abi'
;; source_filename = "abi"
;;
;; %pair = type { i64, i64 }
;;
;; $result = comdat any
;;
;; define i32 @variadic(i32 %n, ...) {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 2
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call i32 (i32, ...) @variadic.special(i32 %n, ...)
;;   ret i32 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call i32 (i32, ...) @variadic.general(i32 %n, ...)
;;   ret i32 %5
;; }
;;
;; define internal i32 @variadic.general(i32 %n, ...) {
;;   %list = alloca [24 x i8], align 8
;;   call void @llvm.va_start.p0(ptr %list)
;;   %r = call i32 @sum(i32 %n, ptr %list)
;;   call void @llvm.va_end.p0(ptr %list)
;;   ret i32 %r
;; }
;;
;; ; Function Attrs: nounwind
;; define weak_odr hidden void @result(ptr noalias sret(%pair) align 8 %out, ptr byval(%pair) align 8 %in, i32 noundef signext %n) #0 comdat {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 3
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   musttail call void @result.special(ptr noalias sret(%pair) align 8 %out, ptr byval(%pair) align 8 %in, i32 noundef signext %n)
;;   ret void
;;
;; general:                                          ; preds = %0
;;   musttail call void @result.general(ptr noalias sret(%pair) align 8 %out, ptr byval(%pair) align 8 %in, i32 noundef signext %n)
;;   ret void
;; }
;;
;; ; Function Attrs: nounwind
;; define internal void @result.general(ptr noalias sret(%pair) align 8 %out, ptr byval(%pair) align 8 %in, i32 noundef signext %n) #0 {
;;   store i32 %n, ptr %out, align 4
;;   ret void
;; }
;;
;; define swifttailcc i32 @swift(i32 %n, ptr swiftself %self) {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 4
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call swifttailcc i32 @swift.special(i32 %n, ptr swiftself %self)
;;   ret i32 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call swifttailcc i32 @swift.general(i32 %n, ptr swiftself %self)
;;   ret i32 %5
;; }
;;
;; define internal swifttailcc i32 @swift.general(i32 %n, ptr swiftself %self) {
;;   ret i32 %n
;; }
;;
;; define i32 @throws(i32 %n) {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 5
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call i32 @throws.special(i32 %n)
;;   ret i32 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call i32 @throws.general(i32 %n)
;;   ret i32 %5
;; }
;;
;; define internal i32 @throws.general(i32 %n) personality ptr @__gxx_personality_v0 {
;;   invoke void @may_throw(i32 %n)
;;           to label %end unwind label %pad
;;
;; pad:                                              ; preds = %0
;;   %caught = landingpad { ptr, i32 }
;;           cleanup
;;   resume { ptr, i32 } %caught
;;
;; end:                                              ; preds = %0
;;   ret i32 %n
;; }
;;
;; define i32 @forwards(i32 %n) {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 6
;;   %3 = and i1 true, %2
;;   br i1 %3, label %special, label %general
;;
;; special:                                          ; preds = %0
;;   %4 = musttail call i32 @forwards.special(i32 %n)
;;   ret i32 %4
;;
;; general:                                          ; preds = %0
;;   %5 = musttail call i32 @forwards.general(i32 %n)
;;   ret i32 %5
;; }
;;
;; define internal i32 @forwards.general(i32 %n) {
;;   %r = musttail call i32 @forwards(i32 %n)
;;   ret i32 %r
;; }
;;
;; declare i32 @sum(i32, ptr)
;;
;; declare void @may_throw(i32)
;;
;; declare i32 @__gxx_personality_v0(...)
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.va_start.p0(ptr) #1
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.va_end.p0(ptr) #1
;;
;; define internal i32 @variadic.special(i32 %n, ...) {
;;   %list = alloca [24 x i8], align 8
;;   call void @llvm.va_start.p0(ptr %list)
;;   %r = call i32 @sum(i32 2, ptr %list)
;;   call void @llvm.va_end.p0(ptr %list)
;;   ret i32 %r
;; }
;;
;; ; Function Attrs: nounwind
;; define internal void @result.special(ptr noalias sret(%pair) align 8 %out, ptr byval(%pair) align 8 %in, i32 noundef signext %n) #0 {
;;   store i32 3, ptr %out, align 4
;;   ret void
;; }
;;
;; define internal swifttailcc i32 @swift.special(i32 %n, ptr swiftself %self) {
;;   ret i32 4
;; }
;;
;; define internal i32 @throws.special(i32 %n) personality ptr @__gxx_personality_v0 {
;;   invoke void @may_throw(i32 5)
;;           to label %end unwind label %pad
;;
;; pad:                                              ; preds = %0
;;   %caught = landingpad { ptr, i32 }
;;           cleanup
;;   resume { ptr, i32 } %caught
;;
;; end:                                              ; preds = %0
;;   ret i32 5
;; }
;;
;; define internal i32 @forwards.special(i32 %n) {
;;   %r = musttail call i32 @forwards(i32 6)
;;   ret i32 %r
;; }
;;
;; attributes #0 = { nounwind }
;; attributes #1 = { nocallback nofree nosync nounwind willreturn }
