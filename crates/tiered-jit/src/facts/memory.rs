//! Where the program's variables are, as far as they are anywhere yet.
//!
//! A data module is compiled when an object that refers to it is linked. Asking the linker for an address would compile it
//! just for that, on the thread that asks; so it is only asked for what objects that are linked already refer to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::Engine;

/// Addresses of symbols that linked objects refer to.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// `None` until the address is first wanted.
    linked: Mutex<HashMap<String, Option<u64>>>,
}

impl Memory {
    fn linked(&self) -> MutexGuard<'_, HashMap<String, Option<u64>>> {
        self.linked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object that refers to `symbols` was linked: they are in memory.
    pub(crate) fn note(&self, symbols: impl IntoIterator<Item = String>) {
        let mut linked = self.linked();
        for symbol in symbols {
            linked.entry(symbol).or_default();
        }
    }

    /// The address of `symbol`, whose module is in memory.
    pub(crate) fn note_address(&self, symbol: &str, address: u64) {
        self.linked().insert(symbol.to_owned(), Some(address));
    }

    /// Symbols that are not the program's any more.
    pub(crate) fn forget<'a>(&self, symbols: impl IntoIterator<Item = &'a str>) {
        let mut linked = self.linked();
        for symbol in symbols {
            linked.remove(symbol);
        }
    }

    /// Those among `symbols` that are in memory. No lock that compiling takes may be held by the caller: a look-up may
    /// find that other modules are waiting to be compiled.
    pub(crate) fn addresses(&self, engine: &Engine, symbols: &[String]) -> HashMap<String, u64> {
        let mut found = HashMap::new();
        let mut unknown = Vec::new();
        {
            let linked = self.linked();
            for symbol in symbols {
                match linked.get(symbol) {
                    Some(Some(address)) => drop(found.insert(symbol.clone(), *address)),
                    Some(None) => unknown.push(symbol.as_str()),
                    None => {}
                }
            }
        }
        if unknown.is_empty() {
            return found;
        }
        // What can't be found, because it went with its module meanwhile, has no facts.
        if let Ok(addresses) = engine.dylib.lookup_all(&unknown) {
            let mut linked = self.linked();
            for (symbol, address) in addresses {
                linked.insert(symbol.clone(), Some(address));
                found.insert(symbol, address);
            }
        }
        found
    }
}

/// Whether the guard at `address` is set (Itanium C++ ABI, §3.3.2).
///
/// # Safety
/// `address` is that of a guard variable that is not freed meanwhile.
pub(crate) unsafe fn guard_is_set(address: u64) -> bool {
    // SAFETY: says our caller; guards are written by atomic stores of their first byte.
    let first = unsafe { AtomicU8::from_ptr(address as *mut u8) };
    // Acquire: pairs with the Release of `__cxa_guard_release`, so that this thread sees what the initialiser wrote. Whoever
    // enters the code that is compiled in the knowledge of it comes through a slot that is stored to, with Release, after.
    first.load(Ordering::Acquire) & 1 != 0
}

/// A copy of a variable.
///
/// # Safety
/// It is `size` bytes at `address`, which nobody writes or frees meanwhile.
pub(crate) unsafe fn read(address: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    // SAFETY: says our caller; a fresh vector does not overlap it.
    unsafe { std::ptr::copy_nonoverlapping(address as *const u8, bytes.as_mut_ptr(), size) };
    bytes
}

/// Stores to a variable: in one piece, with Release order, where it has the size and alignment of an integer.
///
/// # Safety
/// It is as long as `bytes`, writable and not freed meanwhile; nobody else writes it meanwhile, and whoever reads it meanwhile
/// can live with a part of the bytes, where they don't go in one piece.
pub(crate) unsafe fn write(address: u64, bytes: &[u8]) {
    macro_rules! store_whole {
        ($($integer:ty, $atomic:ty;)*) => {
            $(if let Ok(value) = <[u8; size_of::<$integer>()]>::try_from(bytes)
                && address % align_of::<$atomic>() as u64 == 0
            {
                // SAFETY: aligned, as long as this integer, and for the rest says our caller.
                let variable = unsafe { <$atomic>::from_ptr(address as *mut $integer) };
                return variable.store(<$integer>::from_ne_bytes(value), Ordering::Release);
            })*
        };
    }
    store_whole! { u8, AtomicU8; u16, AtomicU16; u32, AtomicU32; u64, AtomicU64; }
    // SAFETY: says our caller; the bytes are the embedder's own and not the variable.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len()) };
}
