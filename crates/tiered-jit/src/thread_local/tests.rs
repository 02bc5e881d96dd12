//! Thread-locals of the C++ library.

use std::collections::HashMap;
use std::ffi::c_void;
use std::thread;

use tjit_link::{HostSymbols, ThreadLocalIndex};

use crate::host::Host;

/// `std::__once_callable`, which every libstdc++ exports (since GCC 4.4).
const NAME: &str = "_ZSt15__once_callable";

/// `tls_index` of the ELF ABI for thread-local storage.
#[repr(C)]
struct TlsIndex {
    module: usize,
    offset: usize,
}

unsafe extern "C" {
    fn __tls_get_addr(index: *const TlsIndex) -> *mut c_void;
}

fn host(definitions: &[(&str, u64)]) -> Host {
    let definitions = definitions.iter();
    let definitions: HashMap<_, _> = definitions
        .map(|&(name, address)| (name.to_owned(), address))
        .collect();
    Host::new(definitions, &[]).expect("the default libraries load")
}

fn address(index: ThreadLocalIndex) -> usize {
    let index = TlsIndex {
        module: index.module as usize,
        offset: index.offset as usize,
    };
    // SAFETY: the host has found the index in a library that stays loaded.
    unsafe { __tls_get_addr(&raw const index) }.addr()
}

#[test]
fn each_thread_finds_its_own() {
    let find = || {
        // Without a cache: the dynamic linker's answer on this thread.
        let direct = host(&[]).find(NAME).expect("libstdc++ has it");
        let index = host(&[]).find_thread_local(NAME);
        (direct as usize, index.expect("it is thread-local"))
    };
    let (here, index) = find();
    assert_eq!(address(index), here);
    thread::spawn(move || {
        let (there, same) = find();
        assert_eq!(same, index);
        assert_ne!(there, here);
        assert_eq!(address(index), there);
    })
    .join()
    .expect("it does not panic");
}

#[test]
fn other_symbols_are_not_thread_local() {
    assert_eq!(host(&[]).find_thread_local("malloc"), None);
    assert_eq!(host(&[]).find_thread_local("stdout"), None);
    assert_eq!(host(&[]).find_thread_local("no_such_symbol"), None);
    assert_eq!(host(&[(NAME, 0x1000)]).find_thread_local(NAME), None);
}
