//! Data layout strings.

use alloc::format;

use super::*;
use crate::ErrorKind;

#[test]
fn layouts_tell_the_mode() {
    use ManglingMode::{Elf, Goff, MachO, Mips, None, WinCoff, WinCoffX86, Xcoff};
    for (layout, mode) in [
        ("", None),
        ("e", None),
        ("e-p:64:64-i64:64", None),
        ("m:e", Elf),
        (
            "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
            Elf,
        ),
        ("E-m:l-p1:32:32-i1:8:16-i8:8:16", Goff),
        (
            "e-m:o-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-n32:64-S128-Fn32",
            MachO,
        ),
        ("E-m:m-p:32:32-i8:8:32-i16:16:32-i64:64-n32-S64", Mips),
        ("e-m:w-p270:32:32-p271:32:32-p272:64:64-i64:64", WinCoff),
        ("e-m:x-p:32:32-p270:32:32", WinCoffX86),
        ("E-m:a-Fi64-i64:64-i128:128-n32:64", Xcoff),
        ("m:e-m:o", MachO),
    ] {
        assert_eq!(ManglingMode::from_data_layout(layout), Ok(mode), "{layout}");
    }
}

#[test]
fn malformed_components_are_refused() {
    for component in ["m", "m:", "m:z", "m:ee", "me", "m:e:w"] {
        let layout = format!("e-{component}-n32");
        let mode = ManglingMode::from_data_layout(&layout);
        let kind = mode.as_ref().map_err(Error::kind);
        assert_eq!(kind, Err(ErrorKind::MalformedDataLayout), "{layout}");
        let text = mode.map_or_else(|error| format!("{error}"), |mode| format!("{mode:?}"));
        assert_eq!(
            text,
            format!("reading data layout `{layout}`: unknown mangling mode `{component}`")
        );
    }
}

#[test]
fn components_read_back() {
    for mode in ManglingMode::ALL {
        let layout = mode.data_layout_component().unwrap_or_default();
        assert_eq!(ManglingMode::from_data_layout(layout), Ok(mode));
    }
}
