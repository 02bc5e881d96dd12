//! What every module gets before its passes, whatever the tier.

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::{Linkage, Module};
use inkwell::targets::{TargetData, TargetTriple};
use tjit_orc::{Host, normalize_triple};

use crate::error::{Error, ErrorKind};

/// Checks that the module is for the host; one that does not say is made to be.
///
/// LLVM would compile a foreign module for the host without a word.
pub(crate) fn for_host(module: &Module<'_>) -> Result<(), Error> {
    let host = Host::get()?;
    let triple = module.get_triple().as_str().to_string_lossy().into_owned();
    if triple.is_empty() {
        module.set_triple(&TargetTriple::create(&host.triple));
    } else if !same_target(&normalize_triple(&triple)?, &host.triple) {
        return Err(foreign(module, "target triple", &triple, &host.triple));
    }
    let layout = module
        .get_data_layout()
        .as_str()
        .to_string_lossy()
        .into_owned();
    if layout.is_empty() {
        let host = TargetData::create(&host.data_layout);
        module.set_data_layout(&host.get_data_layout());
    } else if layout != host.data_layout {
        return Err(foreign(module, "data layout", &layout, &host.data_layout));
    }
    Ok(())
}

/// The vendor says nothing about code: Debian's clang writes `pc`, rustc `unknown`.
fn same_target(a: &str, b: &str) -> bool {
    let essence = |triple: &str| {
        let mut parts = triple.split('-').map(str::to_owned);
        (parts.next(), parts.nth(1), parts.next().unwrap_or_default())
    };
    essence(a) == essence(b)
}

fn foreign(module: &Module<'_>, what: &str, theirs: &str, ours: &str) -> Error {
    Error::new(
        ErrorKind::Target,
        format!("compiling `{}`", module.get_name().to_string_lossy()),
        format!("its {what} is `{theirs}`, the host's is `{ours}`"),
    )
}

/// Keeps the passes from deleting what was promised: a `linkonce` definition without a caller in its own module is
/// theirs to drop, and the lookup that waits for it would get an error.
pub(crate) fn keep_promised(module: &Module<'_>) {
    let strengthen = |linkage| match linkage {
        Linkage::LinkOnceAny => Some(Linkage::WeakAny),
        Linkage::LinkOnceODR => Some(Linkage::WeakODR),
        _ => None,
    };
    for function in module.get_functions() {
        if let Some(linkage) = strengthen(function.get_linkage()) {
            function.set_linkage(linkage);
        }
    }
    for variable in module.get_globals() {
        if let Some(linkage) = strengthen(variable.get_linkage()) {
            variable.set_linkage(linkage);
        }
    }
}

/// Lets calls go through jumps that the linker removes where the target is near.
///
/// rustc declares functions `nonlazybind`: calls load the address from a table then. JITLink of LLVM 22.1 leaves that
/// load in place, and where the target is below 4 GiB makes it a call to somewhere else (see `tests/it/reach.rs` of
/// `tjit-orc`).
pub(crate) fn bind_lazily(module: &Module<'_>) {
    let kind = Attribute::get_named_enum_kind_id("nonlazybind");
    for function in module.get_functions() {
        function.remove_enum_attribute(AttributeLoc::Function, kind);
    }
}
