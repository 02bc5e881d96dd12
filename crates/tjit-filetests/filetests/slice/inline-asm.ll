;! test = "slice"
;! baseline = ["f"]
; Failure may indicate that assembly is changed, or that it reaches a copy of a variable.

@counter = internal global i32 0

define i32 @f(i32 %x) {
  call void asm sideeffect "lock; incl $0", "=*m,*m,~{memory},~{dirflag},~{fpsr},~{flags}"(ptr elementtype(i32) @counter, ptr elementtype(i32) @counter)
  %y = call i32 asm "1: jmp 1f\0A1:\0A.Lhere${:uid}: movl $1, $0", "=r,r"(i32 %x)
  callbr void asm sideeffect "testl $0, $0; jnz ${1:l}", "r,!i"(i32 %y) to label %no [label %yes]
no:
  ret i32 0
yes:
  ret i32 1
}

;; ; ModuleID = 'f_baseline'
;; source_filename = "inline-asm"
;;
;; @counter.HASH = external global i32
;;
;; define dso_local i32 @f_baseline(i32 %x) {
;;   call void asm sideeffect "lock; incl $0", "=*m,*m,~{memory},~{dirflag},~{fpsr},~{flags}"(ptr elementtype(i32) @counter.HASH, ptr elementtype(i32) @counter.HASH)
;;   %y = call i32 asm "1: jmp 1f\0A1:\0A.Lhere${:uid}: movl $1, $0", "=r,r"(i32 %x)
;;   callbr void asm sideeffect "testl $0, $0; jnz ${1:l}", "r,!i"(i32 %y)
;;           to label %no [label %yes]
;;
;; no:                                               ; preds = %0
;;   ret i32 0
;;
;; yes:                                              ; preds = %0
;;   ret i32 1
;; }
;;
;; !llvm.dbg.cu = !{}
