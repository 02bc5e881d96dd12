;! test = "data-module"
;! host = ["__cxa_atexit"]
;! others = ['''
;! $made = comdat any
;! @made = linkonce_odr global i32 0, comdat
;! @_ZGV4made = linkonce_odr global i64 0, comdat($made)
;! @llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @init_inline, ptr @made }, { i32, ptr, ptr } { i32 200, ptr @init_other, ptr null }]
;! define internal void @init_inline() comdat($made) {
;!   ret void
;! }
;! define internal void @init_other() {
;!   ret void
;! }
;! ''']
; Failure may indicate that the initialiser of an inline variable runs once for each module that has it, or constructors out of order.

$made = comdat any

@made = linkonce_odr global i32 0, comdat
@_ZGV4made = linkonce_odr global i64 0, comdat($made)
@llvm.global_ctors = appending global [2 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @init_inline, ptr @made }, { i32, ptr, ptr } { i32 65535, ptr @init_file, ptr null }]

define internal void @init_inline() comdat($made) {
  store i32 5, ptr @made
  ret void
}

define internal void @init_file() {
  %x = load i32, ptr @made
  ret void
}

;; function init_inline.HASH
;; function init_file.HASH
;; function init_inline.HASH
;; function init_other.HASH
;; constructor 200 init_other.HASH
;; constructor 65535 init_inline.HASH
;; constructor 65535 init_file.HASH
;;
;; ; ModuleID = 'inline-variable (data)'
;; source_filename = "inline-variable"
;;
;; @made = dso_local global i32 0
;; @_ZGV4made = dso_local global i64 0
