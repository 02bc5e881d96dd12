//! Target machines, each used by one thread at a time.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use tjit_orc::{Error, TargetMachine, TargetOptions};

/// Idle target machines.
///
/// LLVM keeps mutable state in a target machine, so two threads must never use one at once; creating one per compile
/// costs 0.4 ms. A pool holds as many as were ever in use at the same time.
#[derive(Debug, Default)]
pub struct MachinePool {
    idle: Mutex<HashMap<TargetOptions, Vec<TargetMachine>>>,
}

/// A target machine that belongs to this value until it is dropped. It goes back to the pool then, unless its thread
/// is panicking: what LLVM was doing is unknown then.
#[derive(Debug)]
pub struct CheckedOut<'pool> {
    pool: &'pool MachinePool,
    options: TargetOptions,
    // None only while it is being dropped.
    machine: Option<TargetMachine>,
}

impl MachinePool {
    /// A machine of these options that nobody else uses: an idle one if there is one, else a new one.
    ///
    /// # Errors
    /// [`tjit_orc::ErrorKind::Target`] if LLVM was built without the host's target.
    pub fn check_out(&self, options: &TargetOptions) -> Result<CheckedOut<'_>, Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(options)
            .and_then(Vec::pop);
        let machine = match idle {
            Some(machine) => machine,
            // Without the lock: other threads need not wait for it.
            None => TargetMachine::host(options)?,
        };
        Ok(CheckedOut {
            pool: self,
            options: options.clone(),
            machine: Some(machine),
        })
    }

    /// How many machines nobody uses.
    pub fn idle(&self) -> usize {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.values().map(Vec::len).sum()
    }
}

impl Deref for CheckedOut<'_> {
    type Target = TargetMachine;

    fn deref(&self) -> &TargetMachine {
        self.machine
            .as_ref()
            .expect("the machine is there until the drop")
    }
}

impl Drop for CheckedOut<'_> {
    fn drop(&mut self) {
        if let Some(machine) = self.machine.take()
            && !std::thread::panicking()
        {
            let mut idle = self
                .pool
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            idle.entry(self.options.clone()).or_default().push(machine);
        }
    }
}
