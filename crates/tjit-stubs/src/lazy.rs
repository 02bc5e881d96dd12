//! The first call through a lazy stub.

use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::abort;

use crate::manager::Shared;
use crate::sys::ErrnoGuard;
use crate::{CodePtr, StubId};

/// Makes the code of a stub that is called while it has none.
///
/// Closures `Fn(StubId) -> CodePtr` are resolvers.
pub trait LazyResolver: Send + Sync {
    /// Returns where the call that is waiting on this thread shall continue. It will return to `return_address`, which lies in
    /// the caller, unless the caller ended with a jump and it is its caller's.
    ///
    /// Called on the thread that made the call, with its stack, below its frame, and possibly on several threads at once
    /// for the same stub. All argument registers and `errno` are kept, and rounding and exception masks are the default
    /// ones meanwhile. Afterwards the stub points at [`Resolution::Code`], unless it was updated, reset or removed while
    /// this function ran: then the waiting call alone goes there, as it does with [`Resolution::Detour`].
    ///
    /// It may use every method of the manager, but must not drop it, and must not leave by `longjmp` or an exception of
    /// another language.
    ///
    /// # Panics
    /// A panic cannot unwind through the frames of the caller, which may be in any language: it is reported on stderr
    /// and aborts the process. Return the address of code that reports an error in the way of the program instead.
    fn resolve(&self, id: StubId, return_address: usize) -> Resolution;
}

/// Where a waiting call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// To the code of the function; later calls go there as well.
    Code(CodePtr),
    /// To this code, which is entered as if the caller had called it; the next call asks again.
    Detour(CodePtr),
}

impl Resolution {
    pub(crate) fn address(self) -> usize {
        let (Self::Code(code) | Self::Detour(code)) = self;
        code.addr()
    }
}

impl<F: Fn(StubId) -> CodePtr + Send + Sync> LazyResolver for F {
    fn resolve(&self, id: StubId, _return_address: usize) -> Resolution {
        Resolution::Code(self(id))
    }
}

impl fmt::Debug for dyn LazyResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LazyResolver")
    }
}

/// What the trampoline calls. Returns the address to jump to.
///
/// # Safety
/// `shared` is the context that [`Shared`] gave its trampoline, and its manager has not been dropped.
pub(crate) unsafe extern "C" fn enter_resolver(
    shared: *const Shared,
    index: u32,
    return_address: usize,
) -> usize {
    let _errno = ErrnoGuard::new();
    // SAFETY: the manager lives, says our caller, and owns `shared`.
    let shared = unsafe { &*shared };
    let id = StubId::from_index(index);
    match catch_unwind(AssertUnwindSafe(|| shared.resolve_lazy(id, return_address))) {
        Ok(address) => address,
        Err(_) => die(shared, id),
    }
}

/// The panic hook has printed the panic itself.
#[cold]
fn die(shared: &Shared, id: StubId) -> ! {
    let name = catch_unwind(AssertUnwindSafe(|| shared.name(id)))
        .ok()
        .flatten();
    let name = name.as_deref().unwrap_or("?");
    let _ = writeln!(
        std::io::stderr(),
        "tjit-stubs: the lazy resolver panicked for {id} (`{name}`); aborting, for a panic cannot unwind into its caller"
    );
    abort()
}
