;! test = "data-module"
; Failure may indicate that constructors run in another order, or are left in the data module to run again.

@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @late, ptr null }, { i32, ptr, ptr } { i32 101, ptr @early, ptr null }]
@llvm.global_dtors = appending global [2 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 101, ptr @last, ptr null }, { i32, ptr, ptr } { i32 65535, ptr @first, ptr null }]
@llvm.used = appending global [1 x ptr] [ptr @kept], section "llvm.metadata"
@kept = internal global i32 0

define internal void @late() {
  ret void
}

define internal void @early() {
  ret void
}

define void @first() {
  ret void
}

define void @last() {
  ret void
}

;; function late.HASH
;; function early.HASH
;; function first
;; function last
;; constructor 101 early.HASH
;; constructor 65535 late.HASH
;; destructor 65535 first
;; destructor 101 last
;;
;; ; ModuleID = 'constructors (data)'
;; source_filename = "constructors"
;;
;; @kept.HASH = dso_local global i32 0
