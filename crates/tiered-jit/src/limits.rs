//! How much work a unit may be, and who wants it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tjit_orc::{Stop, ThreadSafeModule};

use crate::Error;
use crate::config::Config;
use crate::promise::Shared;
use crate::request::Request;
use crate::unit::Order;

/// What a unit is given up for.
pub(crate) struct Limits {
    /// Those who wait for it.
    wanted_by: Vec<Arc<Shared>>,
    /// How long it may take if nobody asked for it, and from when.
    time: Option<(Instant, Duration)>,
    /// How many instructions it may have then.
    instructions: Option<usize>,
}

impl Limits {
    /// For a unit that is begun now, because somebody waits for it or a function is hot.
    pub(crate) fn new(config: &Config, order: &Order<'_>) -> Self {
        let requests = order.requests.iter();
        let promises = requests.filter_map(|request| request.promise.as_ref());
        let wanted_by: Vec<_> = promises.map(|promise| promise.shared().clone()).collect();
        let nobody_asked = wanted_by.is_empty() && order.probe.is_none();
        Self {
            wanted_by,
            time: nobody_asked.then(|| (Instant::now(), config.compile_deadline)),
            instructions: nobody_asked.then_some(config.unit_limit.get()),
        }
    }

    /// Asks whether all who wanted the unit want it still; as soon as one does not, it is given up, to be begun again for the
    /// others.
    pub(crate) fn stop(&self) -> Stop {
        let (wanted_by, time) = (self.wanted_by.clone(), self.time);
        Stop::new(move || {
            let is_late = time.is_some_and(|(start, most)| start.elapsed() > most);
            is_late || wanted_by.iter().any(|shared| shared.unwanted().is_some())
        })
    }

    /// Why a unit that was told to stop was.
    pub(crate) fn reason(&self) -> String {
        match self.time {
            Some((_, most)) => format!("it took longer than {most:?}: see `compile_deadline`"),
            None => "nobody waits for it any more".to_owned(),
        }
    }

    /// Whether the unit is small enough.
    pub(crate) fn check_size(&self, unit: &ThreadSafeModule) -> Result<(), String> {
        let Some(most) = self.instructions else {
            return Ok(());
        };
        match unit.with_module(|module| has_more_instructions(module, most)) {
            true => Err(format!(
                "it has more than {most} instructions: see `unit_limit`"
            )),
            false => Ok(()),
        }
    }
}

/// The first request that nobody waits for any more.
pub(crate) fn unwanted(requests: &[Request]) -> Option<(usize, Error)> {
    let mut requests = requests.iter().enumerate();
    requests.find_map(|(index, request)| Some((index, request.unwanted()?)))
}

fn has_more_instructions(module: &inkwell::module::Module<'_>, most: usize) -> bool {
    let blocks = module
        .get_functions()
        .flat_map(|function| function.get_basic_block_iter());
    let instructions = blocks.flat_map(|block| block.get_instructions());
    instructions.take(most.saturating_add(1)).count() > most
}
