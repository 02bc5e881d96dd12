;! test = "data-module"
; Failure may indicate that an ifunc has no stub of its own, or that its resolver is not found.

@chosen = ifunc i32 (i32), ptr @resolver_alias
@also = alias i32 (i32), ptr @chosen
@resolver_alias = internal alias ptr (), ptr @resolver
@table = global [2 x ptr] [ptr @chosen, ptr @also]

define internal ptr @resolver() {
  ret ptr @one
}

define internal i32 @one(i32 %x) {
  ret i32 1
}

;; function resolver.HASH
;; function one.HASH
;; ifunc chosen by resolver.HASH
;; alias also of chosen
;; alias resolver_alias.HASH of resolver.HASH
;;
;; ; ModuleID = 'ifunc (data)'
;; source_filename = "ifunc"
;;
;; @table = dso_local global [2 x ptr] [ptr @chosen, ptr @chosen]
;;
;; declare i32 @chosen(i32)
