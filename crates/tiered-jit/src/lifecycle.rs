//! The program's beginning and end: constructors, `main`, destructors.

use std::ffi::{CString, c_char, c_int};

use tjit_link::{Initializer, Linked};

use crate::engine::Engine;
use crate::exit::{self, Due};
use crate::landing::{self, Ended, Entry, Words};
use crate::{Error, fork};

unsafe extern "C" {
    // POSIX's; not in the libc crate.
    static environ: *const *const c_char;
}

/// What `main` is called with and, as glibc does it, constructors are. It is never freed: as in any process, the program may
/// keep pointers to it for as long as it runs, and write to the strings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments {
    count: c_int,
    vector: *const *mut c_char,
}

impl Arguments {
    pub(crate) fn leak(arguments: &[CString]) -> Self {
        let mut vector: Vec<_> = arguments
            .iter()
            .map(|argument| argument.clone().into_raw())
            .collect();
        vector.push(std::ptr::null_mut());
        let count = c_int::try_from(arguments.len()).unwrap_or(c_int::MAX);
        let vector = vector.leak().as_ptr();
        Self { count, vector }
    }

    /// Not even a name.
    pub(crate) fn none() -> Self {
        Self {
            count: 0,
            vector: &raw const NO_STRINGS.0[0],
        }
    }
}

/// An empty, terminated vector of arguments.
struct NoStrings([*mut c_char; 1]);

// SAFETY: it holds no pointer to anything.
unsafe impl Sync for NoStrings {}

static NO_STRINGS: NoStrings = NoStrings([std::ptr::null_mut()]);

/// What becomes of an exception that leaves a constructor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uncaught {
    /// It is an error of whoever adds the modules.
    Error,
    /// It ends the process, as it does when an executable starts.
    Terminate,
}

/// Registers the destructors of newly linked modules and then runs their constructors, up to the first that fails.
///
/// # Safety
/// The modules' code must be free of undefined behaviour.
pub(crate) unsafe fn construct(
    engine: &Engine,
    linked: &Linked,
    arguments: Arguments,
    uncaught: Uncaught,
) -> Result<(), Error> {
    let through = match uncaught {
        Uncaught::Error => Entry::catching(&engine.support)?,
        Uncaught::Terminate => Entry::terminating(&engine.support)?,
    };
    let pin = engine.reclaim.pin();
    // SAFETY: says our caller.
    unsafe { engine.choose_ifuncs(linked)? };
    drop(pin);
    // Before the program registers any handler, and so to run after all of them.
    register(engine, &linked.destructors)?;
    for constructor in &linked.constructors {
        // SAFETY: a constructor takes nothing or the arguments of main; that it returns nothing is no matter in the C calling
        // conventions. Our caller vouches for its code.
        let _nothing = unsafe { call(engine, through, &constructor.symbol, arguments)? };
        let _brief = fork::enter_briefly();
        let mut state = engine.facts.state();
        state.constructed.insert(constructor.symbol.as_str().into());
    }
    Ok(())
}

/// Calls `symbol`, of main's type.
///
/// # Safety
/// `symbol` must be such a function and the program free of undefined behaviour.
pub(crate) unsafe fn run(
    engine: &Engine,
    symbol: &str,
    arguments: Arguments,
) -> Result<i32, Error> {
    let through = Entry::terminating(&engine.support)?;
    // SAFETY: says our caller.
    unsafe { call(engine, through, symbol, arguments) }
}

/// Calls a function of main's type.
///
/// # Safety
/// `symbol` must be such a function and the program free of undefined behaviour.
unsafe fn call(
    engine: &Engine,
    through: Entry,
    symbol: &str,
    arguments: Arguments,
) -> Result<i32, Error> {
    let function = entry(engine, symbol)?;
    // SAFETY: only read; that nobody changes the environment meanwhile is up to the embedder as with any `getenv`.
    let environment = unsafe { environ };
    let words = Words(
        arguments.count as usize,
        arguments.vector as usize,
        environment as usize,
    );
    let _pin = engine.reclaim.pin();
    // SAFETY: a stub, which is never null, of a function for whose type and code our caller vouches.
    let result = unsafe { landing::enter(through, &engine.config.fatal, function, words) };
    // The lower half of a register is what an `int` is returned in.
    result.map(|word| word as i32).map_err(|ended| match ended {
        Ended::By(error) => error,
        Ended::Threw(what) => Error::Constructor {
            function: symbol.to_owned(),
            what,
        },
    })
}

/// Calls a closure of the embedder's.
///
/// # Safety
/// As [`TieredJit::protect`](crate::TieredJit::protect).
pub(crate) unsafe fn protect<R>(engine: &Engine, body: impl FnOnce() -> R) -> Result<R, Error> {
    let through = Entry::passing(&engine.support)?;
    let _pin = engine.reclaim.pin();
    // SAFETY: says our caller.
    unsafe { landing::protect(through, &engine.config.fatal, body) }
}

/// Where to call a function of the program.
pub(crate) fn entry(engine: &Engine, symbol: &str) -> Result<usize, Error> {
    engine.address(symbol)
}

/// Has the functions called, in order, when the program ends.
fn register(engine: &Engine, destructors: &[Initializer]) -> Result<(), Error> {
    let (Some(first), Some(handle)) = (destructors.first(), &engine.handle) else {
        return Ok(());
    };
    let stubs = destructors
        .iter()
        .map(|destructor| Ok((destructor.module, entry(engine, &destructor.symbol)?)));
    let stubs: Vec<_> = stubs.collect::<Result<_, Error>>()?;
    if engine.exits.add_destructors(handle, stubs) {
        return Ok(());
    }
    let reason = "the system has no room for another exit handler".to_owned();
    let function = first.symbol.clone();
    Err(Error::Compile { function, reason })
}

/// Runs what the program has registered for its end, last first, as `dlclose` does for a library. Of its thread-locals those of
/// this thread are destroyed. What ends with an error, which the fatal handler is told, does not keep the others from running.
pub(crate) fn finalize(engine: &Engine) {
    loop {
        let of_thread = || exit::take_of_thread(|handle| handle.is_of(&engine.exits));
        let Some(due) = of_thread().or_else(|| engine.exits.take(|_| true)) else {
            break;
        };
        // SAFETY: it was registered by code whose addition to the program its embedder vouched for, and the code is still there.
        if let Err(error) = unsafe { finish(engine, due) } {
            (engine.config.fatal)(&error);
        }
    }
    let mut handles = engine.modules.all_handles();
    handles.extend(engine.handle.clone());
    for handle in handles {
        handle.finalize();
        handle.retire();
    }
}

/// Makes a call that is due. An exception that leaves it ends the process, as it does at `exit`.
///
/// # Safety
/// As [`Due::call`].
unsafe fn finish(engine: &Engine, due: Due) -> Result<(), Error> {
    let through = Entry::terminating(&engine.support)?;
    let (function, argument) = due.parts();
    let words = Words(argument, 0, 0);
    let _pin = engine.reclaim.pin();
    // SAFETY: says our caller.
    match unsafe { landing::enter(through, &engine.config.fatal, function, words) } {
        Err(Ended::By(error)) => Err(error),
        Ok(_) | Err(Ended::Threw(_)) => Ok(()),
    }
}
