;! test = "data-module"
;! first = "@shared = global i32 1\ndefine void @f() { ret void }"
; Failure may indicate that an alias follows its target's name to another module's definition, or leads others astray.

@shared = weak global i32 2
@alias = alias i32, ptr @shared
@chain = alias i32, ptr @alias
@both = global [2 x ptr] [ptr @shared, ptr @chain]
@also_f = alias void (), ptr @f

define weak void @f() {
  ret void
}

define ptr @user() {
  call void @also_f()
  call void @f()
  ret ptr @shared
}

;; function f
;; function user
;; function f.HASH
;; alias also_f of f.HASH
;;
;; ; ModuleID = 'other (data)'
;; source_filename = "other"
;;
;; @shared = dso_local global i32 1
;;
;; ; ModuleID = 'alias-of-loser (data)'
;; source_filename = "alias-of-loser"
;;
;; @both = dso_local global [2 x ptr] [ptr @shared, ptr @shared.HASH]
;; @shared.HASH = dso_local global i32 2
;; @shared = external global i32
;;
;; @alias = dso_local alias i32, ptr @shared.HASH
;; @chain = dso_local alias i32, ptr @shared.HASH
