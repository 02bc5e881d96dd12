//! Variables that are written by their initialiser only, once it is done.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};

use tjit_link::{Program, Writer, demangle};

use crate::Error;
use crate::engine::Engine;
use crate::facts::dependencies::Source;
use crate::facts::{invalidate, memory};

/// Whether nobody writes `variable` any more. `addresses` are those of guards, as far as they are in memory.
///
/// To be asked when it is recorded who wants to know: a link changes the program first and looks for those who rely on it
/// afterwards.
pub(crate) fn is_settled(
    (program, engine): (&Program, &Engine),
    variable: &str,
    addresses: &HashMap<String, u64>,
) -> bool {
    let writer = program.written_by(variable);
    match writer {
        None => false,
        Some(Writer::Nobody) => true,
        Some(Writer::UnderGuard { guard }) => addresses.get(&guard).is_some_and(|&guard| {
            // SAFETY: that is what it is, and data is not freed while a function that refers to it is compiled.
            unsafe { memory::guard_is_set(guard) }
        }),
        Some(Writer::Constructors { functions }) => {
            let state = engine.facts.state();
            let has_run = |function: &String| state.constructed.contains(function.as_str());
            functions.iter().all(has_run)
        }
    }
}

/// More may write the program's variables than before, but has not yet: what relies on nobody's writing one is taken back
/// where that is no longer so. `writer` says who may.
pub(crate) fn check_again(engine: &Engine, writer: &str) -> Result<(), Error> {
    let changing = engine.facts.changing();
    let guards = guards(&changing, engine);
    check_again_in(&engine.program(), (engine, &guards), writer)
}

/// The addresses of the guards of variables that somebody relies on, as far as they are in memory. Looked up by itself, because no
/// lock that compiling takes may be held meanwhile.
pub(crate) fn guards(_changing: &MutexGuard<'_, ()>, engine: &Engine) -> HashMap<String, u64> {
    let variables = engine.facts.state().dependencies.variables(Source::Settled);
    let guards: Vec<_> = {
        let program = engine.program();
        let guard = |variable: &Arc<str>| match program.written_by(variable) {
            Some(Writer::UnderGuard { guard }) => Some(guard),
            _ => None,
        };
        variables.iter().filter_map(guard).collect()
    };
    engine.facts.memory.addresses(engine, &guards)
}

/// As [`check_again`], for who is changing other facts too and sees to it that the program stays what it is. A variable whose guard is
/// not among `guards` counts as not settled.
pub(crate) fn check_again_in(
    program: &Program,
    (engine, guards): (&Engine, &HashMap<String, u64>),
    writer: &str,
) -> Result<(), Error> {
    let variables = engine.facts.state().dependencies.variables(Source::Settled);
    for variable in variables {
        // Whoever wrote it so far is done, or nobody would rely on it; what has done its work once does not do it again.
        if is_settled((program, engine), &variable, guards) {
            continue;
        }
        let stale = {
            let state = engine.facts.state();
            state.dependencies.users(&variable, Source::Settled)
        };
        let reason = format!("`{}` may be written by {writer}", demangle(&variable));
        invalidate(engine, stale, &reason)?;
    }
    Ok(())
}
