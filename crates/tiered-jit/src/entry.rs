//! Typed handles on functions.

use std::fmt;
use std::ops::Deref;
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
/// It dereferences to the function pointer, so that `unsafe { f(1, 2) }` calls it. The pointer is the function's stub: it
/// stays valid, and equal, whatever version runs behind it, for as long as this handle or its JIT lives. Calls may be made
/// from any thread.
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

    /// The function pointer, which must not be called after the last handle on the JIT is gone.
    pub fn pointer(&self) -> F {
        self.pointer
    }

    /// The function's linker-level name.
    pub fn symbol(&self) -> &str {
        &self.name
    }
}

impl<F> Deref for Function<F> {
    type Target = F;

    fn deref(&self) -> &F {
        &self.pointer
    }
}

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.name)
    }
}
