//! The command under a name of one's own. Run without arguments it shows itself running a small program.

use std::env;
use std::io;
use std::process::{Command, ExitCode};

const PROGRAM: &str = r#"
@text = private constant [14 x i8] c"hello, tiers!\00"
declare i32 @puts(ptr)
define i32 @main() {
  %written = call i32 @puts(ptr @text)
  ret i32 0
}
"#;

fn main() -> io::Result<ExitCode> {
    if env::args_os().len() > 1 {
        return Ok(tjit_cli::main());
    }
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("hello.ll");
    std::fs::write(&file, PROGRAM)?;
    let status = Command::new(env::current_exe()?)
        .args(["run", "--stats=text"])
        .arg(&file)
        .status()?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
