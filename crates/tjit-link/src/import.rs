//! What a unit takes in besides its root: callees to inline, constants to fold.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use inkwell::module::Linkage;
use tjit_orc::GlobalKind;

use crate::inventory::Global;
use crate::program::{Place, Program, Symbol};
use crate::resolve::Owner;

/// How much of the program a unit takes in.
///
/// The defaults let O3 inline what it would inline ahead of time: its threshold of 225 (`InlineCost.h`) is 45 instructions
/// at 5 each, and code that has not been optimised has about four times as many.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImportBudget {
    /// Instructions of all imported functions together, without those that must be inlined.
    pub instructions: usize,
    /// Instructions of one imported function that the root calls; of one that such a function calls four fifths of them,
    /// and so on. What is far from the root is less likely to be inlined into it, and long chains of calls end somewhere
    /// (LLVM's ThinLTO takes 0.7, `FunctionImport.cpp`; code that has not been optimised has deeper chains of wrappers).
    pub callee_instructions: usize,
    /// Bytes of constant variables whose value is copied.
    pub constant_bytes: u64,
    /// Whether functions marked `noinline` are worth importing.
    pub no_inline: NoInline,
}

/// What to make of `noinline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoInline {
    /// Such functions are not imported.
    Respect,
    /// Where it stands beside `optnone`, as on every function of `clang -O0`, it says how the module was compiled and not what
    /// the programmer wants, and the unit's compiler is going to remove it.
    IgnoreBesideOptNone,
}

impl Default for ImportBudget {
    fn default() -> Self {
        Self {
            instructions: 4000,
            callee_instructions: 250,
            constant_bytes: 64 * 1024,
            no_inline: NoInline::IgnoreBesideOptNone,
        }
    }
}

impl ImportBudget {
    /// Nothing but what must be inlined.
    pub const NONE: Self = Self {
        instructions: 0,
        callee_instructions: 0,
        constant_bytes: 0,
        no_inline: NoInline::Respect,
    };
}

/// A body to copy into a unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Import<'p> {
    /// The symbol that it is linked under.
    pub(crate) name: &'p Arc<str>,
    /// Which of the equal definitions is taken.
    pub(crate) place: Place,
}

/// A body that is in the unit, and how large those may be that it calls.
struct Caller {
    place: Place,
    /// The module of the root that it is there for.
    home: usize,
    limit: usize,
}

/// The `alwaysinline` functions that the roots call, directly or through one another.
pub(crate) fn always_inline<'p>(program: &'p Program, roots: &[(&str, Place)]) -> Vec<Import<'p>> {
    functions(program, roots, &ImportBudget::NONE)
}

/// The functions to import into a unit of `roots`, which are given with their bodies: breadth first, so that what is nearest
/// comes first.
///
/// Of definitions that are equal by the language's rules the root's module's own is taken, else the caller's. So a unit refers
/// to local data of those modules only that the root can't do without, and which are not unloaded before it.
pub(crate) fn functions<'p>(
    program: &'p Program,
    roots: &[(&str, Place)],
    budget: &ImportBudget,
) -> Vec<Import<'p>> {
    let mut left = budget.instructions;
    let mut seen: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    let of_root = |name: &str| {
        let root = roots.iter().find(|(root, _)| *root == name);
        root.map(|(_, place)| *place)
    };
    let caller = |&(_, place): &(&str, Place)| {
        let (home, limit) = (place.module, budget.callee_instructions);
        Caller { place, home, limit }
    };
    let mut queue: VecDeque<Caller> = roots.iter().map(caller).collect();
    while let Some(caller) = queue.pop_front() {
        let calls = &program.code_at(caller.place).body.calls;
        for (name, symbol) in calls.iter().filter_map(|call| program.body_of(call)) {
            let root = of_root(name);
            let copy = || program.copy_for(name, symbol, [caller.home, caller.place.module]);
            let Some(place) = root.or_else(copy) else {
                continue;
            };
            let (global, code) = (program.global_at(place), program.code_at(place));
            let must = global.facts.attributes.always_inline;
            // A root is there already, under its body's name.
            if (root.is_some() && !must) || seen.contains(&**name) {
                continue;
            }
            let size = code.body.instructions;
            let is_worth_it = size <= caller.limit.min(left) && is_worth_importing(global, budget);
            if !(must || is_worth_it) || !may_import(program, symbol, place) {
                continue;
            }
            if !must {
                left -= size;
            }
            seen.insert(name);
            found.push(Import { name, place });
            let (home, limit) = (caller.home, caller.limit * 4 / 5);
            queue.push_back(Caller { place, home, limit });
        }
    }
    found
}

fn is_worth_importing(global: &Global, budget: &ImportBudget) -> bool {
    let attributes = global.facts.attributes;
    let no_inline = match budget.no_inline {
        NoInline::Respect => attributes.no_inline,
        NoInline::IgnoreBesideOptNone => attributes.no_inline && !attributes.opt_none,
    };
    !no_inline && !attributes.naked
}

/// Whether a copy of the function does what a call of it does.
fn may_import(program: &Program, symbol: &Symbol, place: Place) -> bool {
    let (global, code) = (program.global_at(place), program.code_at(place));
    let module = program.module(place.module);
    if module.labels.is_pinned(&global.name) || !module.labels.tables_of(&global.name).is_empty() {
        return false;
    }
    if !code.references.block_addresses.is_empty() {
        return false;
    }
    match symbol.owner {
        Some(Owner::Program(_)) => true,
        // The host's copy works on the host's variables, and ours must not work on others.
        Some(Owner::Host(_) | Owner::HostThread(_) | Owner::Undefined(_)) | None => {
            global.is_odr()
                && code
                    .references
                    .variables
                    .iter()
                    .all(|name| is_same_for_host(program, name))
        }
    }
}

fn is_same_for_host(program: &Program, variable: &str) -> bool {
    let Some(symbol) = program.symbol(variable) else {
        return false;
    };
    let is_constant = || {
        program
            .global(symbol)
            .is_some_and(|global| global.facts.constant)
    };
    symbol.owner.is_some_and(Owner::is_host) || is_constant()
}

/// The constants that bodies refer to, directly or through one another, whose values may be copied into a unit.
pub(crate) fn constants<'p>(
    program: &'p Program,
    bodies: &[Place],
    budget: &ImportBudget,
) -> Vec<(&'p str, Place)> {
    let mut left = budget.constant_bytes;
    let mut seen: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    let mut queue: VecDeque<Place> = bodies.iter().copied().collect();
    while let Some(user) = queue.pop_front() {
        for name in &program.code_at(user).references.variables {
            if !seen.insert(name) {
                continue;
            }
            let Some(symbol) = program.symbol(name) else {
                continue;
            };
            let Some(place) = symbol.definition else {
                continue;
            };
            let global = program.global_at(place);
            if !is_foldable(program, symbol, place) || global.facts.size > left {
                continue;
            }
            left -= global.facts.size;
            found.push((&*global.name, place));
            queue.push_back(place);
        }
    }
    found
}

/// Whether loads may see the initializer: it is what the one definition has, now and for ever.
fn is_foldable(program: &Program, symbol: &Symbol, place: Place) -> bool {
    let facts = &program.global_at(place).facts;
    let replaceable = matches!(
        facts.linkage,
        Linkage::WeakAny | Linkage::LinkOnceAny | Linkage::Common
    );
    let code = || program.code_at(place);
    let has_labels = || !code().references.block_addresses.is_empty();
    symbol.owner == Some(Owner::Program(place.module))
        && facts.kind == GlobalKind::Variable
        && facts.constant
        && !facts.externally_initialized
        && !facts.thread_local
        && !replaceable
        && !has_labels()
}
