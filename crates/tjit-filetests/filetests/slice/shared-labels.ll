;! test = "slice"
; Failure may indicate that labels that other functions know are in a body that has versions.

@labels = constant [2 x ptr] [ptr blockaddress(@f, %a), ptr blockaddress(@h, %a)]

define i32 @f(ptr %label, ...) {
  indirectbr ptr %label, [label %a, label %b]
a:
  ret i32 1
b:
  ret i32 2
}

define internal i32 @h(ptr %label) {
  indirectbr ptr %label, [label %a]
a:
  ret i32 3
}

define ptr @copied(i1 %x) {
  br i1 %x, label %then, label %end
then:
  br label %end
end:
  %label = phi ptr [ blockaddress(@f, %a), %then ], [ blockaddress(@f, %b), %0 ]
  ret ptr %label
}

;; error: slicing `empty`: there is nothing to slice
