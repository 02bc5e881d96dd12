; An interpreter as optimisers leave it behind: code that hands addresses of its labels out was copied into `load_program`,
; which is another function then. So labels are known to others, in tables and in code, and must be the same whoever asks.

@program = internal global [5 x ptr] zeroinitializer
@labels = constant [3 x ptr] [ptr blockaddress(@execute, %add), ptr blockaddress(@execute, %double), ptr blockaddress(@execute, %end)]
@answer = private constant [5 x i8] c"%ld\0A\00"

declare i32 @printf(ptr, ...)

; What is behind the count goes on to the label, however many there are.
define internal i64 @execute(ptr %code, i64 %start, ...) {
entry:
  %first = load ptr, ptr %code
  indirectbr ptr %first, [label %add, label %double, label %end]
add:
  %add.pc = phi ptr [ %code, %entry ], [ %add.next, %add ], [ %double.next, %double ]
  %add.value = phi i64 [ %start, %entry ], [ %added, %add ], [ %doubled, %double ]
  %added = add i64 %add.value, 7
  %add.next = getelementptr ptr, ptr %add.pc, i64 1
  %add.label = load ptr, ptr %add.next
  indirectbr ptr %add.label, [label %add, label %double, label %end]
double:
  %double.pc = phi ptr [ %code, %entry ], [ %add.next, %add ], [ %double.next, %double ]
  %double.value = phi i64 [ %start, %entry ], [ %added, %add ], [ %doubled, %double ]
  %doubled = mul i64 %double.value, 2
  %double.next = getelementptr ptr, ptr %double.pc, i64 1
  %double.label = load ptr, ptr %double.next
  indirectbr ptr %double.label, [label %add, label %double, label %end]
end:
  %value = phi i64 [ %start, %entry ], [ %added, %add ], [ %doubled, %double ]
  %result = srem i64 %value, 1000003
  ret i64 %result
}

define void @load_program(i64 %which) noinline {
  %odd = trunc i64 %which to i1
  br i1 %odd, label %other, label %store
other:
  br label %store
store:
  %first = phi ptr [ blockaddress(@execute, %double), %other ], [ blockaddress(@execute, %add), %0 ]
  store ptr %first, ptr @program
  store ptr blockaddress(@execute, %double), ptr getelementptr (ptr, ptr @program, i64 1)
  store [2 x ptr] [ptr blockaddress(@execute, %add), ptr blockaddress(@execute, %add)], ptr getelementptr (ptr, ptr @program, i64 2)
  store ptr blockaddress(@execute, %end), ptr getelementptr (ptr, ptr @program, i64 4)
  ret void
}

; Whether the table and the code agree.
define i1 @agree() noinline {
  %in.table = load volatile ptr, ptr getelementptr ([3 x ptr], ptr @labels, i64 0, i64 2)
  %same = icmp eq ptr %in.table, blockaddress(@execute, %end)
  ret i1 %same
}

define i32 @main() {
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %next, %loop ]
  %value = phi i64 [ 1, %0 ], [ %result, %loop ]
  %all = phi i1 [ true, %0 ], [ %still, %loop ]
  call void @load_program(i64 %i)
  %result = call i64 (ptr, i64, ...) @execute(ptr @program, i64 %value, i64 %i)
  %agree = call i1 @agree()
  %still = and i1 %all, %agree
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, 3000
  br i1 %again, label %loop, label %done
done:
  call i32 (ptr, ...) @printf(ptr @answer, i64 %result)
  %code = select i1 %still, i32 61, i32 1
  ret i32 %code
}
