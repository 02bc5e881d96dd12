//! What to compile before it is called: the callees of functions that have just been compiled because they were called.
//!
//! A first call compiles a group of functions ([`Builder::baseline_group`](crate::Builder::baseline_group)). Where the budget of the
//! group ended, the program is likely to call next. While nobody waits for a first call, the baseline thread goes on from there
//! in small groups, up to a number of functions for each first call: a program that makes no first calls any more has its own
//! way, and is not compiled to its last function.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;

use tjit_runtime::{FunctionId, FunctionRecord, FunctionState};

use crate::baseline::{self, Limit};
use crate::engine::Engine;

/// The most functions of a group that is compiled ahead: a first call that comes meanwhile waits for no more than that, half of
/// what it takes itself by default.
const GROUP: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// The functions to compile next, the likeliest first. Holds numbers only: what becomes of their functions is found out when
/// their turn comes, under the gate that removing modules closes.
#[derive(Debug)]
pub(crate) struct Ahead {
    /// Functions for each first call.
    limit: usize,
    /// Functions that may still be compiled.
    left: usize,
    waiting: VecDeque<FunctionId>,
    /// Those that could not be compiled, with how often their baseline had been taken away then: whoever calls them hears why.
    given_up: HashMap<FunctionId, u64>,
}

impl Ahead {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            left: 0,
            waiting: VecDeque::new(),
            given_up: HashMap::new(),
        }
    }

    /// Whether there is something to compile.
    pub(crate) fn is_due(&self) -> bool {
        self.left > 0 && !self.waiting.is_empty()
    }

    /// A first call has had these functions compiled.
    pub(crate) fn follow(&mut self, engine: &Engine, group: &[FunctionId]) {
        if self.limit == 0 || group.is_empty() {
            return;
        }
        self.left = self.limit;
        let older = std::mem::take(&mut self.waiting);
        self.add_callees(engine, group);
        // What comes out of this call is likelier than what an earlier one left behind.
        self.waiting.extend(older);
        self.waiting.truncate(self.limit);
    }

    /// Compiles the next group.
    pub(crate) fn step(&mut self, engine: &Engine) {
        let Some(function) = self.waiting.pop_front() else {
            return;
        };
        let Some(record) = engine.runtime.table().get(function) else {
            return;
        };
        // What is taken away meanwhile is tried again.
        let taken = record.baselines_taken();
        let limit = Limit::new(GROUP, self.left);
        match baseline::compile_ahead(engine, function, limit) {
            Ok(group) => {
                self.left = self.left.saturating_sub(group.len());
                self.add_callees(engine, &group);
                self.waiting.truncate(self.limit);
            }
            Err(_) => {
                self.given_up.insert(function, taken);
            }
        }
    }

    fn add_callees(&mut self, engine: &Engine, group: &[FunctionId]) {
        let program = engine.program();
        for record in group
            .iter()
            .filter_map(|&id| engine.runtime.table().get(id))
        {
            for callee in program.callees(record.symbol()) {
                let Some(callee) = engine.record(callee) else {
                    continue;
                };
                if callee.state() == FunctionState::Lazy && !self.has_given_up(callee) {
                    self.waiting.push_back(callee.id());
                }
            }
        }
    }

    /// Whether the body that it has now could not be compiled.
    fn has_given_up(&self, function: &FunctionRecord) -> bool {
        self.given_up.get(&function.id()) == Some(&function.baselines_taken())
    }
}
