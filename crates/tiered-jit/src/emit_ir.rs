//! The IR of versions on disk, for `--emit-ir`.

use std::path::Path;

use tjit_orc::ThreadSafeModule;

use crate::Error;

/// Longer file names are refused by the file systems in use; mangled names can be longer.
const MAX_STEM: usize = 200;

/// Writes `module` as `<stem>.ll` into `directory`, which is created.
pub(crate) fn write(directory: &Path, stem: &str, module: &ThreadSafeModule) -> Result<(), Error> {
    let path = directory.join(format!("{}.ll", file_stem(stem)));
    let text = module.with_module(|module| module.print_to_string().to_string());
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| Error::EmitIr {
            path,
            reason: error.to_string(),
        })
}

/// `name` without what can't be in a file name, cut to a length that file systems take.
fn file_stem(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| if c == '/' || c.is_control() { '_' } else { c })
        .collect();
    if safe.len() <= MAX_STEM {
        return safe;
    }
    // The tail carries the tier suffix.
    let tail: String = safe
        .chars()
        .rev()
        .take(MAX_STEM / 2)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let head: String = safe.chars().take(MAX_STEM / 2).collect();
    format!("{head}~{tail}")
}

#[cfg(test)]
mod tests {
    use super::file_stem;

    #[test]
    fn short_names_are_kept_but_for_separators() {
        assert_eq!(file_stem("a/b"), "a_b");
        assert_eq!(file_stem("_ZN6Circle4areaEv"), "_ZN6Circle4areaEv");
    }

    #[test]
    fn long_names_keep_head_and_tail() {
        let stem = file_stem(&format!("{}tail", "x".repeat(1000)));
        assert!(stem.len() <= 201 && stem.ends_with("tail"), "{stem}");
    }
}
