//! The program that is called, and what its functions return.

/// Free of data races: what several threads write is atomic.
pub(crate) const PROGRAM: &str = r#"
@tally = internal global i64 0
@knob = global i64 7
@table = internal constant [2 x ptr] [ptr @twice, ptr @square]

define i64 @twice(i64 %x) {
  %y = mul i64 %x, 2
  ret i64 %y
}
define i64 @square(i64 %x) {
  %y = mul i64 %x, %x
  ret i64 %y
}
define i64 @both(i64 %x) {
  %a = call i64 @twice(i64 %x)
  %b = call i64 @square(i64 %a)
  ret i64 %b
}
define i64 @chosen(i64 %x) {
  %index = and i64 %x, 1
  %slot = getelementptr ptr, ptr @table, i64 %index
  %function = load ptr, ptr %slot
  %y = call i64 %function(i64 %x)
  ret i64 %y
}
define i64 @turned(i64 %x) {
  %knob = load i64, ptr @knob
  %y = mul i64 %x, %knob
  ret i64 %y
}
define i64 @sum(i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %total = phi i64 [ 0, %entry ], [ %more, %loop ]
  %more = add i64 %total, %i
  %next = add i64 %i, 1
  %again = icmp sle i64 %next, %n
  br i1 %again, label %loop, label %done
done:
  ret i64 %more
}
define i64 @depth(i64 %n) {
  %bottom = icmp sle i64 %n, 0
  br i1 %bottom, label %stop, label %go
stop:
  ret i64 0
go:
  %less = sub i64 %n, 1
  %below = call i64 @depth(i64 %less)
  %here = add i64 %below, 1
  ret i64 %here
}
define i64 @count(i64 %x) {
  %old = atomicrmw add ptr @tally, i64 1 monotonic
  ret i64 %x
}
define i64 @counted(i64 %x) {
  %now = load atomic i64, ptr @tally seq_cst, align 8
  ret i64 %now
}
"#;

/// A function of the program, and what it returns for an argument that is not negative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) model: fn(i64) -> i64,
}

/// Those that return the same whoever calls them when.
pub(crate) const FUNCTIONS: [Known; 8] = [
    Known {
        name: "twice",
        model: |x| 2 * x,
    },
    Known {
        name: "square",
        model: |x| x * x,
    },
    Known {
        name: "both",
        model: |x| 4 * x * x,
    },
    Known {
        name: "chosen",
        model: |x| if x % 2 == 0 { 2 * x } else { x * x },
    },
    Known {
        name: "turned",
        model: |x| 7 * x,
    },
    Known {
        name: "sum",
        model: |x| x * (x + 1) / 2,
    },
    Known {
        name: "depth",
        model: |x| x,
    },
    Known {
        name: "count",
        model: |x| x,
    },
];

/// A module that comes and goes. It uses the others' functions.
pub(crate) fn visitor(number: u64) -> String {
    format!(
        "declare i64 @both(i64)\n@visits{number} = internal global i64 0\n\
         define i64 @visitor{number}(i64 %x) {{\n  %old = load i64, ptr @visits{number}\n  %new = add i64 %old, 1\n  \
         store i64 %new, ptr @visits{number}\n  %y = call i64 @both(i64 %x)\n  %z = add i64 %y, %new\n  ret i64 %z\n}}\n"
    )
}
