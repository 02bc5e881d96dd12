;! test = "data-module"
;! others = ['''
;! $_ZZ5countvE1n = comdat any
;! $_Z5countv = comdat any
;! $_ZTV5Shape = comdat any
;! @_ZZ5countvE1n = linkonce_odr global i32 0, comdat
;! @_ZGVZ5countvE1n = linkonce_odr global i64 0, comdat($_ZZ5countvE1n)
;! @_ZTV5Shape = linkonce_odr unnamed_addr constant { [3 x ptr] } { [3 x ptr] [ptr null, ptr null, ptr @_Z5countv] }, comdat
;! @other = global ptr @_ZZ5countvE1n
;! define linkonce_odr ptr @_Z5countv() comdat {
;!   ret ptr @_ZZ5countvE1n
;! }
;! define ptr @user() {
;!   %p = call ptr @_Z5countv()
;!   ret ptr @_ZTV5Shape
;! }
;! ''']
; Failure may indicate that a static of an inline function, its guard or a virtual table is there once per module.

$_ZZ5countvE1n = comdat any
$_Z5countv = comdat any
$_ZTV5Shape = comdat any

@_ZZ5countvE1n = linkonce_odr global i32 0, comdat
@_ZGVZ5countvE1n = linkonce_odr global i64 0, comdat($_ZZ5countvE1n)
@_ZTV5Shape = linkonce_odr unnamed_addr constant { [3 x ptr] } { [3 x ptr] [ptr null, ptr null, ptr @_Z5countv] }, comdat

define linkonce_odr ptr @_Z5countv() comdat {
  store i64 1, ptr @_ZGVZ5countvE1n
  ret ptr @_ZZ5countvE1n
}

define ptr @main() {
  %p = call ptr @_Z5countv()
  ret ptr @_ZTV5Shape
}

;; function _Z5countv
;; function main
;; function user
;;
;; ; ModuleID = 'comdat (data)'
;; source_filename = "comdat"
;;
;; @_ZZ5countvE1n = dso_local global i32 0
;; @_ZGVZ5countvE1n = dso_local global i64 0
;; @_ZTV5Shape = dso_local unnamed_addr constant { [3 x ptr] } { [3 x ptr] [ptr null, ptr null, ptr @_Z5countv] }
;;
;; declare ptr @_Z5countv()
;;
;; ; ModuleID = 'other (data)'
;; source_filename = "other"
;;
;; @other = dso_local global ptr @_ZZ5countvE1n
;; @_ZZ5countvE1n = external global i32
