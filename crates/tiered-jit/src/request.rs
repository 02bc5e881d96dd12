//! What a request from outside carries to the worker that serves it.

use std::fmt;

use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_compile_layer::{FeatureChanges, OptLevel};
use tjit_reopt::{Argument, Constant, Guard};
use tjit_runtime::{FunctionRecord, Lapse, RequestOutcome};

use crate::Error;
use crate::promise::{Answer, Promise};

/// What a transformation may fail with.
pub type TransformError = Box<dyn std::error::Error + Send + Sync>;

/// A transformation of the IR of one compile unit.
pub(crate) type Transform = Box<
    dyn for<'ctx> FnMut(&Module<'ctx>, FunctionValue<'ctx>) -> Result<(), TransformError> + Send,
>;

/// What is done to the IR before it is optimised.
pub(crate) enum Step {
    Transform(Transform),
    Specialize(Specialization),
}

/// Arguments and the values they have, all together.
pub(crate) struct Specialization {
    pub(crate) values: Vec<(Argument, Constant)>,
    pub(crate) guard: Guard,
}

/// How the IR is optimised.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) pipeline: Option<String>,
    pub(crate) level: Option<OptLevel>,
    pub(crate) features: Option<FeatureChanges>,
}

impl Options {
    /// Whether they say how much is optimised.
    pub(crate) fn say_how(&self) -> bool {
        self.pipeline.is_some() || self.level.is_some()
    }
}

/// What a request carries to the worker that serves it.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) steps: Vec<Step>,
    pub(crate) options: Options,
    /// Until it is answered.
    pub(crate) promise: Option<Promise>,
}

impl Request {
    /// Whether the version is another one than that which would be made by itself.
    pub(crate) fn changes_code(&self) -> bool {
        !self.steps.is_empty() || self.options.say_how() || self.options.features.is_some()
    }

    /// Wants what `later` does, too: its steps after these, and its options where it has any.
    pub(crate) fn merge(&mut self, later: Self) {
        self.steps.extend(later.steps);
        if later.options.say_how() {
            self.options.level = later.options.level;
            self.options.pipeline = later.options.pipeline;
        }
        if later.options.features.is_some() {
            self.options.features = later.options.features;
        }
    }

    /// Why nobody wants the answer any more, if so.
    pub(crate) fn unwanted(&self) -> Option<Error> {
        self.promise.as_ref()?.shared().unwanted()
    }

    /// Whether a trip had queued the function before.
    pub(crate) fn raised(&self) -> bool {
        let promise = self.promise.as_ref();
        promise.and_then(|promise| promise.shared().outcome()) == Some(RequestOutcome::Raised)
    }

    pub(crate) fn answer(self, answer: Answer) {
        if let Some(promise) = self.promise {
            // Whoever dropped the ticket does not want to know.
            promise.give(answer);
        }
    }

    /// How many arguments the version is specialised for.
    pub(crate) fn arguments(&self) -> usize {
        let of_step = |step: &Step| match step {
            Step::Specialize(specialization) => specialization.values.len(),
            Step::Transform(_) => 0,
        };
        self.steps.iter().map(of_step).sum()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("steps", &self.steps.len())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Requests that were cancelled, or whose deadline passed, when a worker comes to them.
pub(crate) struct Lapsed;

impl Lapse<Request> for Lapsed {
    fn has_lapsed(&self, request: &Request) -> bool {
        request.unwanted().is_some()
    }

    fn lapsed(&self, _function: &FunctionRecord, request: Request) {
        if let Some(error) = request.unwanted() {
            request.answer(Err(error));
        }
    }
}
