//! Checks the test files below the directories given: `cargo run -p tjit-filetests --example check
//! -- DIRECTORY…`

use std::env;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use tjit_filetests::{Mode, check, files};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let given: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("filetests");
    let mut out = io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    for root in if given.is_empty() {
        vec![default]
    } else {
        given
    } {
        for path in files(&root)? {
            if let Err(error) = check(&path, Mode::Compare) {
                writeln!(out, "{}: {error}", path.display())?;
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}
