;! test = "data-module"
;! others = ['''
;! @larger = common global [10 x i8] zeroinitializer, align 1
;! @strong = global i32 7
;! @aligned = common global i32 0, align 64
;! ''', '''
;! @strong = common global i32 0
;! @larger = common global [6 x i8] zeroinitializer
;! ''']
; Failure may indicate that tentative definitions are several variables, or one that is too small or less aligned than one of them.

@larger = common global [4 x i8] zeroinitializer, align 4
@strong = common global i32 0, align 4
@aligned = common global i32 0, align 4
@only = common global i64 0

define ptr @f() {
  store i32 1, ptr @strong
  ret ptr @larger
}

;; function f
;;
;; ; ModuleID = 'common (data)'
;; source_filename = "common"
;;
;; @aligned = dso_local global i32 0, align 64
;; @only = dso_local global i64 0
;;
;; ; ModuleID = 'other (data)'
;; source_filename = "other"
;;
;; @larger = dso_local global [10 x i8] zeroinitializer, align 4
;; @strong = dso_local global i32 7
