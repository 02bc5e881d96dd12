;! test = "reopt"
;! set = ["_ZGVZ1fvE1x"]
; Code of clang -O0 is marked `optnone`, which passes respect; folding does not optimise, and so does not care.

@_ZGVZ1fvE1x = external global i64, align 8

define void @_Z1fv_optimized() noinline optnone {
  %done = alloca i8, align 1
  %set = load atomic i8, ptr @_ZGVZ1fvE1x acquire, align 8
  store i8 %set, ptr %done
  %unset = icmp eq i8 %set, 0
  br i1 %unset, label %init, label %end

init:
  call void @compute()
  br label %end

end:
  %which = phi i32 [ 1, %init ], [ 2, %0 ]
  call void @use(i32 %which)
  ret void
}

declare void @compute()
declare void @use(i32)

;; guard _ZGVZ1fvE1x
;;
;; ; ModuleID = 'guard-optnone'
;; source_filename = "guard-optnone"
;;
;; @_ZGVZ1fvE1x = external global i64, align 8
;;
;; ; Function Attrs: noinline optnone
;; define void @_Z1fv_optimized() #0 {
;;   %done = alloca i8, align 1
;;   store i8 1, ptr %done, align 1
;;   br label %end
;;
;; end:                                              ; preds = %0
;;   call void @use(i32 2)
;;   ret void
;; }
;;
;; declare void @compute()
;;
;; declare void @use(i32)
;;
;; attributes #0 = { noinline optnone }
