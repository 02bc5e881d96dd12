//! What the functions of a module say of their processor.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use inkwell::attributes::AttributeLoc;
use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_orc::{Host, Subtarget};

use crate::error::{Error, ErrorKind};

/// The attribute with the processor to generate code for.
pub(super) const CPU: &str = "target-cpu";
/// The attribute with changes to the processor's features.
pub(super) const FEATURES: &str = "target-features";
/// The attribute with the processor to choose instructions for.
pub(super) const TUNE: &str = "tune-cpu";

/// A function with a body, whose attributes LLVM knows.
#[derive(Debug)]
pub(crate) struct Checked<'ctx> {
    pub(crate) function: FunctionValue<'ctx>,
    /// What its attributes say of features, as they are.
    pub(crate) features: String,
    /// The processor its attributes describe.
    pub(crate) own: Arc<Subtarget>,
}

impl Checked<'_> {
    /// Whether its own processor multiplies and adds with one rounding.
    pub(crate) fn can_fuse(&self) -> bool {
        super::FUSES.iter().any(|feature| self.own.has(feature))
    }
}

/// The processors that functions have asked for so far.
#[derive(Debug)]
pub(crate) struct Subtargets {
    host: Subtarget,
    /// What the operating system or the processor itself says it does not have.
    lacks: HashSet<String>,
    seen: Mutex<HashMap<(String, String), Arc<Subtarget>>>,
}

impl Subtargets {
    pub(crate) fn new() -> Result<Self, Error> {
        let lacks = Host::get()?
            .features
            .split(',')
            .filter_map(|change| change.strip_prefix('-'))
            .map(str::to_owned)
            .collect();
        Ok(Self {
            host: Subtarget::host()?,
            lacks,
            seen: Mutex::default(),
        })
    }

    pub(super) fn host(&self) -> &Subtarget {
        &self.host
    }

    /// The features of `own` that the host says it lacks, sorted. Features it says nothing of, which are mostly hints
    /// for scheduling, don't count.
    pub(super) fn lacking(&self, own: &Subtarget) -> Vec<String> {
        let mut lacking: Vec<_> = own
            .features()
            .filter(|feature| self.lacks.contains(*feature))
            .map(str::to_owned)
            .collect();
        lacking.sort();
        lacking
    }

    /// The functions of a module that have bodies.
    ///
    /// An unknown processor would end the process in the code generator, and unknown features or a processor to tune
    /// for that is unknown would make it complain on stderr: those are dropped from the attributes.
    pub(crate) fn check_processors<'ctx>(
        &self,
        module: &Module<'ctx>,
    ) -> Result<Vec<Checked<'ctx>>, Error> {
        module
            .get_functions()
            .filter(|function| function.get_first_basic_block().is_some())
            .map(|function| self.check(module, function))
            .collect()
    }

    fn check<'ctx>(
        &self,
        module: &Module<'ctx>,
        function: FunctionValue<'ctx>,
    ) -> Result<Checked<'ctx>, Error> {
        let cpu = attribute(function, CPU);
        let features = attribute(function, FEATURES);
        let known = self.host.keep_known(&features);
        if known != features {
            let attribute = module
                .get_context()
                .create_string_attribute(FEATURES, &known);
            function.add_attribute(AttributeLoc::Function, attribute);
        }
        let tune = attribute(function, TUNE);
        if !tune.is_empty() && self.subtarget(&tune, "").is_err() {
            function.remove_string_attribute(AttributeLoc::Function, TUNE);
        }
        let own = self.subtarget(&cpu, &known).map_err(|_| {
            Error::new(
                ErrorKind::UnknownProcessor,
                format!("compiling `{}`", super::name(function)),
                format!("LLVM does not know its processor `{cpu}`"),
            )
        })?;
        Ok(Checked {
            function,
            features: known,
            own,
        })
    }

    fn subtarget(&self, cpu: &str, features: &str) -> Result<Arc<Subtarget>, tjit_orc::Error> {
        let key = (cpu.to_owned(), features.to_owned());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.get(&key) {
            return Ok(known.clone());
        }
        let subtarget = Arc::new(Subtarget::new(cpu, features)?);
        seen.insert(key, subtarget.clone());
        Ok(subtarget)
    }
}

fn attribute(function: FunctionValue<'_>, key: &str) -> String {
    function
        .get_string_attribute(AttributeLoc::Function, key)
        .map(|attribute| attribute.get_string_value().to_string_lossy().into_owned())
        .unwrap_or_default()
}
