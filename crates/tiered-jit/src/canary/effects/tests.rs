//! What LLVM can tell of functions.

use super::check;
use crate::canary::CanaryRefusal;
use tjit_orc::ThreadSafeContext;

const IR: &str = r#"
@table = external global [4 x i64]
declare i64 @unknown(i64)
define i64 @reads(i64 %i) mustprogress {
  %local = alloca i64
  store i64 %i, ptr %local
  %index = load i64, ptr %local
  %place = getelementptr i64, ptr @table, i64 %index
  %value = load i64, ptr %place
  ret i64 %value
}
define available_externally i64 @callee(i64 %i) mustprogress {
  ret i64 %i
}
define i64 @calls(i64 %i) mustprogress {
  %value = call i64 @callee(i64 %i)
  ret i64 %value
}
define i64 @writes(i64 %i) mustprogress {
  store i64 %i, ptr @table
  ret i64 %i
}
define i64 @may_not_end(i64 %i) {
entry:
  br label %loop
loop:
  %n = phi i64 [ %i, %entry ], [ %m, %loop ]
  %m = mul i64 %n, %n
  %done = icmp eq i64 %m, 17
  br i1 %done, label %exit, label %loop
exit:
  ret i64 %m
}
define i64 @calls_anything(i64 %i) mustprogress {
  %value = call i64 @unknown(i64 %i)
  ret i64 %value
}
"#;

#[test]
fn only_what_reads_returns_and_does_not_throw_may_be_called_twice() {
    let unit = ThreadSafeContext::new().parse("m", IR.as_bytes()).unwrap();
    for (body, expected) in [
        ("reads", ""),
        ("calls", ""),
        ("writes", "memory(read)"),
        ("may_not_end", "willreturn"),
        ("calls_anything", "memory(read), willreturn, nounwind"),
    ] {
        let missing = match check(&unit, body).unwrap() {
            Ok(()) => String::new(),
            Err(CanaryRefusal::Effects { missing, .. }) => missing,
            Err(other) => panic!("{other}"),
        };
        assert_eq!(missing, expected, "`{body}`");
    }
}
