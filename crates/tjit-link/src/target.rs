//! Whether a module was compiled for this machine.

use inkwell::module::Module;
use inkwell::targets::{TargetData, TargetTriple};
use tjit_orc::{Host, normalize_triple};

use crate::LinkError;

#[cfg(test)]
mod tests;

/// Compares triple and data layout with the host's; a module that says nothing gets the host's.
pub(crate) fn check(module: &Module<'_>, name: &str) -> Result<(), LinkError> {
    let host = Host::get()?;
    let triple = module.get_triple().as_str().to_string_lossy().into_owned();
    if triple.is_empty() {
        module.set_triple(&TargetTriple::create(&host.triple));
    } else if !same_system(&normalize_triple(&triple)?, &host.triple) {
        let (module, host) = (name.to_owned(), host.triple.clone());
        return Err(LinkError::Triple {
            module,
            found: triple,
            host,
        });
    }
    let layout = module
        .get_data_layout()
        .as_str()
        .to_string_lossy()
        .into_owned();
    if layout.is_empty() {
        module.set_data_layout(&TargetData::create(&host.data_layout).get_data_layout());
    } else if layout != host.data_layout {
        let (module, host) = (name.to_owned(), host.data_layout.clone());
        return Err(LinkError::DataLayout {
            module,
            found: layout,
            host,
        });
    }
    Ok(())
}

/// Whether code for one triple runs on the other. Both are normalised. The vendor says nothing (`pc` is clang's word on
/// Debian, `unknown` rustc's), nor does the version of the system.
fn same_system(left: &str, right: &str) -> bool {
    let parts = |triple: &str| {
        let mut parts = triple.splitn(4, '-').map(str::to_owned);
        let architecture = parts.next().unwrap_or_default();
        let _vendor = parts.next();
        let system = without_version(&parts.next().unwrap_or_default());
        (
            architecture_name(&architecture),
            system,
            parts.next().unwrap_or_default(),
        )
    };
    parts(left) == parts(right)
}

fn architecture_name(architecture: &str) -> String {
    match architecture {
        "amd64" | "x86_64h" => "x86_64".to_owned(),
        "arm64" => "aarch64".to_owned(),
        other => other.to_owned(),
    }
}

fn without_version(system: &str) -> String {
    let system = system.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match system {
        // Clang says one, LLVM's default triple the other.
        "macosx" | "macos" | "darwin" => "darwin".to_owned(),
        other => other.to_owned(),
    }
}
