;! test = "slice"
;! baseline = ["even", "odd(int)"]
;! host = ["log"]
; Failure may indicate that calls within a group miss the stubs, so that later versions are never called.

@calls = internal global i32 0

declare void @log(ptr)

define i32 @even(i32 %n) {
  call void @log(ptr @even)
  %zero = icmp eq i32 %n, 0
  br i1 %zero, label %yes, label %more
more:
  %less = sub i32 %n, 1
  %result = call i32 @_Z3oddi(i32 %less)
  ret i32 %result
yes:
  ret i32 1
}

define linkonce_odr i32 @_Z3oddi(i32 %n) {
  store i32 %n, ptr @calls
  %zero = icmp eq i32 %n, 0
  br i1 %zero, label %no, label %more
more:
  %less = sub i32 %n, 1
  %result = call i32 @even(i32 %less)
  ret i32 %result
no:
  ret i32 0
}

;; ; ModuleID = 'even_baseline'
;; source_filename = "group"
;;
;; @calls.HASH = external global i32
;;
;; define dso_local i32 @even_baseline(i32 %n) {
;;   call void @log(ptr @even)
;;   %zero = icmp eq i32 %n, 0
;;   br i1 %zero, label %yes, label %more
;;
;; more:                                             ; preds = %0
;;   %less = sub i32 %n, 1
;;   %result = call i32 @_Z3oddi(i32 %less)
;;   ret i32 %result
;;
;; yes:                                              ; preds = %0
;;   ret i32 1
;; }
;;
;; define dso_local i32 @_Z3oddi_baseline(i32 %n) {
;;   store i32 %n, ptr @calls.HASH, align 4
;;   %zero = icmp eq i32 %n, 0
;;   br i1 %zero, label %no, label %more
;;
;; more:                                             ; preds = %0
;;   %less = sub i32 %n, 1
;;   %result = call i32 @even(i32 %less)
;;   ret i32 %result
;;
;; no:                                               ; preds = %0
;;   ret i32 0
;; }
;;
;; declare i32 @even(i32)
;;
;; declare void @log(ptr)
;;
;; declare i32 @_Z3oddi(i32)
;;
;; !llvm.dbg.cu = !{}
