//! What a counter counts to and which functions get one.

use std::num::{NonZeroU32, NonZeroU64};

use inkwell::module::Module;
use inkwell::values::FunctionValue;

use crate::{
    Error, LOOP_FUNCTION, LoopOutcome, Outcome, TRIP_FUNCTION, counter, eligibility, turns,
};

/// Puts a counter at the entry of functions.
///
/// A plain value: it holds nothing of LLVM and may be shared between threads, each working on a
/// module of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryCounter {
    /// Which call trips: with 1, the first call does. The initial value of the counter, at most
    /// `i64::MAX`.
    pub threshold: NonZeroU64,
    /// What to do with functions marked `optnone`.
    pub optnone: OptNone,
    /// The `void (ptr)` function that a trip calls: [`TRIP_FUNCTION`], unless the program has its
    /// own of that name.
    pub trip_function: String,
}

/// What to do with functions marked `optnone`.
///
/// The attribute has two origins that look the same on one function. A programmer writes it on a
/// function that must never be optimised; then a counter is pure cost, since the promotion it asks
/// for is forbidden. And `clang -O0` writes it on every function it emits, without anybody having
/// asked. [`optnone_everywhere`](crate::optnone_everywhere) tells the two apart for a whole program
/// module; a slice holds too little to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OptNone {
    /// Skip them with [`SkipReason::OptNone`](crate::SkipReason::OptNone).
    #[default]
    Respect,
    /// Treat them like any other function; the attribute stays on the function.
    Ignore,
}

impl EntryCounter {
    /// A counter that trips on the `threshold`-th call, respects `optnone` and calls
    /// [`TRIP_FUNCTION`].
    #[must_use]
    pub fn new(threshold: NonZeroU64) -> Self {
        Self {
            threshold,
            optnone: OptNone::default(),
            trip_function: TRIP_FUNCTION.to_owned(),
        }
    }

    /// Gives the body `function` of `module` a counter, named
    /// [`tjit_mangle::counter_name`]`(stub)`.
    ///
    /// Everything else is as with [`instrument_as`](Self::instrument_as).
    ///
    /// # Errors
    ///
    /// Those of [`instrument_as`](Self::instrument_as).
    pub fn instrument<'ctx>(
        &self,
        module: &Module<'ctx>,
        function: FunctionValue<'ctx>,
        stub: &str,
    ) -> Result<Outcome, Error> {
        self.instrument_as(module, function, stub, &tjit_mangle::counter_name(stub))
    }

    /// Gives the body `function` of `module` a counter named `counter`.
    ///
    /// `stub` is the symbol whose address the trip passes on: the function's own name, or, when the
    /// body was renamed for its tier, the name that the rest of the program calls. It is declared
    /// if the module does not name it yet. Calls inside the body are not touched.
    ///
    /// The counter is defined in `module` as an `i64` with external linkage and
    /// hidden visibility, so that code that reads or re-arms it can find it: it holds how many more
    /// calls there are until the next trip, and from there on counts on below zero. If the module
    /// *declares* a global of that name and type, the declaration is used, and storage and initial
    /// value are the embedder's.
    ///
    /// A function that must not have a counter is left as it is, and the reason is returned.
    ///
    /// # Errors
    ///
    /// [`Error`] says which name is in the way. The module is well-formed then, but may have gained
    /// declarations.
    pub fn instrument_as<'ctx>(
        &self,
        module: &Module<'ctx>,
        function: FunctionValue<'ctx>,
        stub: &str,
        counter: &str,
    ) -> Result<Outcome, Error> {
        if let Some(reason) =
            eligibility::skip_reason((self.optnone, &self.trip_function), function)
        {
            return Ok(Outcome::Skipped(reason));
        }
        counter::insert(self, module, function, stub, counter)?;
        Ok(Outcome::Instrumented {
            counter: counter.to_owned(),
        })
    }
}

/// Puts a counter into the loops of functions: each frame counts the turns of all its loops
/// together.
///
/// A plain value like [`EntryCounter`]. A function that gets both counters gets this one first, so
/// that the frame is set up in front of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopCounter {
    /// After how many turns the runtime is told, each time. At most `i32::MAX` counts.
    pub interval: NonZeroU32,
    /// What to do with functions marked `optnone`.
    pub optnone: OptNone,
    /// The `void (ptr, i32, i32)` function that is told: [`LOOP_FUNCTION`], unless the program has
    /// its own of that name.
    pub trip_function: String,
}

impl LoopCounter {
    /// A counter that tells every `interval` turns, respects `optnone` and calls [`LOOP_FUNCTION`].
    #[must_use]
    pub fn new(interval: NonZeroU32) -> Self {
        Self {
            interval,
            optnone: OptNone::default(),
            trip_function: LOOP_FUNCTION.to_owned(),
        }
    }

    /// Gives the loops of the body `function` of `module` a counter.
    ///
    /// `stub` is as with [`EntryCounter::instrument_as`]. Loops are numbered from 0 by the order of
    /// their headers in the function. Left out are those that only exceptions turn, and all of a
    /// function that handles exceptions as Windows does.
    ///
    /// # Errors
    ///
    /// [`Error`] says which name is in the way. The module is well-formed then, but may have gained
    /// declarations.
    pub fn instrument<'ctx>(
        &self,
        module: &Module<'ctx>,
        function: FunctionValue<'ctx>,
        stub: &str,
    ) -> Result<LoopOutcome, Error> {
        let config = (self.optnone, self.trip_function.as_str());
        if let Some(reason) = eligibility::skip_reason(config, function) {
            return Ok(LoopOutcome::Skipped(reason));
        }
        let loops = turns::insert(self, module, function, stub)?;
        Ok(LoopOutcome::Instrumented { loops })
    }
}
