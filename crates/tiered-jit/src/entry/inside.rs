//! Entries that last for several calls.

use std::fmt;
use std::marker::PhantomData;

use tjit_runtime::Pin;

use super::{Function, FunctionPointer};
use crate::TieredJit;

/// An entry into the program that lasts as long as this lives: for many calls, each of which is as cheap as one through a plain
/// pointer. Stays on its thread, and may be nested.
///
/// What is displaced while a thread is inside is not freed before it leaves, so don't stay for longer than there is to call.
///
/// ```compile_fail,E0277
/// fn moves_to_other_threads<T: Send>() {}
/// moves_to_other_threads::<tiered_jit::Entered<'static>>();
/// ```
#[must_use = "the entry ends when this is dropped"]
#[derive(Debug)]
pub struct Entered<'jit> {
    _pin: Option<Pin>,
    _jit: PhantomData<&'jit TieredJit>,
    _stays: PhantomData<*const ()>,
}

impl Entered<'_> {
    pub(crate) fn new(pin: Option<Pin>) -> Self {
        Self {
            _pin: pin,
            _jit: PhantomData,
            _stays: PhantomData,
        }
    }

    /// The function, to be called while the entry lasts. It must be one of the same JIT to be kept by it.
    ///
    /// ```compile_fail,E0505
    /// # type Nullary = unsafe extern "C" fn() -> i64;
    /// fn too_late(jit: &tiered_jit::TieredJit, function: &tiered_jit::Function<Nullary>) -> i64 {
    ///     let entered = jit.enter();
    ///     let bound = entered.bind(function);
    ///     drop(entered);
    ///     unsafe { bound.call() }
    /// }
    /// ```
    ///
    /// ```compile_fail,E0505
    /// # type Nullary = unsafe extern "C" fn() -> i64;
    /// fn without_the_jit(jit: tiered_jit::TieredJit, function: &tiered_jit::Function<Nullary>) -> i64 {
    ///     let entered = jit.enter();
    ///     let bound = entered.bind(function);
    ///     drop(jit);
    ///     unsafe { bound.call() }
    /// }
    /// ```
    pub fn bind<'entry, F: FunctionPointer>(
        &'entry self,
        function: &'entry Function<F>,
    ) -> Bound<'entry, F> {
        Bound {
            pointer: function.pointer,
            _entry: PhantomData,
        }
    }
}

/// A function that can be called as long as an entry into its program lasts.
#[derive(Clone, Copy)]
pub struct Bound<'entry, F> {
    pub(super) pointer: F,
    // Stays on the entry's thread.
    _entry: PhantomData<(&'entry (), *const ())>,
}

impl<F> fmt::Debug for Bound<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Bound")
    }
}
