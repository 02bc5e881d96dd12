//! First calls: a mutator waits while the baseline thread compiles what it called.
//!
//! One thread compiles all baselines: it has a stack that LLVM's recursion fits on, which the mutator's may not, and it goes on
//! when a signal handler of a waiting mutator calls another function for the first time.

use std::process::abort;
use std::sync::{Arc, OnceLock};

use crossbeam::channel::{Receiver, Sender, unbounded};
use tjit_runtime::{FunctionId, FunctionRecord, Runtime};
use tjit_stubs::{CodePtr, LazyResolver, Resolution, StubId};

use crate::answer::{self, Answer};
use crate::bodiless::Bodiless;
use crate::config::{FatalHandler, Tiering};
use crate::ending::Thread;
use crate::promise::Promise;
use crate::request::Request;
use crate::{Error, fork, landing};

/// A mutator's question for the address of a function.
#[derive(Debug)]
pub(crate) struct FirstCall {
    pub(crate) function: FunctionId,
    /// Who waits.
    pub(crate) caller: Thread,
    pub(crate) answer: Answer<Result<usize, Error>>,
}

/// Where questions go: to the last of a list of channels. A child of `fork` adds one, since the channel of the thread that it does
/// not have may be locked, and counts that thread among those that wait.
#[derive(Debug)]
pub(crate) struct FirstCalls {
    sender: Sender<FirstCall>,
    next: OnceLock<Box<FirstCalls>>,
}

impl FirstCalls {
    pub(crate) fn new() -> (Self, Receiver<FirstCall>) {
        let (sender, receiver) = unbounded();
        let next = OnceLock::new();
        (Self { sender, next }, receiver)
    }

    /// Sends all further questions to the new receiver.
    pub(crate) fn reopen(&self) -> Receiver<FirstCall> {
        let (calls, receiver) = Self::new();
        // It is empty: only the one thread of a child comes here.
        let _was_empty = self.last().next.set(Box::new(calls));
        receiver
    }

    fn last(&self) -> &Self {
        let mut last = self;
        while let Some(next) = last.next.get() {
            last = next;
        }
        last
    }
}

/// What the lazy trampolines call.
pub(crate) struct Resolver {
    pub(crate) fatal: Arc<FatalHandler>,
    pub(crate) tiering: Tiering,
    pub(crate) first_calls: Arc<FirstCalls>,
    pub(crate) runtime: Arc<Runtime<Request>>,
    pub(crate) bodiless: Arc<Bodiless>,
}

impl LazyResolver for Resolver {
    fn resolve(&self, stub: StubId, return_address: usize) -> Resolution {
        let function = FunctionId::new(stub.index());
        let code = self
            .bodiless
            .code(self.runtime.table(), function, return_address);
        match code
            .unwrap_or_else(|| self.code(function))
            .map(Resolution::Code)
        {
            Ok(resolution) => resolution,
            Err(error) => match landing::divert(error) {
                Ok(code) => Resolution::Detour(code),
                Err(error) => die(&self.fatal, &error),
            },
        }
    }
}

impl Resolver {
    fn code(&self, function: FunctionId) -> Result<CodePtr, Error> {
        // A slot that was made lazy to see whether anybody calls: somebody does, possibly a signal handler.
        if let Some(record) = self.runtime.table().get(function)
            && let Some(code) = record.code().and_then(CodePtr::new)
        {
            record.touch();
            return Ok(code);
        }
        let record = self.runtime.table().get(function);
        let is_never = record.is_some_and(FunctionRecord::is_never);
        let is_eager = record.is_some_and(FunctionRecord::is_eager);
        let address = match self.tiering {
            _ if is_never => ask(&self.first_calls, function),
            Tiering::Auto if is_eager => {
                optimize_or_ask(&self.runtime, &self.first_calls, function)
            }
            Tiering::Optimized => optimize_or_ask(&self.runtime, &self.first_calls, function),
            Tiering::Auto | Tiering::Baseline => ask(&self.first_calls, function),
        }?;
        CodePtr::new(address).ok_or_else(|| no_answer(&self.runtime, function))
    }
}

/// Asks the baseline thread for `function` and waits.
pub(crate) fn ask(first_calls: &FirstCalls, function: FunctionId) -> Result<usize, Error> {
    let (answer, question) = answer::channel();
    let call = FirstCall {
        function,
        caller: Thread::current(),
        answer,
    };
    // A thread that is gone does not take the call, and the answer that is dropped with it is none.
    drop(first_calls.last().sender.send(call));
    question
        .wait()
        .unwrap_or_else(|| Err(Error::ShutDown(function.to_string())))
}

/// Compiles `function` at the optimising tier, or as a baseline if that can't be: some functions may have one version only,
/// and there is no promotion at the end of the process.
fn optimize_or_ask(
    runtime: &Runtime<Request>,
    first_calls: &FirstCalls,
    function: FunctionId,
) -> Result<usize, Error> {
    optimize_now(runtime, function).or_else(|_| ask(first_calls, function))
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
    let symbol = runtime
        .table()
        .get(function)
        .map(|record| record.symbol().clone());
    let promise = Promise::new(symbol.unwrap_or_else(|| function.to_string().into()));
    let waiting = promise.shared().clone();
    let request = Request {
        promise: Some(promise),
        ..Request::default()
    };
    // A child must find the request whole: queued, or not made.
    let inside = fork::enter();
    let _outcome = runtime.request(function, request)?;
    drop(inside);
    let answer = waiting.wait(None).flatten();
    let version = answer.unwrap_or_else(|| Err(Error::ShutDown(function.to_string())))?;
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
