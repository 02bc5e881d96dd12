//! Compiles a C program given as text, runs it, and prints what it did.

use std::io::{self, Write};

use tjit_test_util::{Lang, compile_to_bitcode, run_native};

fn main() -> io::Result<()> {
    let source = "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }";
    let bitcode = compile_to_bitcode(source, Lang::C, &[]);
    let output = run_native(source, Lang::C, &[]);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} bytes of bitcode; it wrote {:?} and returned {}",
        bitcode.len(),
        output.stdout,
        output.code
    )
}
