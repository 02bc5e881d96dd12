//! The rewrites that files can test.

mod instrument;
mod link;
mod reopt;
mod shadow;
mod specialize;
mod timing;
mod written;

use inkwell::module::Module;

use crate::{Error, TestFile};

/// A rewrite of one module.
pub trait SubTest {
    /// What `;! test = "…"` says.
    fn name(&self) -> &'static str;

    /// Rewrites `module`, which was parsed from the file and verified, and returns the text to
    /// compare.
    ///
    /// An error that the rewrite reports is part of the text, so that it can be tested; the runner
    /// verifies what is left in `module` in any case.
    ///
    /// # Errors
    ///
    /// If the file cannot be run: usually [`Error::Header`] from [`TestFile::options`].
    fn run(&self, file: &TestFile, module: &Module<'_>) -> Result<String, Error>;
}

/// All there are.
#[must_use]
pub fn all() -> Vec<Box<dyn SubTest>> {
    vec![
        Box::new(instrument::Instrument),
        Box::new(link::DataModule),
        Box::new(link::Slice),
        Box::new(link::Promote),
        Box::new(reopt::Reopt),
        Box::new(shadow::Compare),
        Box::new(timing::Timing),
        Box::new(specialize::Specialize),
        Box::new(written::Written),
    ]
}
