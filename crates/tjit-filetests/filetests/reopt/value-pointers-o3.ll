;! test = "reopt"
;! pipeline = "default<O3>"
;! [values]
;! handler = "00 10 00 00 00 00 00 00"
;! unknown = "08 30 00 00 00 00 00 00"
;! table = "00 10 00 00 00 00 00 00 00 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
;! pair = "00 20 00 00 00 00 00 00 08 30 00 00 00 00 00 00"
;! [symbols]
;! callback = 0x1000
;! declared = 0x2000
; Failure may indicate that a call through a pointer that never changes is not direct.

target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

@handler = external global ptr
@unknown = external global ptr
@table = external global [3 x ptr]
@pair = external global <2 x ptr>
declare i32 @declared(i32)

define i32 @f(i32 %x) {
  %callee = load ptr, ptr @handler
  %first = call i32 %callee(i32 %x)
  %second = load ptr, ptr getelementptr inbounds ([3 x ptr], ptr @table, i64 0, i64 1)
  %result = call i32 %second(i32 %first)
  %far = load ptr, ptr @unknown
  store i32 %result, ptr %far
  %both = load <2 x ptr>, ptr @pair
  %one = extractelement <2 x ptr> %both, i64 0
  %third = call i32 %one(i32 %x)
  ret i32 %result
}

;; value handler
;; value unknown
;; value table
;; value pair
;;
;; ; ModuleID = 'value-pointers-o3'
;; source_filename = "value-pointers-o3"
;; target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
;; target triple = "x86_64-unknown-linux-gnu"
;;
;; @callback = external local_unnamed_addr global i8
;;
;; declare i32 @declared(i32) local_unnamed_addr
;;
;; define i32 @f(i32 %x) local_unnamed_addr {
;;   %first = tail call i32 @callback(i32 %x)
;;   %result = tail call i32 @declared(i32 %first)
;;   store i32 %result, ptr inttoptr (i64 12296 to ptr), align 8
;;   %third = tail call i32 @declared(i32 %x)
;;   ret i32 %result
;; }
