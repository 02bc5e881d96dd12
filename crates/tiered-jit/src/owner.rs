//! The life of an engine and its threads.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam::channel::Sender;

use crate::config::Builder;
use crate::engine::Engine;
use crate::promote::{self, VersionNumbers};
use crate::{Error, assemble, baseline, lifecycle};

/// LLVM recurses over types and expressions: at 10,000 levels it needs more than the 2 MiB of a Rust thread.
const COMPILE_STACK: usize = 16 << 20;

/// Ends the threads and the program with the last handle.
pub(crate) struct Owner {
    pub(crate) engine: Arc<Engine>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    // Dropped to end the baseline thread.
    stop: Mutex<Option<Sender<()>>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Destructors may call functions for the first time, so the threads go after them.
        lifecycle::finalize(&self.engine);
        self.engine.runtime.shutdown();
        drop(
            self.stop
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let this = std::thread::current().id();
        // A transformation may own the last handle; a thread that joined itself would wait for ever.
        for thread in threads
            .into_iter()
            .filter(|thread| thread.thread().id() != this)
        {
            // A thread that panicked has said so; there is nobody to tell here.
            let _ended = thread.join();
        }
    }
}

impl Owner {
    pub(crate) fn start(builder: Builder) -> Result<Self, Error> {
        let workers = builder.config().policy.workers();
        let (engine, first_calls) = assemble::engine(builder)?;
        let engine = Arc::new(engine);
        let (stop, stopped) = crossbeam::channel::bounded(0);
        let owner = Owner {
            engine,
            threads: Mutex::default(),
            stop: Mutex::new(Some(stop)),
        };
        owner.spawn("tjit-baseline", move |engine| {
            baseline::serve(engine, &first_calls, &stopped)
        })?;
        let numbers = Arc::new(VersionNumbers::default());
        for index in 0..workers.get() {
            let numbers = numbers.clone();
            owner.spawn(&format!("tjit-worker-{index}"), move |engine| {
                // More workers than the runtime has seats for: the ones that have one do the work.
                let _ended = promote::work(engine, &numbers);
            })?;
        }
        Ok(owner)
    }

    fn spawn(&self, name: &str, body: impl FnOnce(&Engine) + Send + 'static) -> Result<(), Error> {
        let engine = self.engine.clone();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .stack_size(COMPILE_STACK)
            .spawn(move || body(&engine))
            .map_err(|error| Error::Thread(error.to_string()))?;
        self.threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(thread);
        Ok(())
    }
}
