;! test = "instrument"
; Windows exception handling: the call of the trip function is in no funclet and needs no operand bundle, and
; llvm.localescape stays in the entry block, behind the allocas it names.

declare i32 @__CxxFrameHandler3(...)
declare void @may_throw()
declare void @llvm.localescape(...)

define i32 @f() personality ptr @__CxxFrameHandler3 {
entry:
  %a = alloca i32, align 4
  invoke void @may_throw() to label %ok unwind label %dispatch
dispatch:
  %switch = catchswitch within none [label %catch] unwind to caller
catch:
  %pad = catchpad within %switch [ptr null, i32 64, ptr null]
  call void @may_throw() [ "funclet"(token %pad) ]
  catchret from %pad to label %ok
ok:
  ret i32 0
}

define void @escapes() {
entry:
  call void @may_throw()
  %a = alloca i32, align 4
  call void (...) @llvm.localescape(ptr %a)
  ret void
}

;; __CxxFrameHandler3: skipped, declaration only
;; may_throw: skipped, declaration only
;; f: counter f.tjit.calls
;; escapes: counter escapes.tjit.calls
;;
;; ; ModuleID = 'funclets'
;; source_filename = "funclets"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;; @escapes.tjit.calls = hidden global i64 1000, align 8
;;
;; declare i32 @__CxxFrameHandler3(...)
;;
;; declare void @may_throw()
;;
;; ; Function Attrs: nocallback nofree nosync nounwind willreturn
;; declare void @llvm.localescape(...) #0
;;
;; define i32 @f() personality ptr @__CxxFrameHandler3 {
;; entry:
;;   %a = alloca i32, align 4
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   invoke void @may_throw()
;;           to label %ok unwind label %dispatch
;;
;; dispatch:                                         ; preds = %old_entry
;;   %switch = catchswitch within none [label %catch] unwind to caller
;;
;; catch:                                            ; preds = %dispatch
;;   %pad = catchpad within %switch [ptr null, i32 64, ptr null]
;;   call void @may_throw() [ "funclet"(token %pad) ]
;;   catchret from %pad to label %ok
;;
;; ok:                                               ; preds = %catch, %old_entry
;;   ret i32 0
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #2
;;   br label %old_entry
;; }
;;
;; define void @escapes() {
;; entry:
;;   %a = alloca i32, align 4
;;   call void (...) @llvm.localescape(ptr %a)
;;   %calls = load atomic i64, ptr @escapes.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @escapes.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   call void @may_throw()
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @escapes) #2
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #1
;;
;; attributes #0 = { nocallback nofree nosync nounwind willreturn }
;; attributes #1 = { cold nounwind "gc-leaf-function" }
;; attributes #2 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
