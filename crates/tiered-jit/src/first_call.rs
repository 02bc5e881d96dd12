//! First calls: a mutator waits while the baseline thread compiles what it called.
//!
//! One thread compiles all baselines: it has a stack that LLVM's recursion fits on, which the mutator's may not, and it goes on
//! when a signal handler of a waiting mutator calls another function for the first time.

use std::process::abort;
use std::sync::Arc;

use crossbeam::channel::{Sender, bounded};
use tjit_runtime::{FunctionId, Runtime};
use tjit_stubs::{CodePtr, LazyResolver, StubId};

use crate::Error;
use crate::config::{Config, FatalHandler, Tiering};
use crate::request::Request;

/// A mutator's question for the address of a function.
#[derive(Debug)]
pub(crate) struct FirstCall {
    pub(crate) function: FunctionId,
    pub(crate) answer: Sender<Result<usize, Error>>,
}

/// What the lazy trampolines call.
pub(crate) fn resolver(
    config: &Config,
    first_calls: Sender<FirstCall>,
    runtime: Arc<Runtime<Request>>,
) -> Box<dyn LazyResolver> {
    let fatal = config.fatal.clone();
    let tiering = config.tiering;
    Box::new(move |stub: StubId| {
        let function = FunctionId::new(stub.index());
        let address = match tiering {
            Tiering::Optimized => optimize_now(&runtime, function),
            Tiering::Auto | Tiering::Baseline => ask(&first_calls, function),
        };
        match address.map(CodePtr::new) {
            Ok(Some(code)) => code,
            Ok(None) => die(&fatal, &no_answer(&runtime, function)),
            Err(error) => die(&fatal, &error),
        }
    })
}

/// Asks the baseline thread for `function` and waits.
pub(crate) fn ask(first_calls: &Sender<FirstCall>, function: FunctionId) -> Result<usize, Error> {
    let (answer, receiver) = bounded(1);
    // A thread that is gone does not take the question: its sender is dropped with it, which the receiver notices.
    drop(first_calls.send(FirstCall { function, answer }));
    receiver
        .recv()
        .unwrap_or_else(|_| Err(Error::ShutDown(function.to_string())))
}

/// Compiles `function` at the optimising tier and waits.
fn optimize_now(runtime: &Runtime<Request>, function: FunctionId) -> Result<usize, Error> {
    if let Some(code) = runtime
        .table()
        .get(function)
        .and_then(|record| record.code())
    {
        return Ok(code);
    }
    let (answer, receiver) = bounded(1);
    let request = Request {
        transforms: Vec::new(),
        pipeline: None,
        answer,
    };
    let _outcome = runtime.request(function, request)?;
    let version = receiver
        .recv()
        .unwrap_or_else(|_| Err(Error::ShutDown(function.to_string())))?;
    Ok(version.address)
}

fn no_answer(runtime: &Runtime<Request>, function: FunctionId) -> Error {
    let name = runtime.table().get(function).map_or_else(
        || function.to_string(),
        |record| record.symbol().to_string(),
    );
    Error::Compile {
        function: name,
        reason: "it has no address".to_owned(),
    }
}

#[cold]
fn die(fatal: &Arc<FatalHandler>, error: &Error) -> ! {
    fatal(error);
    abort()
}
