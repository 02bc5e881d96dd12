//! What is added to a unit that is measured.

use std::sync::Arc;

use tjit_instrument::{Outcome, ShadowError};
use tjit_mangle::{Tier, body_name};
use tjit_orc::ThreadSafeModule;
use tjit_runtime::FunctionRecord;

use super::measured::Measured;
use super::ticket::refused;
use super::{CanaryRefusal, effects};
use crate::Error;
use crate::engine::Engine;
use crate::object::Emitted;
use crate::version_numbers::VersionNumbers;

/// What is to be added.
#[derive(Debug, Clone)]
pub(crate) enum Probe {
    /// It writes down how long its calls take.
    Timing,
    /// Nothing, but it must be without effects, unless somebody else vouches for that.
    Control { assumed: bool },
    /// A function in front of it that compares what it returns with what the body `control` does.
    Shadow { control: Arc<str>, assumed: bool },
}

/// The names of what was added.
#[derive(Debug)]
enum Added {
    Histogram(String),
    Nothing,
    Shadow(tjit_instrument::Shadow),
}

/// A unit with a probe in it, not yet compiled.
#[derive(Debug)]
pub(crate) struct Inserted {
    body: String,
    added: Added,
}

/// A unit with a probe in it that is linked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probed {
    /// Where calls are to enter.
    pub(super) entry: usize,
    pub(super) measured: Measured,
}

impl Probe {
    pub(crate) fn insert(
        &self,
        (engine, numbers): (&Engine, &VersionNumbers),
        record: &FunctionRecord,
        (unit, body): (&ThreadSafeModule, &str),
    ) -> Result<Inserted, Error> {
        let refuse = |refusal| refused(record, refusal);
        let check = |assumed: bool| match assumed {
            true => Ok(()),
            false => effects::check(unit, body)?.map_err(refuse),
        };
        let added = match self {
            Self::Timing => {
                let histogram = format!("{body}.times");
                time(unit, body, &histogram)?.map_err(refuse)?;
                Added::Histogram(histogram)
            }
            Self::Control { assumed } => {
                check(*assumed)?;
                Added::Nothing
            }
            Self::Shadow { control, assumed } => {
                check(*assumed)?;
                // Named as a body, so that it is compiled like one.
                let number = numbers.next(engine, record)?;
                let wrapper = body_name(record.symbol(), number, Tier::Optimized);
                let shadow = compare(unit, body, (control, &wrapper))?;
                Added::Shadow(shadow.map_err(refuse)?)
            }
        };
        unit.verify()?;
        let body = body.to_owned();
        Ok(Inserted { body, added })
    }
}

fn time(
    unit: &ThreadSafeModule,
    body: &str,
    histogram: &str,
) -> Result<Result<(), CanaryRefusal>, Error> {
    unit.with_module(|module| {
        let Some(function) = module.get_function(body) else {
            return Err(Error::NoEntry(body.to_owned()));
        };
        let outcome = tjit_instrument::time_calls(module, function, histogram)?;
        Ok(match outcome {
            Outcome::Instrumented { .. } => Ok(()),
            Outcome::Skipped(reason) => Err(CanaryRefusal::Timing(reason)),
        })
    })
}

fn compare(
    unit: &ThreadSafeModule,
    body: &str,
    (control, wrapper): (&str, &str),
) -> Result<Result<tjit_instrument::Shadow, CanaryRefusal>, Error> {
    unit.with_module(|module| {
        let Some(function) = module.get_function(body) else {
            return Err(Error::NoEntry(body.to_owned()));
        };
        let shadow = tjit_instrument::shadow(module, function, control, wrapper);
        Ok(shadow.map_err(|error: ShadowError| CanaryRefusal::Shadow(Arc::new(error))))
    })
}

impl Inserted {
    /// The symbols whose addresses are needed, beside that of the body.
    pub(crate) fn names(&self) -> Vec<&str> {
        match &self.added {
            Added::Histogram(name) => vec![name],
            Added::Nothing => Vec::new(),
            Added::Shadow(shadow) => {
                vec![&shadow.wrapper, &shadow.counts, &shadow.old, &shadow.new]
            }
        }
    }

    pub(crate) fn linked(&self, emitted: &Emitted) -> Result<Probed, Error> {
        let at = |name: &str| emitted.address(name);
        Ok(match &self.added {
            Added::Histogram(name) => Probed {
                entry: at(&self.body)?,
                measured: Measured::Times(at(name)?),
            },
            Added::Nothing => Probed {
                entry: at(&self.body)?,
                measured: Measured::Nothing,
            },
            Added::Shadow(shadow) => Probed {
                entry: at(&shadow.wrapper)?,
                measured: Measured::Results {
                    counts: at(&shadow.counts)?,
                    old: at(&shadow.old)?,
                    new: at(&shadow.new)?,
                    size: usize::try_from(shadow.size).unwrap_or_default(),
                },
            },
        })
    }
}
