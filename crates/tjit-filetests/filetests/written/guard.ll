;! test = "written"
;! host = ["__cxa_guard_acquire", "__cxa_guard_release", "compute", "fill"]
; Statics that are written under their guard, and ones that are written at other times too. Failure may indicate that a static
; is taken for a constant while somebody may still write it.

@plain = internal global i32 0
@in-pieces = internal global { i32, i32 } zeroinitializer
@constructed = internal global i32 0
@referenced = internal global i32 0
@after-release = internal global i32 0
@before-check = internal global i32 0
@elsewhere-too = internal global i32 0
@other-guard-too = internal global i32 0
@filled-by-host = internal global i32 0
@unchecked = internal global i32 0
@when-refused = internal global i32 0
@no-threads = internal global i32 0
@_ZGVplain = internal global i64 0
@_ZGVother = internal global i64 0
@_ZGVunchecked = internal global i64 0
@_ZGVrefused = internal global i64 0
@_ZGVno-threads = internal global i8 0

define i32 @get() {
  store i32 1, ptr @before-check
  %set = load atomic i8, ptr @_ZGVplain acquire, align 8
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %check, label %end

check:
  %acquired = call i32 @__cxa_guard_acquire(ptr @_ZGVplain)
  %first = icmp ne i32 %acquired, 0
  br i1 %first, label %init, label %end

init:
  %new = call i32 @compute()
  store i32 %new, ptr @plain
  store i32 %new, ptr @in-pieces
  br label %more

more:
  store i32 %new, ptr getelementptr ({ i32, i32 }, ptr @in-pieces, i64 0, i32 1)
  call void @construct(ptr @constructed)
  call void @construct(ptr @referenced)
  call void @fill(ptr @filled-by-host)
  store i32 %new, ptr @elsewhere-too
  store i32 %new, ptr @other-guard-too
  call void @__cxa_guard_release(ptr @_ZGVplain)
  store i32 %new, ptr @after-release
  br label %end

end:
  %v = load i32, ptr @plain
  ret i32 %v
}

define internal void @construct(ptr %this) {
  %address = alloca ptr
  store ptr %this, ptr %address
  %this1 = load ptr, ptr %address
  store i32 7, ptr %this1
  ret void
}

define ptr @reference() {
  %set = load atomic i8, ptr @_ZGVplain acquire, align 8
  ret ptr @referenced
}

define i32 @user() {
  %reference = call ptr @reference()
  %v = load i32, ptr %reference
  ret i32 %v
}

define void @other() {
  store i32 1, ptr @elsewhere-too
  %acquired = call i32 @__cxa_guard_acquire(ptr @_ZGVother)
  %first = icmp eq i32 %acquired, 0
  br i1 %first, label %end, label %init
init:
  store i32 2, ptr @other-guard-too
  call void @__cxa_guard_release(ptr @_ZGVother)
  br label %end
end:
  ret void
}

; Acquired, but the answer is not looked at.
define void @careless() {
  %acquired = call i32 @__cxa_guard_acquire(ptr @_ZGVunchecked)
  store i32 %acquired, ptr @unchecked
  call void @__cxa_guard_release(ptr @_ZGVunchecked)
  ret void
}

; Written when it is initialised already.
define void @refused() {
  %acquired = call i32 @__cxa_guard_acquire(ptr @_ZGVrefused)
  %first = icmp eq i32 %acquired, 0
  br i1 %first, label %write, label %release
write:
  store i32 1, ptr @when-refused
  ret void
release:
  call void @__cxa_guard_release(ptr @_ZGVrefused)
  ret void
}

; -fno-threadsafe-statics
define void @single() {
  %set = load i8, ptr @_ZGVno-threads
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %init, label %end
init:
  store i32 1, ptr @no-threads
  store i8 1, ptr @_ZGVno-threads
  br label %end
end:
  ret void
}

declare i32 @compute()
declare void @fill(ptr)
declare i32 @__cxa_guard_acquire(ptr)
declare void @__cxa_guard_release(ptr)

;; plain.HASH: under guard _ZGVplain.HASH
;; in-pieces.HASH: under guard _ZGVplain.HASH
;; constructed.HASH: under guard _ZGVplain.HASH
;; referenced.HASH: under guard _ZGVplain.HASH
;; after-release.HASH: somebody
;; before-check.HASH: somebody
;; elsewhere-too.HASH: somebody
;; other-guard-too.HASH: somebody
;; filled-by-host.HASH: somebody
;; unchecked.HASH: somebody
;; when-refused.HASH: somebody
;; no-threads.HASH: somebody
;; _ZGVplain.HASH: somebody
;; _ZGVother.HASH: somebody
;; _ZGVunchecked.HASH: somebody
;; _ZGVrefused.HASH: somebody
;; _ZGVno-threads.HASH: somebody
