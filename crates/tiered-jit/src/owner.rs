//! The life of an engine and its threads.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, Sender};

use crate::assemble::Parts;
use crate::config::Builder;
use crate::ending;
use crate::engine::Engine;
use crate::first_call::{FirstCall, FirstCalls};
use crate::fork::{self, Restart};
use crate::reclaim::reaper;
use crate::{Error, assemble, baseline_thread, lifecycle, promote};

/// LLVM recurses over types and expressions: at 10,000 levels it needs more than the 2 MiB of a Rust thread.
pub(crate) const COMPILE_STACK: usize = 16 << 20;

/// Ends the threads and the program with the last handle.
pub(crate) struct Owner {
    pub(crate) engine: Arc<Engine>,
    first_calls: Arc<FirstCalls>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    // Dropped to end the baseline thread.
    stop: Mutex<Option<Sender<()>>>,
    // Dropped to end the reaper.
    reaping: Mutex<Option<Sender<()>>>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Destructors may call functions for the first time, so the threads go after them.
        lifecycle::finalize(&self.engine);
        self.engine.runtime.shutdown();
        if ending::has_begun() {
            // Threads that rest can't be joined. They are about to be gone, as is what they share.
            std::mem::forget(self.engine.clone());
            return;
        }
        self.engine.canaries.stop();
        for stop in [&self.stop, &self.reaping] {
            drop(stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        self.engine.watcher.end();
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let this = std::thread::current().id();
        // A transformation may own the last handle; a thread that joined itself would wait for ever.
        for thread in threads
            .into_iter()
            .inspect(|thread| thread.thread().unpark())
            .filter(|thread| thread.thread().id() != this)
        {
            // A thread that panicked has said so; there is nobody to tell here.
            let _ended = thread.join();
        }
    }
}

impl Owner {
    pub(crate) fn start(builder: Builder) -> Result<Arc<Self>, Error> {
        let Parts {
            engine,
            first_calls,
            receiver,
        } = assemble::engine(builder)?;
        let owner = Arc::new(Self {
            engine: Arc::new(engine),
            first_calls,
            threads: Mutex::default(),
            stop: Mutex::default(),
            reaping: Mutex::default(),
        });
        owner.start_threads(receiver)?;
        let this: Weak<Self> = Arc::downgrade(&owner);
        fork::register(this);
        ending::register();
        Ok(owner)
    }

    fn start_threads(&self, first_calls: Receiver<FirstCall>) -> Result<(), Error> {
        let (stop, stopped) = crossbeam::channel::bounded(0);
        // A channel from before a fork is left as it is: the locks in it may be held by threads that are gone.
        std::mem::forget(
            self.stop
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .replace(stop),
        );
        self.spawn("tjit-baseline", move |engine| {
            baseline_thread::serve(engine, &first_calls, &stopped)
        })?;
        let (running, stopped) = crossbeam::channel::bounded(0);
        // As with the other one.
        std::mem::forget(
            self.reaping
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .replace(running),
        );
        self.spawn("tjit-reclaim", move |engine| {
            reaper::work(engine, &stopped);
        })?;
        let workers = self.engine.config.policy.workers().get();
        self.engine.trip_context.foreground.staff(workers);
        for index in 0..workers {
            let numbers = self.engine.numbers.clone();
            self.spawn(&format!("tjit-worker-{index}"), move |engine| {
                // More workers than the runtime has seats for: the ones that have one do the work.
                let _ended = promote::work(engine, &numbers);
                engine.trip_context.foreground.leave();
            })?;
        }
        Ok(())
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

impl Restart for Owner {
    fn quieten(&self) {
        self.engine.runtime.shutdown();
    }

    fn restart(&self) {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = stop.is_none();
        drop(stop);
        if ended {
            return;
        }
        // There is nothing to join.
        std::mem::forget(std::mem::take(
            &mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner),
        ));
        self.engine.runtime.forget_workers();
        self.engine.canaries.abandon(&self.engine);
        self.engine.watcher.forget();
        self.engine.bodiless.forget_other_threads();
        self.engine.reclaim.forget_other_threads();
        // Without threads, functions that were not compiled before the fork can't be called, which is reported when they are.
        let _started = self.start_threads(self.first_calls.reopen());
    }
}
