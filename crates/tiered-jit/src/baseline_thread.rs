//! The thread that compiles baselines: first calls first, and what they lead to while there are none.

use crossbeam::channel::Receiver;
use tjit_runtime::FunctionId;

use crate::ahead::Ahead;
use crate::ending::Thread;
use crate::engine::Engine;
use crate::first_call::FirstCall;
use crate::{Error, baseline, fork};

/// The baseline thread: serves first calls until every sender is gone or it is told to end, and compiles ahead while there are none.
pub(crate) fn serve(engine: &Engine, calls: &Receiver<FirstCall>, stop: &Receiver<()>) {
    let mut ahead = Ahead::new(engine.config.compile_ahead);
    loop {
        let call = if ahead.is_due() {
            crossbeam::channel::select_biased! {
                // A closed channel is the signal; nothing is ever sent.
                recv(stop) -> _ => return,
                recv(calls) -> call => Some(call),
                default => None,
            }
        } else {
            crossbeam::channel::select_biased! {
                // As above.
                recv(stop) -> _ => return,
                recv(calls) -> call => Some(call),
            }
        };
        let caller = match &call {
            Some(Ok(call)) => call.caller,
            Some(Err(_)) => return,
            None => Thread::current(),
        };
        let Some(_inside) = fork::enter_for(caller) else {
            // The process ends. Who waits for an answer goes on waiting until it is gone.
            std::mem::forget(call);
            ahead = Ahead::new(0);
            continue;
        };
        match call {
            Some(Ok(call)) => {
                let group = answer(engine, call);
                go_ahead(|| ahead.follow(engine, &group));
            }
            _ => go_ahead(|| ahead.step(engine)),
        }
    }
}

/// What nobody waits for must not end the thread that everybody's first calls wait for.
fn go_ahead(compile: impl FnOnce()) {
    let _told_by_the_panic_hook = tjit_orc::guard("compiling ahead", || {
        compile();
        Ok(())
    });
}

/// Answers a first call. Returns the functions that were compiled for it.
fn answer(engine: &Engine, call: FirstCall) -> Vec<FunctionId> {
    let compiled = tjit_orc::guard("compiling a baseline", || {
        Ok(baseline::compile(engine, call.function))
    })
    .unwrap_or_else(|panic| Err(Error::Llvm(panic)));
    let (address, group) = match compiled {
        Ok((address, group)) => (Ok(address), group),
        Err(error) => (Err(error), Vec::new()),
    };
    call.answer.give(address);
    group
}
