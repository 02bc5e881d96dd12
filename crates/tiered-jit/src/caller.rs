//! Who called: from a return address to a name.

use std::ffi::CStr;

use tjit_runtime::FunctionTable;

use crate::host::dl_info;

/// The function that a call returns into, as its source spells it: one of the program, or one that the host exports.
pub(crate) fn name(table: &FunctionTable, return_address: usize) -> Option<String> {
    // The call is before the address, and may be the last thing in its function.
    let call = return_address.checked_sub(1)?;
    let in_program = table.iter().find(|function| {
        let versions = function.versions();
        let mut code = versions
            .iter()
            .map(|version| version.address..version.address + version.size);
        code.any(|code| code.contains(&call))
    });
    let symbol = match in_program {
        Some(function) => function.symbol().to_string(),
        None => host_symbol(call)?,
    };
    Some(tjit_link::demangle(&symbol))
}

fn host_symbol(address: usize) -> Option<String> {
    let info = dl_info(address)?;
    if info.dli_sname.is_null() {
        return None;
    }
    // SAFETY: not null, so a NUL-terminated name, which lives as long as its library.
    let name = unsafe { CStr::from_ptr(info.dli_sname) };
    Some(name.to_string_lossy().into_owned())
}
