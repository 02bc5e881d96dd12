//! Where the libraries of the process keep their thread-local variables.

use std::ffi::{CStr, c_int, c_void};

use libc::dl_phdr_info;
use tjit_link::ThreadLocalIndex;

#[cfg(test)]
mod tests;

/// A search among the libraries' blocks.
struct Search {
    address: usize,
    accept: fn(&CStr) -> bool,
    found: Option<ThreadLocalIndex>,
}

/// The place, on any thread, of the thread-local that the calling thread has at `address`, in a library whose path is
/// accepted. `None` for an address of anything else.
///
/// The block of the address has been allocated, or there would be no such address, so the dynamic linker lists it
/// (`dlpi_tls_data`, glibc 2.4 and later). Static and dynamic thread-local storage look the same here.
pub(crate) fn index_of(address: usize, accept: fn(&CStr) -> bool) -> Option<ThreadLocalIndex> {
    let mut search = Search {
        address,
        accept,
        found: None,
    };
    // SAFETY: `visit` is what the function calls, with the search that outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

unsafe extern "C" fn visit(info: *mut dl_phdr_info, size: usize, search: *mut c_void) -> c_int {
    if size < size_of::<dl_phdr_info>() {
        return 1;
    }
    // SAFETY: the dynamic linker passes a description as long as `size` says.
    let info = unsafe { &*info };
    // SAFETY: `index_of` passed its own search, which nobody else uses meanwhile.
    let search = unsafe { &mut *search.cast::<Search>() };
    let start = info.dlpi_tls_data.addr();
    let Some(offset) = search.address.checked_sub(start).filter(|_| start != 0) else {
        return 0;
    };
    if offset >= block_size(info) || info.dlpi_name.is_null() {
        return 0;
    }
    // SAFETY: not null, so the NUL-terminated path of the library.
    let path = unsafe { CStr::from_ptr(info.dlpi_name) };
    if (search.accept)(path) {
        search.found = Some(ThreadLocalIndex {
            module: info.dlpi_tls_modid as u64,
            offset: offset as u64,
        });
    }
    1
}

/// Bytes of a library's thread-local variables.
fn block_size(info: &dl_phdr_info) -> usize {
    // SAFETY: the dynamic linker gives the library's program headers and their number.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let tls = headers.iter().find(|header| header.p_type == libc::PT_TLS);
    tls.map_or(0, |header| header.p_memsz as usize)
}
