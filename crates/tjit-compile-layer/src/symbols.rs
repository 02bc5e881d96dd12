//! The symbols that a module defines, as a linker sees them.

use std::collections::HashMap;

use inkwell::module::Linkage;
use tjit_mangle::{Mangler, Symbol};
use tjit_orc::{Global, Host, SymbolFlags};

use crate::error::{Error, ErrorKind};

/// A symbol of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Defined {
    /// Its name for the linker.
    pub(crate) linker_name: String,
    /// Its name in the IR.
    pub(crate) ir_name: String,
    /// What is said of it.
    pub(crate) flags: SymbolFlags,
}

/// The mangler for the host.
pub(crate) fn host_mangler() -> Result<Mangler, Error> {
    Ok(Mangler::from_triple(&Host::get()?.triple)?)
}

/// The symbols that an object file compiled from `definitions` will define.
///
/// Source of the flags: `JITSymbolFlags::fromGlobalValue` of LLVM.
pub(crate) fn defined(mangler: &Mangler, definitions: &[Global]) -> Result<Vec<Defined>, Error> {
    let mut by_name: HashMap<String, &str> = HashMap::new();
    let mut symbols = Vec::new();
    for global in definitions.iter().filter(|global| is_symbol(global)) {
        let symbol = if global.callable {
            Symbol::FUNCTION
        } else {
            Symbol::DATA
        };
        let linker_name = mangler.mangle(&global.name, &symbol)?.into_owned();
        if let Some(other) = by_name.insert(linker_name.clone(), &global.name) {
            return Err(Error::new(
                ErrorKind::Name,
                format!("naming `{}`", global.name.escape_debug()),
                format!("`{}` has the same linker name", other.escape_debug()),
            ));
        }
        symbols.push(Defined {
            linker_name,
            ir_name: global.name.clone(),
            flags: flags(global),
        });
    }
    Ok(symbols)
}

/// Local values have no symbol, copies of what is defined elsewhere neither, and appending arrays are LLVM's own.
pub(crate) fn is_symbol(global: &Global) -> bool {
    !global.is_local()
        && !matches!(
            global.linkage,
            Linkage::AvailableExternally | Linkage::Appending
        )
}

fn flags(global: &Global) -> SymbolFlags {
    SymbolFlags {
        exported: !global.hidden,
        weak: matches!(
            global.linkage,
            Linkage::WeakAny
                | Linkage::WeakODR
                | Linkage::LinkOnceAny
                | Linkage::LinkOnceODR
                | Linkage::Common
        ),
        callable: global.callable,
    }
}
