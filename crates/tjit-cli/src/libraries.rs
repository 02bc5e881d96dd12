//! `-l` and `-L`: where libraries are, and what linker scripts in their place stand for.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use tiered_jit::link::FileKind;

use crate::error::Error;

/// Scripts that stand for scripts; GNU ld's limit is 10 (`MAX_INCLUDE_DEPTH`, ldlex.l).
const MOST_SCRIPTS: usize = 10;

/// What of glibc is linked into each program: the JIT gives each module its own (`atexit` and the like).
const NONSHARED: &str = "libc_nonshared.a";

/// The files that `names` stand for, each as `-l` takes it: `NAME` for `libNAME.so` or `libNAME.a`, `:FILE` for a file of that
/// name. Of each directory the shared library is preferred, and an earlier directory to a later one.
///
/// # Errors
/// [`Error::NoLibrary`] if there is none, [`Error::Read`] and [`Error::Script`] for a file that can't be used.
pub(crate) fn find(names: &[OsString], directories: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let search = Search { directories };
    let mut found = Vec::new();
    for name in names {
        search.expand(search.find(name)?, 0, &mut found)?;
    }
    Ok(found)
}

/// The file itself, or those that it stands for if it is called like a library and is a linker script.
pub(crate) fn expand(path: &Path, directories: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let is_library = |name: &str| name.ends_with(".so") || name.ends_with(".a");
    if path.to_str().is_some_and(is_library) {
        Search { directories }.expand(path.to_owned(), 0, &mut found)?;
    } else {
        found.push(path.to_owned());
    }
    Ok(found)
}

struct Search<'d> {
    directories: &'d [PathBuf],
}

impl Search<'_> {
    fn find(&self, name: &OsStr) -> Result<PathBuf, Error> {
        let text = name.to_string_lossy();
        let files = match text.strip_prefix(':') {
            Some(file) => vec![file.to_owned()],
            None => vec![format!("lib{text}.so"), format!("lib{text}.a")],
        };
        let system = system_directories();
        let directories = self.directories.iter().chain(&system);
        let mut candidates =
            directories.flat_map(|directory| files.iter().map(|file| directory.join(file)));
        candidates
            .find(|candidate| candidate.is_file())
            .ok_or_else(|| Error::NoLibrary {
                name: text.into_owned(),
                files: files.join(" or "),
            })
    }

    /// Adds a file, or the files that it stands for.
    fn expand(&self, path: PathBuf, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
        let bytes = std::fs::read(&path).map_err(|error| Error::Read {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        if FileKind::of(&bytes).is_some() {
            found.push(path);
            return Ok(());
        }
        let fail = |reason: &str| Error::Script {
            path: path.clone(),
            reason: reason.to_owned(),
        };
        if depth == MOST_SCRIPTS {
            return Err(fail("scripts stand for scripts without an end"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is not text"))?;
        for file in script_files(text).map_err(|reason| fail(&reason))? {
            if file.ends_with(NONSHARED) {
                continue;
            }
            let file = match file.strip_prefix("-l") {
                Some(name) => self.find(OsStr::new(name))?,
                None => self.named(&file, &path)?,
            };
            self.expand(file, depth + 1, found)?;
        }
        Ok(())
    }

    /// A file that a script names: from the root, beside the script, or else where libraries are.
    fn named(&self, file: &str, script: &Path) -> Result<PathBuf, Error> {
        let beside = script.with_file_name(file);
        if beside.is_file() {
            return Ok(beside);
        }
        self.find(OsStr::new(&format!(":{file}")))
    }
}

/// Where linkers look last. Debian and its like have a directory for each architecture.
fn system_directories() -> Vec<PathBuf> {
    let multiarch = format!("{}-linux-gnu", std::env::consts::ARCH);
    let roots = ["/usr/local/lib", "/lib", "/usr/lib"].map(PathBuf::from);
    let of_architecture = roots.iter().map(|root| root.join(&multiarch));
    let wide = ["/lib64", "/usr/lib64"].map(PathBuf::from);
    of_architecture.chain(wide).chain(roots.clone()).collect()
}

/// The files of the commands `INPUT` and `GROUP` of a linker script, in their order. Other commands that scripts in the place of
/// libraries have say nothing about symbols. <https://sourceware.org/binutils/docs/ld/File-Commands.html>
fn script_files(text: &str) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    let mut commands: Vec<&str> = Vec::new();
    let mut last = "";
    let words = words(text)?;
    for word in &words {
        match &**word {
            "(" => commands.push(std::mem::take(&mut last)),
            ")" => {
                add(&mut files, &commands, last);
                last = "";
                commands.pop().ok_or("a `)` without a `(`")?;
            }
            "," | ";" => {}
            word => {
                add(&mut files, &commands, last);
                last = word;
            }
        }
    }
    match commands.last() {
        Some(command) => Err(format!("`{command}` has no end")),
        None if words.is_empty() => Err("it is empty".to_owned()),
        None if files.is_empty() && !words.iter().any(|word| is_list(word)) => {
            Err("it is neither a library nor a linker script with `INPUT` or `GROUP`".to_owned())
        }
        None => Ok(files),
    }
}

fn is_list(command: &str) -> bool {
    matches!(command, "INPUT" | "GROUP")
}

fn add(files: &mut Vec<String>, commands: &[&str], word: &str) {
    if !word.is_empty() && commands.first().is_some_and(|command| is_list(command)) {
        files.push(word.to_owned());
    }
}

/// The words and signs of a linker script, without comments and quotes.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = if let Some(comment) = rest.strip_prefix("/*") {
            (
                "",
                comment.split_once("*/").ok_or("a comment has no end")?.1,
            )
        } else if let Some(quoted) = rest.strip_prefix('"') {
            quoted.split_once('"').ok_or("a quote has no end")?
        } else if matches!(first, '(' | ')' | ',' | ';') {
            rest.split_at(1)
        } else {
            let is_end = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | '"');
            rest.split_at(rest.find(is_end).unwrap_or(rest.len()))
        };
        if !word.is_empty() {
            words.push(word.to_owned());
        }
        rest = behind.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_files() {
        let glibc = "/* GNU ld script */ OUTPUT_FORMAT(elf64-x86-64)
            GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a  AS_NEEDED ( /lib64/ld.so ) )";
        let expected = [
            "/lib/libc.so.6",
            "/usr/lib/libc_nonshared.a",
            "/lib64/ld.so",
        ];
        assert_eq!(
            script_files(glibc).as_deref(),
            Ok(&expected.map(str::to_owned)[..])
        );
        let other = "INPUT(-lgcc_s, \"a b.a\"); SEARCH_DIR(/x) INPUT(AS_NEEDED(c.so))";
        let expected = ["-lgcc_s", "a b.a", "c.so"].map(str::to_owned);
        assert_eq!(script_files(other).as_deref(), Ok(&expected[..]));
        for bad in [
            "",
            "int main(void);",
            "GROUP ( a.so",
            "INPUT a )",
            "/* ",
            "INPUT(\"a)",
        ] {
            assert!(script_files(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn directories_are_searched_in_order() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (first, second) = (directory.path().join("1"), directory.path().join("2"));
        for (path, contents) in [
            (first.join("liba.a"), &b"!<arch>\n"[..]),
            (second.join("liba.so"), b"\x7FELF"),
            (second.join("libb.so"), b"\x7FELF"),
            (second.join("libb.a"), b"!<arch>\n"),
            (second.join("libc_like.so"), b"GROUP(liba.so -la)"),
            (second.join("libloop.so"), b"INPUT(libloop.so)"),
        ] {
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("it is made");
            std::fs::write(path, contents).expect("it is written");
        }
        let directories = [first.clone(), second.clone()];
        let found = |name: &str| find(&[name.into()], &directories).expect("it is there");
        assert_eq!(found("a"), [first.join("liba.a")]);
        assert_eq!(found("b"), [second.join("libb.so")]);
        assert_eq!(found(":libb.a"), [second.join("libb.a")]);
        assert_eq!(
            found("c_like"),
            [second.join("liba.so"), first.join("liba.a")]
        );
        let error = |name: &str| {
            find(&[name.into()], &directories)
                .expect_err("refused")
                .to_string()
        };
        assert!(
            error("loop").contains("without an end"),
            "{}",
            error("loop")
        );
        assert!(
            error("none").contains("libnone.so or libnone.a"),
            "{}",
            error("none")
        );
    }
}
