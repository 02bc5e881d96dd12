;! test = "reopt"
;! [values]
;! limit = "64 00 00 00"
;! config = "01 00 00 00 02 00 00 00 03 00 00 00"
;! escaped = "05 00 00 00"
;! only-written = "06 00 00 00"
; The unit has code that writes to the variable, on a path that is not taken as long as the value does not change. Failure may
; indicate that LLVM takes such code for undefined: code that runs while the value is thawed would be lost.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@limit = external global i32
@config = external global { i32, i32, i32 }
@escaped = external global i32
@only-written = external global i32
@elsewhere = external global ptr

define i32 @f(i1 %set, i32 %new, i64 %index) {
  %old = load i32, ptr @limit
  br i1 %set, label %write, label %end

write:
  store i32 %new, ptr @limit
  %field = getelementptr inbounds { i32, i32, i32 }, ptr @config, i64 0, i32 1
  store i32 %new, ptr %field
  store ptr @escaped, ptr @elsewhere
  store i32 %new, ptr @only-written
  br label %end

end:
  %place = getelementptr inbounds i32, ptr @config, i64 %index
  %any = load i32, ptr %place
  %last = load i32, ptr getelementptr inbounds (i8, ptr @config, i64 8)
  %atomic = load atomic i32, ptr @limit monotonic, align 4
  %volatile = load volatile i32, ptr @limit
  %e = load i32, ptr @escaped
  %sum = add i32 %old, %any
  %sum2 = add i32 %sum, %last
  %sum3 = add i32 %sum2, %atomic
  %sum4 = add i32 %sum3, %volatile
  %sum5 = add i32 %sum4, %e
  ret i32 %sum5
}

;; value limit
;; value config
;; value escaped
;;
;; ; ModuleID = 'value-setter'
;; source_filename = "value-setter"
;; target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
;; target triple = "x86_64-unknown-linux-gnu"
;;
;; @limit = external global i32
;; @config = external global { i32, i32, i32 }
;; @escaped = external global i32
;; @only-written = external global i32
;; @elsewhere = external global ptr
;; @limit.value = private unnamed_addr constant i32 100, align 4
;; @config.value = private unnamed_addr constant { i32, i32, i32 } { i32 1, i32 2, i32 3 }, align 4
;; @escaped.value = private unnamed_addr constant i32 5, align 4
;;
;; define i32 @f(i1 %set, i32 %new, i64 %index) {
;;   %old = load i32, ptr @limit.value, align 4
;;   br i1 %set, label %write, label %end
;;
;; write:                                            ; preds = %0
;;   store i32 %new, ptr @limit, align 4
;;   %field = getelementptr inbounds { i32, i32, i32 }, ptr @config, i64 0, i32 1
;;   store i32 %new, ptr %field, align 4
;;   store ptr @escaped, ptr @elsewhere, align 8
;;   store i32 %new, ptr @only-written, align 4
;;   br label %end
;;
;; end:                                              ; preds = %write, %0
;;   %1 = getelementptr inbounds i32, ptr @config.value, i64 %index
;;   %place = getelementptr inbounds i32, ptr @config, i64 %index
;;   %any = load i32, ptr %1, align 4
;;   %last = load i32, ptr getelementptr (i8, ptr @config.value, i64 8), align 4
;;   %atomic = load atomic i32, ptr @limit monotonic, align 4
;;   %volatile = load volatile i32, ptr @limit, align 4
;;   %e = load i32, ptr @escaped.value, align 4
;;   %sum = add i32 %old, %any
;;   %sum2 = add i32 %sum, %last
;;   %sum3 = add i32 %sum2, %atomic
;;   %sum4 = add i32 %sum3, %volatile
;;   %sum5 = add i32 %sum4, %e
;;   ret i32 %sum5
;; }
