//! Finding the files and running them.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use tjit_orc::ThreadSafeContext;

use crate::compare::{difference, normalise};
use crate::{Error, SubTest, TestFile, subtest};

/// What to do with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Compare it with the expected one.
    Compare,
    /// Write it into the file as the expected one.
    Bless,
}

/// One test per `.ll` file below `root`, named by its path without the extension.
///
/// # Errors
///
/// [`Error::Io`] if a directory cannot be listed. What is wrong with a file is the failure of its
/// own test.
pub fn trials(root: &Path, mode: Mode) -> Result<Vec<Trial>, Error> {
    let trial = |path: PathBuf| {
        let name = path.strip_prefix(root).unwrap_or(&path).with_extension("");
        Trial::test(name.to_string_lossy(), move || {
            check(&path, mode).map_err(failed)
        })
    };
    Ok(files(root)?.into_iter().map(trial).collect())
}

fn failed(error: Error) -> Failed {
    use std::error::Error as _;

    let source = error
        .source()
        .map(|source| format!(": {source}"))
        .unwrap_or_default();
    Failed::from(format!("{error}{source}"))
}

/// The `.ll` files below `root`, sorted.
///
/// # Errors
///
/// [`Error::Io`] if a directory cannot be listed.
pub fn files(root: &Path) -> Result<Vec<PathBuf>, Error> {
    let io_error = |source| Error::Io {
        operation: "listing",
        path: root.display().to_string(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(io_error)? {
        let path = entry.map_err(io_error)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "ll") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Runs one file.
///
/// # Errors
///
/// [`Error::Differs`] with a unified diff if the result is not the expected one and is not to be
/// blessed; the other errors if there is no result.
pub fn check(path: &Path, mode: Mode) -> Result<(), Error> {
    let file = TestFile::read(path)?;
    let result = normalise(&run(&file)?);
    match (difference(&file.expected, &result), mode) {
        (None, _) => Ok(()),
        (Some(difference), Mode::Compare) => Err(Error::Differs(difference)),
        (Some(_), Mode::Bless) => {
            fs::write(path, file.with_expected(&result)).map_err(|source| Error::Io {
                operation: "blessing",
                path: path.display().to_string(),
                source,
            })
        }
    }
}

fn run(file: &TestFile) -> Result<String, Error> {
    let subtest = subtest::all()
        .into_iter()
        .find(|subtest| subtest.name() == file.test)
        .ok_or_else(|| Error::UnknownSubTest(file.test.clone()))?;
    run_subtest(&*subtest, file)
}

fn run_subtest(subtest: &dyn SubTest, file: &TestFile) -> Result<String, Error> {
    let failed = |stage| {
        move |error: tjit_orc::Error| Error::Module {
            stage,
            message: error.to_string(),
        }
    };
    let module = ThreadSafeContext::new()
        .parse(&file.name, file.input.as_bytes())
        .map_err(failed("parsing"))?;
    module.verify().map_err(failed("verifying the input"))?;
    let result = module.with_module(|module| subtest.run(file, module))?;
    module.verify().map_err(failed("verifying the result"))?;
    Ok(result)
}

#[cfg(test)]
mod tests;
