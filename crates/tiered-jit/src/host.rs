//! What a program may bind to outside itself: the embedder's definitions and the process's libraries.

use std::collections::HashMap;
use std::error::Error as _;
use std::ffi::{CStr, CString, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY};
use tjit_link::{HostSymbols, ThreadLocalIndex};

use crate::{Error, cpu_model, thread_local};

/// What a C or C++ program is linked with when nobody says otherwise, and so may rely on finding.
const DEFAULT_LIBRARIES: [&str; 4] = ["libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"];

/// LLVM exports the instantiations of standard templates it was compiled with, built without exceptions and RTTI; a program
/// that bound to them would run code with other semantics than its own.
const NEVER_BOUND: &str = "libLLVM";

/// Symbols of the host, looked up in this order: the embedder's definitions, the libraries it named, the global scope of
/// the process (so that interposed allocators are found), the default libraries, what only static linkers find.
#[derive(Debug)]
pub(crate) struct Host {
    definitions: HashMap<String, u64>,
    // In the order in which they were loaded.
    named: RwLock<Vec<Arc<Named>>>,
    process: Library,
    defaults: Vec<Library>,
    // Looked up more than once for most symbols: when linking, and when code that refers to them is.
    cache: RwLock<HashMap<String, Option<u64>>>,
}

impl Host {
    /// Loads `libraries`; definitions are `(linker-level name, address)`.
    pub(crate) fn new(
        definitions: HashMap<String, u64>,
        libraries: &[PathBuf],
    ) -> Result<Self, Error> {
        let named = libraries
            .iter()
            .map(|path| Ok(Arc::new(Named(load(path)?))))
            .collect::<Result<_, Error>>()?;
        let defaults = DEFAULT_LIBRARIES
            .iter()
            .filter_map(|name| load(Path::new(name)).ok())
            .collect();
        Ok(Self {
            definitions,
            named: RwLock::new(named),
            process: Library::this(),
            defaults,
            cache: RwLock::default(),
        })
    }

    /// Loads a further library, behind those that were loaded before.
    pub(crate) fn load(&self, path: &Path) -> Result<Arc<Named>, Error> {
        let library = Arc::new(Named(load(path)?));
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        named.push(library.clone());
        Ok(library)
    }

    /// What the embedder defined or named up to now, which comes before archives.
    pub(crate) fn named(&self) -> impl HostSymbols + 'static {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        Before {
            definitions: self.definitions.clone(),
            named: named.clone(),
        }
    }

    fn look_up(&self, name: &str) -> Option<u64> {
        if let Some(&address) = self.definitions.get(name) {
            return Some(address);
        }
        let addresses = self.in_libraries(name);
        let mut bound = addresses.filter(|&address| may_be_bound(address));
        let found = bound.next().map(|address| address as u64);
        found.or_else(|| cpu_model::address_of(name))
    }

    /// What the libraries have of that name, in their order.
    fn in_libraries(&self, name: &str) -> impl Iterator<Item = usize> {
        let name = CString::new(name).ok();
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let others = [&self.process].into_iter().chain(&self.defaults);
        let libraries = named.iter().map(|library| &library.0).chain(others);
        let found: Vec<_> = libraries
            .filter_map(|library| symbol(library, name.as_ref()?))
            .collect();
        found.into_iter()
    }
}

/// A library that the embedder named.
#[derive(Debug)]
pub(crate) struct Named(Library);

impl HostSymbols for Named {
    fn find(&self, linker_name: &str) -> Option<u64> {
        let name = CString::new(linker_name).ok()?;
        symbol(&self.0, &name).map(|address| address as u64)
    }
}

/// What was defined or named before an archive.
struct Before {
    definitions: HashMap<String, u64>,
    named: Vec<Arc<Named>>,
}

impl HostSymbols for Before {
    fn find(&self, linker_name: &str) -> Option<u64> {
        let defined = self.definitions.get(linker_name).copied();
        defined.or_else(|| {
            self.named
                .iter()
                .find_map(|library| library.find(linker_name))
        })
    }
}

impl HostSymbols for Host {
    fn find(&self, linker_name: &str) -> Option<u64> {
        let cached = self
            .cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(linker_name)
            .copied();
        // A symbol that is missing may come with a library that the program opens later.
        if let Some(Some(address)) = cached {
            return Some(address);
        }
        let found = self.look_up(linker_name);
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        cache.insert(linker_name.to_owned(), found);
        found
    }

    fn find_thread_local(&self, linker_name: &str) -> Option<ThreadLocalIndex> {
        if self.definitions.contains_key(linker_name) {
            return None;
        }
        // For a thread-local the dynamic linker answers with the calling thread's copy.
        self.in_libraries(linker_name)
            .find_map(|address| thread_local::index_of(address, is_bindable))
    }
}

fn load(path: &Path) -> Result<Library, Error> {
    // SAFETY: loading a library runs its initialisers. The embedder named it for this program to use, or it is one of the
    // system's own, which the process has loaded already or which has no initialiser with preconditions.
    unsafe { Library::open(Some(path), RTLD_LAZY | RTLD_GLOBAL) }.map_err(|error| Error::Library {
        path: path.to_owned(),
        // What the loader says is the source of what is said here.
        reason: error.source().unwrap_or(&error).to_string(),
    })
}

fn symbol(library: &Library, name: &CStr) -> Option<usize> {
    // SAFETY: only the address is taken; whoever calls it vouches for its type.
    let symbol = unsafe { library.get::<*const c_void>(name.to_bytes_with_nul()) }.ok()?;
    Some(symbol.as_raw_ptr() as usize).filter(|&address| address != 0)
}

/// Whether the address lies in a library that programs may bind to.
fn may_be_bound(address: usize) -> bool {
    match dl_info(address) {
        Some(info) if !info.dli_fname.is_null() => {
            // SAFETY: dladdr returned a NUL-terminated path that lives as long as the library is loaded.
            is_bindable(unsafe { CStr::from_ptr(info.dli_fname) })
        }
        _ => true,
    }
}

/// What the dynamic linker knows of the library that an address lies in.
pub(crate) fn dl_info(address: usize) -> Option<libc::Dl_info> {
    let mut info = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    // SAFETY: `info` is valid for writes; any address may be asked for.
    let known = unsafe { libc::dladdr(address as *const c_void, &mut info) };
    (known != 0).then_some(info)
}

/// Whether programs may bind to the library of that path.
fn is_bindable(library: &CStr) -> bool {
    let file = Path::new(library.to_str().unwrap_or_default()).file_name();
    !file.is_some_and(|file| file.to_string_lossy().starts_with(NEVER_BOUND))
}
