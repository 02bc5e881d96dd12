;! test = "instrument"
; Stores of arguments to allocas stay in front of the counter, with the conversions they need; a store elsewhere, and all
; behind it, does not. A conversion that no such store uses stays behind too: its value would have to live across blocks.
; Failure may indicate that arguments are spilled twice at O0.

%pair = type { i32, i64 }

define void @stores(i1 zeroext %b, i32 %x.coerce0, i64 %x.coerce1, ptr %out) {
entry:
  %b.addr = alloca i8, align 1
  %x = alloca %pair, align 8
  %out.addr = alloca ptr, align 8
  %frombool = zext i1 %b to i8
  store i8 %frombool, ptr %b.addr, align 1
  %0 = getelementptr inbounds nuw %pair, ptr %x, i32 0, i32 0
  store i32 %x.coerce0, ptr %0, align 8
  %1 = getelementptr inbounds nuw %pair, ptr %x, i32 0, i32 1
  store i64 %x.coerce1, ptr %1, align 8
  store ptr %out, ptr %out.addr, align 8
  %wide = zext i32 %x.coerce0 to i64
  store i64 %wide, ptr %out, align 8
  store i8 %frombool, ptr %b.addr, align 1
  ret void
}

define i64 @no_store(i32 %x) {
  %wide = zext i32 %x to i64
  %r = mul i64 %wide, %wide
  ret i64 %r
}

;; stores: counter stores.tjit.calls
;; no_store: counter no_store.tjit.calls
;;
;; ; ModuleID = 'argument-stores'
;; source_filename = "argument-stores"
;;
;; %pair = type { i32, i64 }
;;
;; @stores.tjit.calls = hidden global i64 1000, align 8
;; @no_store.tjit.calls = hidden global i64 1000, align 8
;;
;; define void @stores(i1 zeroext %b, i32 %x.coerce0, i64 %x.coerce1, ptr %out) {
;; entry:
;;   %b.addr = alloca i8, align 1
;;   %x = alloca %pair, align 8
;;   %out.addr = alloca ptr, align 8
;;   %frombool = zext i1 %b to i8
;;   store i8 %frombool, ptr %b.addr, align 1
;;   %0 = getelementptr inbounds nuw %pair, ptr %x, i32 0, i32 0
;;   store i32 %x.coerce0, ptr %0, align 8
;;   %1 = getelementptr inbounds nuw %pair, ptr %x, i32 0, i32 1
;;   store i64 %x.coerce1, ptr %1, align 8
;;   store ptr %out, ptr %out.addr, align 8
;;   %calls = load atomic i64, ptr @stores.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @stores.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %wide = zext i32 %x.coerce0 to i64
;;   store i64 %wide, ptr %out, align 8
;;   store i8 %frombool, ptr %b.addr, align 1
;;   ret void
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @stores) #1
;;   br label %old_entry
;; }
;;
;; define i64 @no_store(i32 %x) {
;; entry:
;;   %calls = load atomic i64, ptr @no_store.tjit.calls monotonic, align 8
;;   %calls.left = add i64 %calls, -1
;;   store atomic i64 %calls.left, ptr @no_store.tjit.calls monotonic, align 8
;;   %tripped = icmp eq i64 %calls.left, 0
;;   br i1 %tripped, label %trip, label %old_entry, !prof !0
;;
;; old_entry:                                        ; preds = %trip, %entry
;;   %wide = zext i32 %x to i64
;;   %r = mul i64 %wide, %wide
;;   ret i64 %r
;;
;; trip:                                             ; preds = %entry
;;   call void @optimize_function(ptr @no_store) #1
;;   br label %old_entry
;; }
;;
;; ; Function Attrs: cold nounwind
;; declare void @optimize_function(ptr) #0
;;
;; attributes #0 = { cold nounwind "gc-leaf-function" }
;; attributes #1 = { cold nounwind }
;;
;; !0 = !{!"branch_weights", i32 1, i32 1048575}
