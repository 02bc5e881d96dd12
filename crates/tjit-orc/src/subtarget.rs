//! What a processor can do, by LLVM's names.

use std::collections::HashSet;
use std::ffi::{c_char, c_void};

use crate::error::{Error, ErrorKind};
use crate::names::c_name;
use crate::target::Host;

/// Mirrors `TjitVisitFeature` in `shim/subtarget.cpp`.
type Visit = extern "C" fn(state: *mut c_void, name: *const c_char, length: usize, enabled: bool);

unsafe extern "C" {
    fn tjit_subtarget(
        triple: *const c_char,
        cpu: *const c_char,
        features: *const c_char,
        visit: Visit,
        state: *mut c_void,
    ) -> bool;
}

/// The features of one processor of the host's architecture, implied ones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtarget {
    known: HashSet<String>,
    enabled: HashSet<String>,
}

extern "C" fn collect(state: *mut c_void, name: *const c_char, length: usize, enabled: bool) {
    // SAFETY: `list` passes a subtarget of its own, which nobody else touches meanwhile.
    let subtarget = unsafe { &mut *state.cast::<Subtarget>() };
    // SAFETY: the shim passes a range of LLVM's static tables.
    let name = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), length) };
    let name = String::from_utf8_lossy(name).into_owned();
    if enabled {
        subtarget.enabled.insert(name.clone());
    }
    subtarget.known.insert(name);
}

fn list(cpu: &str, features: &str) -> Result<Subtarget, Error> {
    let triple = c_name(&Host::get()?.triple, "a target triple")?;
    let (c_cpu, features) = (c_name(cpu, "a processor")?, c_name(features, "features")?);
    let mut subtarget = Subtarget {
        known: HashSet::new(),
        enabled: HashSet::new(),
    };
    // SAFETY: three NUL-terminated strings, and the state that `collect` expects. `Host::get` has registered the
    // target; the callers pass features that it has.
    let found = unsafe {
        tjit_subtarget(
            triple.as_ptr(),
            c_cpu.as_ptr(),
            features.as_ptr(),
            collect,
            (&raw mut subtarget).cast(),
        )
    };
    if found {
        Ok(subtarget)
    } else {
        Err(Error::new(
            ErrorKind::Target,
            format!("looking up the processor `{cpu}`"),
            "LLVM does not know it",
        ))
    }
}

impl Subtarget {
    /// The processor `cpu` (empty: the generic one) with changes such as `+avx2,-fma` applied in order.
    ///
    /// Changes to features that LLVM does not know are ignored, as its code generator does.
    ///
    /// # Errors
    /// [`ErrorKind::Target`] if LLVM does not know the processor: generating code for it would end the process.
    /// [`ErrorKind::Name`] for a NUL byte.
    pub fn new(cpu: &str, features: &str) -> Result<Self, Error> {
        let plain = list(cpu, "")?;
        let changes = plain.keep_known(features);
        if changes.is_empty() {
            return Ok(plain);
        }
        list(cpu, &changes)
    }

    /// The processor that this process runs on.
    ///
    /// # Errors
    /// As [`Subtarget::new`].
    pub fn host() -> Result<Self, Error> {
        let host = Host::get()?;
        Self::new(&host.cpu, &host.features)
    }

    /// Whether it has a feature, such as `fma`.
    pub fn has(&self, feature: &str) -> bool {
        self.enabled.contains(feature)
    }

    /// Whether LLVM knows a feature of that name for the architecture.
    pub fn knows(&self, feature: &str) -> bool {
        self.known.contains(feature)
    }

    /// The features it has, in no order.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.enabled.iter().map(String::as_str)
    }

    /// The changes of a feature string whose names LLVM knows.
    pub fn keep_known(&self, features: &str) -> String {
        features
            .split(',')
            .filter(|change| change.get(1..).is_some_and(|name| self.knows(name)))
            .collect::<Vec<_>>()
            .join(",")
    }
}
