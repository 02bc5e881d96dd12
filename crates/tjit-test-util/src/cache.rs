//! Compiled results, kept by a hash of what went into them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::target_dir;

/// The file for a result that depends on `parts`, made by `produce` if it is not there.
///
/// `produce` writes the path it is given. Several processes may do so at once: each writes a file
/// of its own, and the last rename wins with the same contents.
#[track_caller]
pub(crate) fn file<'a>(
    parts: impl IntoIterator<Item = &'a [u8]>,
    extension: &str,
    produce: impl FnOnce(&Path),
) -> PathBuf {
    let directory = target_dir().join("tjit-cache");
    fs::create_dir_all(&directory)
        .unwrap_or_else(|error| panic!("creating `{}`: {error}", directory.display()));
    let path = directory.join(format!("{}.{extension}", key(parts)));
    if !path.exists() {
        let scratch = tempfile::Builder::new()
            .prefix("new-")
            .tempdir_in(&directory)
            .unwrap_or_else(|error| {
                panic!("creating a directory in `{}`: {error}", directory.display())
            });
        let new = scratch.path().join("result");
        produce(&new);
        fs::rename(&new, &path)
            .unwrap_or_else(|error| panic!("storing `{}`: {error}", path.display()));
    }
    path
}

/// The hash of the parts, each preceded by its length so that moving a byte between neighbours
/// changes it.
fn key<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn key_tells_where_a_part_ends() {
        assert_ne!(key([&b"ab"[..], b"c"]), key([&b"a"[..], b"bc"]));
        assert_eq!(key([&b"ab"[..], b"c"]), key([&b"ab"[..], b"c"]));
    }
}
