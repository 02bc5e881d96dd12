//! C++ programs compiled ahead of time, as shared libraries of this process.

use std::ffi::{CString, c_void};
use std::path::Path;
use std::ptr::NonNull;

use tiered_jit::FunctionPointer;
use tjit_test_util::shared_library;

/// A loaded library; it stays loaded as long as the process.
#[derive(Debug)]
pub struct Library(NonNull<c_void>);

impl Library {
    /// A program of `benches/programs`, compiled with these flags, and bound to its own variables directly as an executable
    /// would be.
    ///
    /// # Panics
    /// If it does not compile, or can't be loaded.
    #[must_use]
    pub fn native(name: &str, flags: &[&str]) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("programs")
            .join(name);
        let bound_directly = ["-fno-semantic-interposition", "-Wl,-Bsymbolic"];
        let flags: Vec<_> = flags.iter().copied().chain(bound_directly).collect();
        let library = shared_library(&[source], &flags);
        let path = CString::new(library.as_os_str().as_encoded_bytes()).expect("a path has no NUL");
        // SAFETY: our own program, whose constructors do nothing.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        Self(NonNull::new(handle).expect("the library loads"))
    }

    /// A function of the library.
    ///
    /// # Panics
    /// If there is none of that name.
    #[must_use]
    pub fn function<F: FunctionPointer>(&self, name: &str) -> F {
        let name = CString::new(name).expect("a name has no NUL");
        // SAFETY: the handle is one of a loaded library.
        let address = unsafe { libc::dlsym(self.0.as_ptr(), name.as_ptr()) };
        assert!(!address.is_null(), "the library has {name:?}");
        F::from_address(address as usize)
    }
}
