//! What a unit takes in besides its root: callees to inline, constants to fold.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use inkwell::module::Linkage;
use tjit_orc::GlobalKind;

use crate::inventory::Global;
use crate::program::{Program, Symbol};
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

/// The `alwaysinline` functions that the roots call, directly or through one another, by the symbols they are linked under.
pub(crate) fn always_inline<'p>(program: &'p Program, roots: &[&str]) -> Vec<&'p Arc<str>> {
    functions(program, roots, &ImportBudget::NONE)
}

/// The functions to import into a unit of `roots`: breadth first, so that what is nearest comes first.
pub(crate) fn functions<'p>(
    program: &'p Program,
    roots: &[&str],
    budget: &ImportBudget,
) -> Vec<&'p Arc<str>> {
    let mut left = budget.instructions;
    let mut seen: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    let roots: Vec<_> = roots
        .iter()
        .filter_map(|root| program.body_of(root))
        .collect();
    let is_root: HashSet<&str> = roots.iter().map(|(name, _)| &***name).collect();
    let mut queue: VecDeque<(&Symbol, usize)> = roots
        .iter()
        .map(|&(_, symbol)| (symbol, budget.callee_instructions))
        .collect();
    while let Some((caller, limit)) = queue.pop_front() {
        let calls = program
            .code(caller)
            .map_or(&[][..], |code| &code.body.calls);
        for (name, symbol) in calls.iter().filter_map(|call| program.body_of(call)) {
            let (Some(global), Some(code)) = (program.global(symbol), program.code(symbol)) else {
                continue;
            };
            let must = global.facts.attributes.always_inline;
            // A root is there already, under its body's name.
            if (is_root.contains(&**name) && !must) || seen.contains(&**name) {
                continue;
            }
            let size = code.body.instructions;
            let is_worth_it = size <= limit.min(left) && is_worth_importing(global, budget);
            if !(must || is_worth_it) || !may_import(program, symbol, global) {
                continue;
            }
            if !must {
                left -= size;
            }
            seen.insert(name);
            found.push(name);
            queue.push_back((symbol, limit * 4 / 5));
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
fn may_import(program: &Program, symbol: &Symbol, global: &Global) -> bool {
    let (Some(place), Some(code)) = (symbol.definition, program.code(symbol)) else {
        return false;
    };
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

/// The constants that `functions` refer to, directly or through one another, whose values may be copied into a unit.
pub(crate) fn constants<'p>(
    program: &'p Program,
    functions: &[&str],
    budget: &ImportBudget,
) -> Vec<&'p str> {
    let mut left = budget.constant_bytes;
    let mut seen: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    let mut queue: VecDeque<&Symbol> = functions
        .iter()
        .filter_map(|name| Some(program.body_of(name)?.1))
        .collect();
    while let Some(user) = queue.pop_front() {
        let Some(code) = program.code(user) else {
            continue;
        };
        for name in &code.references.variables {
            if !seen.insert(name) {
                continue;
            }
            let Some(symbol) = program.symbol(name) else {
                continue;
            };
            let Some(global) = program.global(symbol) else {
                continue;
            };
            if !is_foldable(program, symbol, global) || global.facts.size > left {
                continue;
            }
            left -= global.facts.size;
            found.push(&*global.name);
            queue.push_back(symbol);
        }
    }
    found
}

/// Whether loads may see the initializer: it is what the one definition has, now and for ever.
fn is_foldable(program: &Program, symbol: &Symbol, global: &Global) -> bool {
    let facts = &global.facts;
    let replaceable = matches!(
        facts.linkage,
        Linkage::WeakAny | Linkage::LinkOnceAny | Linkage::Common
    );
    let (Some(Owner::Program(owner)), Some(place)) = (symbol.owner, symbol.definition) else {
        return false;
    };
    let has_labels = || {
        program
            .code(symbol)
            .is_none_or(|code| !code.references.block_addresses.is_empty())
    };
    owner == place.module
        && facts.kind == GlobalKind::Variable
        && facts.constant
        && !facts.externally_initialized
        && !facts.thread_local
        && !replaceable
        && !has_labels()
}
