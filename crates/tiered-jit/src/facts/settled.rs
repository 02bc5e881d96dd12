//! Variables that are written by their initialiser only, once it is done.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};

use tjit_link::{Writer, demangle};

use crate::Error;
use crate::engine::Engine;
use crate::facts::dependencies::Source;
use crate::facts::{invalidate, memory};

/// Whether nobody writes `variable` any more. `addresses` are those of guards, as far as they are in memory.
///
/// To be asked when it is recorded who wants to know: a link changes the program first and looks for those who rely on it
/// afterwards.
pub(crate) fn is_settled(
    engine: &Engine,
    variable: &str,
    addresses: &HashMap<String, u64>,
) -> bool {
    let writer = engine.program().written_by(variable);
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
    check_again_while(&changing, engine, writer)
}

/// As [`check_again`], for who is changing other facts too.
pub(crate) fn check_again_while(
    _changing: &MutexGuard<'_, ()>,
    engine: &Engine,
    writer: &str,
) -> Result<(), Error> {
    let variables = engine.facts.state().dependencies.variables(Source::Settled);
    for variable in variables {
        // Whoever wrote it so far is done, or nobody would rely on it; what has done its work once does not do it again.
        if still_settled(engine, &variable) {
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

fn still_settled(engine: &Engine, variable: &Arc<str>) -> bool {
    let guard = match engine.program().written_by(variable) {
        Some(Writer::UnderGuard { guard }) => vec![guard],
        _ => Vec::new(),
    };
    let addresses = engine.facts.memory.addresses(engine, &guard);
    is_settled(engine, variable, &addresses)
}
