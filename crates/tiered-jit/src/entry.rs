//! Typed handles on functions.

use std::fmt;
use std::sync::Arc;

use crate::owner::Owner;

mod call;
mod inside;

pub use inside::{Bound, Entered};

/// Function pointers that a [`Function`] can hold: `unsafe extern "C" fn`, or `"C-unwind"`, with up to twelve parameters.
///
/// Sealed: sound only for types that are as large as an address and for which every non-null address is a valid value.
pub trait FunctionPointer: sealed::Sealed + Copy + Send + Sync + 'static {
    #[doc(hidden)]
    fn from_address(address: usize) -> Self;

    #[doc(hidden)]
    fn address(self) -> usize;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! function_pointers {
    ($($parameter:ident)*) => {
        function_pointers!("C" $($parameter)*);
        function_pointers!("C-unwind" $($parameter)*);
    };
    ($abi:literal $($parameter:ident)*) => {
        impl<Output, $($parameter,)*> sealed::Sealed for unsafe extern $abi fn($($parameter,)*) -> Output {}

        impl<Output: 'static, $($parameter: 'static,)*> FunctionPointer
            for unsafe extern $abi fn($($parameter,)*) -> Output
        {
            fn from_address(address: usize) -> Self {
                // SAFETY: source and target have the same size, and `address` is that of a stub, which is not null.
                // Calling the result is unsafe, and it is there that the signature has to be right.
                unsafe { std::mem::transmute::<*const (), Self>(address as *const ()) }
            }

            fn address(self) -> usize {
                self as usize
            }
        }
    };
}

function_pointers!();
function_pointers!(A);
function_pointers!(A B);
function_pointers!(A B C);
function_pointers!(A B C D);
function_pointers!(A B C D E);
function_pointers!(A B C D E F);
function_pointers!(A B C D E F G);
function_pointers!(A B C D E F G H);
function_pointers!(A B C D E F G H I);
function_pointers!(A B C D E F G H I J);
function_pointers!(A B C D E F G H I J K);
function_pointers!(A B C D E F G H I J K L);

/// A function of the program with the type the embedder gave it.
///
/// `unsafe { f.call(1, 2) }` calls it. That is an entry into the program, so that with [`Builder::reclaim`](crate::Builder::reclaim) the
/// version that runs is not freed meanwhile; many calls share one entry by [`Entered::bind`]. Calls may be made from any thread,
/// and the code lives as long as this handle or its JIT. What could outlive its code can't be called:
///
/// ```compile_fail,E0618
/// # type Nullary = unsafe extern "C" fn() -> i64;
/// fn outside_of_any_entry(function: &tiered_jit::Function<Nullary>) -> i64 {
///     unsafe { function() }
/// }
/// ```
///
/// ```compile_fail,E0133
/// # type Nullary = unsafe extern "C" fn() -> i64;
/// fn without_a_word(function: &tiered_jit::Function<Nullary>) -> Nullary {
///     function.pointer()
/// }
/// ```
#[derive(Clone)]
pub struct Function<F> {
    pointer: F,
    name: Arc<str>,
    // Keeps the code alive.
    owner: Arc<Owner>,
}

impl<F: FunctionPointer> Function<F> {
    pub(crate) fn new(owner: Arc<Owner>, name: Arc<str>, address: usize) -> Self {
        Self {
            pointer: F::from_address(address),
            name,
            owner,
        }
    }

    /// The address that the function has in the program, that of its stub: it is the same whatever version runs.
    pub fn address(&self) -> usize {
        self.pointer.address()
    }

    /// The function's [address](Self::address) as a plain pointer, to be handed to code that calls such.
    ///
    /// # Safety
    /// It is not called after the last handle on the JIT is gone. With [`Builder::reclaim`](crate::Builder::reclaim), who calls it is inside of an
    /// entry: a call of this program, [`TieredJit::protect`](crate::TieredJit::protect), or [`TieredJit::enter`](crate::TieredJit::enter).
    pub unsafe fn pointer(&self) -> F {
        self.pointer
    }

    /// The function's linker-level name.
    pub fn symbol(&self) -> &str {
        &self.name
    }
}

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.name)
    }
}
