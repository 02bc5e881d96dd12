//! Which of several definitions of a name the program uses, as a system linker decides it.

use crate::ThreadLocalIndex;
use crate::inventory::Strength;
use crate::program::Place;

#[cfg(test)]
mod tests;

/// A definition in one of the modules that are being linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Index of the module among those of the program.
    pub(crate) module: usize,
    pub(crate) strength: Strength,
    /// All definitions of the name are equal.
    pub(crate) odr: bool,
    /// Nobody outside the program may provide it.
    pub(crate) hidden: bool,
    /// Bytes, for variables.
    pub(crate) size: u64,
}

/// Who defines a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The module of this index.
    Program(usize),
    /// The host, at this address.
    Host(u64),
    /// The host, which has a copy for each thread there.
    HostThread(ThreadLocalIndex),
    /// Nobody yet. It is a function, which matters when it is called only; the place is the first that refers to it.
    Undefined(Place),
}

impl Owner {
    pub(crate) fn is_host(self) -> bool {
        matches!(self, Self::Host(_) | Self::HostThread(_))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Two definitions that must be the only one; indices of the modules.
    Duplicate(usize, usize),
    /// The program has been using the host's so far.
    BoundToHost,
    /// The program has been using a definition that is too small for this module's.
    TooSmall(usize),
}

/// The definition the program has been using so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Earlier {
    pub(crate) owner: Owner,
    pub(crate) strength: Strength,
    pub(crate) size: u64,
}

/// The owner of a name, from its definitions in the order of the modules. `None` if there are only copies to inline, and
/// so it is for others to define.
///
/// Strong beats common beats weak; of equals the first wins, of common ones the largest. `host` is asked for symbols
/// that the language's rules make equal everywhere: a second one in the process would have state of its own. It is not
/// asked for other weak ones: those of an executable win over a library's.
pub(crate) fn resolve(
    candidates: &[Candidate],
    earlier: Option<Earlier>,
    host: impl FnOnce() -> Option<Owner>,
) -> Result<Option<Owner>, Conflict> {
    let strongest = duplicates_checked(candidates)?;
    if let Some(earlier) = earlier {
        return keep(earlier, strongest);
    }
    let Some(best) = strongest else {
        return Ok(None);
    };
    // The strictest visibility of all copies holds.
    let hidden = candidates.iter().any(|candidate| candidate.hidden);
    if best.strength == Strength::Weak
        && best.odr
        && !hidden
        && let Some(owner) = host()
    {
        return Ok(Some(owner));
    }
    Ok(Some(Owner::Program(best.module)))
}

fn duplicates_checked(candidates: &[Candidate]) -> Result<Option<Candidate>, Conflict> {
    let mut best: Option<Candidate> = None;
    for &candidate in candidates {
        if candidate.strength == Strength::Importable {
            continue;
        }
        let better = match best {
            None => true,
            Some(best)
                if best.strength == Strength::Strong && candidate.strength == Strength::Strong =>
            {
                return Err(Conflict::Duplicate(best.module, candidate.module));
            }
            Some(best)
                if best.strength == Strength::Common && candidate.strength == Strength::Common =>
            {
                candidate.size > best.size
            }
            Some(best) => candidate.strength > best.strength,
        };
        if better {
            best = Some(candidate);
        }
    }
    Ok(best)
}

/// Code refers to the earlier one already, so it stays whatever comes, as with libraries that are loaded later.
fn keep(earlier: Earlier, new: Option<Candidate>) -> Result<Option<Owner>, Conflict> {
    let Some(new) = new else {
        return Ok(Some(earlier.owner));
    };
    match earlier.owner {
        Owner::Host(_) | Owner::HostThread(_) if new.strength == Strength::Weak && new.odr => {
            Ok(Some(earlier.owner))
        }
        Owner::Host(_) | Owner::HostThread(_) => Err(Conflict::BoundToHost),
        Owner::Program(module)
            if new.strength == Strength::Strong && earlier.strength == Strength::Strong =>
        {
            Err(Conflict::Duplicate(module, new.module))
        }
        Owner::Program(module) if new.size > earlier.size => Err(Conflict::TooSmall(module)),
        Owner::Program(_) => Ok(Some(earlier.owner)),
        // The stub that stands for it can be made to lead to any definition.
        Owner::Undefined(_) => Ok(Some(Owner::Program(new.module))),
    }
}
