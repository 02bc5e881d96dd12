//! What a program may bind to outside itself.

/// Where the host defines what the program only declares: its libraries, or definitions of the embedder's.
///
/// Asked from several threads at once.
pub trait HostSymbols: Send + Sync {
    /// The address of a function or variable, by the name that the linker sees (with a leading underscore on Mach-O).
    /// `None` if the host does not have it.
    fn find(&self, linker_name: &str) -> Option<u64>;
}

/// A host that defines nothing.
impl HostSymbols for () {
    fn find(&self, _linker_name: &str) -> Option<u64> {
        None
    }
}
