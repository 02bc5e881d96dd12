;! test = "instrument"
; A musttail call stays in front of its return, also in a function that forwards its variable arguments.

declare i32 @next(i32)
declare void @forward(ptr, ...)

define i32 @f(i32 %x) {
  %r = musttail call i32 @next(i32 %x)
  ret i32 %r
}

define tailcc i32 @loop(i32 %x) {
  %y = sub i32 %x, 1
  %r = musttail call tailcc i32 @loop(i32 %y)
  ret i32 %r
}

define void @thunk(ptr %this, ...) "thunk" {
  musttail call void (ptr, ...) @forward(ptr %this, ...)
  ret void
}

;; next: skipped, declaration only
;; forward: skipped, declaration only
;; f: counter f.tjit.calls
;; loop: counter loop.tjit.calls
;; thunk: counter thunk.tjit.calls
;;
;; ; ModuleID = 'musttail'
;; source_filename = "musttail"
;;
;; @f.tjit.calls = hidden global i64 1000, align 8
;; @loop.tjit.calls = hidden global i64 1000, align 8
;; @thunk.tjit.calls = hidden global i64 1000, align 8
;;
;; declare i32 @next(i32)
;;
;; declare void @forward(ptr, ...)
;;
;; define i32 @f(i32 %x) {
;; entry:
;;   %calls = load atomic i64, ptr @f.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @f.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %r = musttail call i32 @next(i32 %x)
;;   ret i32 %r
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @f) #2
;;   br label %old_entry
;; }
;;
;; define tailcc i32 @loop(i32 %x) {
;; entry:
;;   %calls = load atomic i64, ptr @loop.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @loop.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %y = sub i32 %x, 1
;;   %r = musttail call tailcc i32 @loop(i32 %y)
;;   ret i32 %r
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @loop) #2
;;   br label %old_entry
;; }
;;
;; define void @thunk(ptr %this, ...) #0 {
;; entry:
;;   %calls = load atomic i64, ptr @thunk.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @thunk.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   musttail call void (ptr, ...) @forward(ptr %this, ...)
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @thunk) #2
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #1
;;
;; attributes #0 = { "thunk" }
;; attributes #1 = { cold nounwind "gc-leaf-function" }
;; attributes #2 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
