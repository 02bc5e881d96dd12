//! What a file holds, by its first bytes.

use object::elf;

/// The first bytes of bitcode, and of bitcode in the wrapper that Apple's tools put around it
/// (<https://llvm.org/docs/BitCodeFormat.html>).
const BITCODE: [[u8; 4]; 2] = [*b"BC\xC0\xDE", [0xDE, 0xC0, 0x17, 0x0B]];

/// What archives begin with: ordinary ones, and thin ones, which name files instead of holding them.
const ARCHIVES: [&[u8]; 2] = [&object::archive::MAGIC, &object::archive::THIN_MAGIC];

/// Offset and length of `e_type` in an ELF header.
const ELF_TYPE: std::ops::Range<usize> = 16..18;

/// What a file holds, as far as linkers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// LLVM bitcode.
    Bitcode,
    /// A native object file; any ELF file that is not a shared library.
    Object,
    /// A shared library (or an executable: ELF calls both by one name).
    SharedLibrary,
    /// An archive of object files.
    Archive,
}

impl FileKind {
    /// The kind of a file that starts with `bytes`, of which 18 are enough. `None` for text and whatever else.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if BITCODE.iter().any(|magic| bytes.starts_with(magic)) {
            return Some(Self::Bitcode);
        }
        if ARCHIVES.iter().any(|magic| bytes.starts_with(magic)) {
            return Some(Self::Archive);
        }
        if !bytes.starts_with(&elf::ELFMAG) {
            return None;
        }
        // Either byte order: the kind of a file does not depend on whether it can be used here.
        let is_shared = bytes
            .get(ELF_TYPE)
            .is_some_and(|kind| kind.contains(&3) && kind.contains(&0));
        Some(if is_shared {
            Self::SharedLibrary
        } else {
            Self::Object
        })
    }
}

#[cfg(test)]
mod tests {
    use super::FileKind;

    #[test]
    fn files_are_told_by_their_first_bytes() {
        let elf = |kind: u8| [&b"\x7FELF\x02\x01\x01"[..], &[0; 9], &[kind, 0]].concat();
        let cases: [(&[u8], Option<FileKind>); 9] = [
            (b"BC\xC0\xDE....", Some(FileKind::Bitcode)),
            (b"\xDE\xC0\x17\x0B....", Some(FileKind::Bitcode)),
            (b"!<arch>\n", Some(FileKind::Archive)),
            (b"!<thin>\n", Some(FileKind::Archive)),
            (&elf(1), Some(FileKind::Object)),
            (&elf(3), Some(FileKind::SharedLibrary)),
            (b"\x7FELF", Some(FileKind::Object)),
            (b"define i32 @f()", None),
            (b"", None),
        ];
        for (bytes, kind) in cases {
            assert_eq!(FileKind::of(bytes), kind, "{bytes:?}");
        }
    }
}
