//! What a program may bind to outside itself.

/// Where the host defines what the program only declares: its libraries, or definitions of the embedder's.
///
/// Asked from several threads at once.
pub trait HostSymbols: Send + Sync {
    /// The address of a function or variable, by the name that the linker sees (with a leading underscore on Mach-O).
    /// `None` if the host does not have it.
    fn find(&self, linker_name: &str) -> Option<u64>;

    /// Where each thread has its copy of a thread-local variable of the host's libraries. `None` if the host does not
    /// have it, or not as a thread-local variable.
    fn find_thread_local(&self, _linker_name: &str) -> Option<ThreadLocalIndex> {
        None
    }
}

/// A thread-local variable as the dynamic linker's `__tls_get_addr` wants it: `tls_index` of the ELF ABI for thread-local
/// storage, on x86-64 and AArch64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadLocalIndex {
    /// The library's number among those with thread-local storage, from 1. Good as long as the library is loaded.
    pub module: u64,
    /// Bytes from the start of the library's block, on any thread.
    pub offset: u64,
}

/// A host that defines nothing.
impl HostSymbols for () {
    fn find(&self, _linker_name: &str) -> Option<u64> {
        None
    }
}
