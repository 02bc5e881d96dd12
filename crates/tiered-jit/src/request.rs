//! What a request from outside carries to the worker that serves it.

use std::fmt;
use std::sync::Arc;

use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_runtime::VersionInfo;

use crate::Error;
use crate::answer::Answer;

/// What a transformation may fail with.
pub type TransformError = Box<dyn std::error::Error + Send + Sync>;

/// A transformation of the IR of one compile unit.
pub(crate) type Transform = Box<
    dyn for<'ctx> FnMut(&Module<'ctx>, FunctionValue<'ctx>) -> Result<(), TransformError> + Send,
>;

/// What a request carries to the worker that serves it.
pub(crate) struct Request {
    pub(crate) transforms: Vec<Transform>,
    pub(crate) pipeline: Option<String>,
    /// Until it is given.
    pub(crate) answer: Option<Answer<Result<Arc<VersionInfo>, Error>>>,
}

impl Request {
    /// Whether the version is another one than that which would be made by itself.
    pub(crate) fn changes_code(&self) -> bool {
        !self.transforms.is_empty() || self.pipeline.is_some()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("transforms", &self.transforms.len())
            .field("pipeline", &self.pipeline)
            .finish_non_exhaustive()
    }
}
