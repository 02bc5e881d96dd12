//! Runs every file in `filetests`. With `TJIT_BLESS=1` it writes the results into them.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::Arguments;
use tjit_filetests::{Error, Mode, trials};

fn main() -> Result<ExitCode, Error> {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("filetests");
    let mode = match env::var_os("TJIT_BLESS") {
        Some(value) if value == "1" => Mode::Bless,
        _ => Mode::Compare,
    };
    Ok(libtest_mimic::run(&arguments, trials(&root, mode)?).exit_code())
}
