;! test = "specialize"
;! pipeline = "default<O3>"
;! [[functions]]
;! name = "sum"
;! values = [{ name = "n", int = 4 }]
; Optimised, the special body is in the function itself, and has no loop.

define i32 @sum(ptr %p, i32 %n) {
entry:
  br label %head
head:
  %i = phi i32 [ 0, %entry ], [ %next, %body ]
  %acc = phi i32 [ 0, %entry ], [ %add, %body ]
  %more = icmp slt i32 %i, %n
  br i1 %more, label %body, label %end
body:
  %at = getelementptr inbounds i32, ptr %p, i32 %i
  %v = load volatile i32, ptr %at
  %add = add i32 %acc, %v
  %next = add i32 %i, 1
  br label %head
end:
  ret i32 %acc
}

;; ; ModuleID = 'loop-o3'
;; source_filename = "loop-o3"
;;
;; ; Function Attrs: nofree norecurse nounwind memory(argmem: readwrite, inaccessiblemem: readwrite)
;; define i32 @sum(ptr %p, i32 %n) local_unnamed_addr #0 {
;;   %1 = freeze i32 %n
;;   %2 = icmp eq i32 %1, 4
;;   br i1 %2, label %special, label %general
;;
;; common.ret:                                       ; preds = %body.i, %general, %special
;;   %common.ret.op = phi i32 [ %add.3.i, %special ], [ 0, %general ], [ %add.i, %body.i ]
;;   ret i32 %common.ret.op
;;
;; special:                                          ; preds = %0
;;   %v.i = load volatile i32, ptr %p, align 4
;;   %at.1.i = getelementptr inbounds nuw i8, ptr %p, i64 4
;;   %v.1.i = load volatile i32, ptr %at.1.i, align 4
;;   %add.1.i = add i32 %v.1.i, %v.i
;;   %at.2.i = getelementptr inbounds nuw i8, ptr %p, i64 8
;;   %v.2.i = load volatile i32, ptr %at.2.i, align 4
;;   %add.2.i = add i32 %add.1.i, %v.2.i
;;   %at.3.i = getelementptr inbounds nuw i8, ptr %p, i64 12
;;   %v.3.i = load volatile i32, ptr %at.3.i, align 4
;;   %add.3.i = add i32 %add.2.i, %v.3.i
;;   br label %common.ret
;;
;; general:                                          ; preds = %0
;;   %more1.i = icmp sgt i32 %1, 0
;;   br i1 %more1.i, label %body.i, label %common.ret
;;
;; body.i:                                           ; preds = %general, %body.i
;;   %acc3.i = phi i32 [ %add.i, %body.i ], [ 0, %general ]
;;   %i2.i = phi i32 [ %next.i, %body.i ], [ 0, %general ]
;;   %3 = zext nneg i32 %i2.i to i64
;;   %at.i = getelementptr inbounds nuw i32, ptr %p, i64 %3
;;   %v.i1 = load volatile i32, ptr %at.i, align 4
;;   %add.i = add i32 %v.i1, %acc3.i
;;   %next.i = add nuw nsw i32 %i2.i, 1
;;   %more.i = icmp slt i32 %next.i, %1
;;   br i1 %more.i, label %body.i, label %common.ret
;; }
;;
;; attributes #0 = { nofree norecurse nounwind memory(argmem: readwrite, inaccessiblemem: readwrite) }
