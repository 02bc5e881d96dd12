//! Splitting a module with bodies of both tiers in two.
//!
//! Done when the module is emitted, not when it is added: the unit that waits for a lookup stays one, so that adding
//! it is all or nothing, and a module that a layer above hands straight to `emit` takes the same path. The price is
//! that the first lookup compiles both halves.

use std::collections::{HashMap, HashSet};

use inkwell::module::{Linkage, Module};
use tjit_mangle::Tier;
use tjit_orc::{
    Definition, Global, GlobalKind, References, SliceLinkage, ThreadSafeModule, definitions,
    inline_assembly, name_unnamed, references_of, rename, verify,
};

use crate::error::{Error, ErrorKind};
use crate::tiers::{ModuleTiers, is_body, tier_of_body, tiers_of};

/// The baseline half and the optimised half of a module with bodies of both tiers, `None` for any other module.
///
/// What others can refer to is defined by one half and declared by the other. So is what was local to the module but
/// is now used by both halves, under a name made unique by a hash of the module.
pub(crate) fn split(module: &ThreadSafeModule) -> Result<Option<[ThreadSafeModule; 2]>, Error> {
    let Some(plan) = module.with_module(plan)? else {
        return Ok(None);
    };
    let half = |tier: Tier, items: &[Item]| {
        let name = format!("{}{}", plan.name, tier.suffix());
        let definitions: Vec<_> = items
            .iter()
            .map(|item| Definition {
                name: &item.name,
                body_name: None,
                linkage: item.linkage,
            })
            .collect();
        let half = module.slice(&name, &definitions)?;
        half.with_module(|half| restore_weak(half, items));
        Ok::<_, Error>(half)
    };
    let baseline = half(Tier::Baseline, &plan.baseline)?;
    let optimized = half(Tier::Optimized, &plan.optimized)?;
    Ok(Some([baseline, optimized]))
}

/// What goes where.
struct Plan {
    name: String,
    baseline: Vec<Item>,
    optimized: Vec<Item>,
}

struct Item {
    name: String,
    linkage: SliceLinkage,
    original: Linkage,
}

fn plan(module: &Module<'_>) -> Result<Option<Plan>, Error> {
    if tiers_of(&definitions(module)) != ModuleTiers::Mixed {
        return Ok(None);
    }
    verify(module)?;
    name_unnamed(module, "unnamed.");
    let mut globals = definitions(module);
    // These keep what they name from being dropped, which a definition with external linkage is anyway.
    globals.retain(|global| {
        !global.name.starts_with("llvm.used") && !global.name.starts_with("llvm.compiler.used")
    });
    refuse_indivisible(module, &globals)?;
    let references = globals
        .iter()
        .map(|global| {
            let references = references_of(module, &global.name).unwrap_or_default();
            (global.name.clone(), references)
        })
        .collect();
    let sides = Sides::assign(module, &globals, &references)?;
    let promoted = promote(module, &globals, &references, &sides);
    Ok(Some(make_plan(module, globals, &sides, &promoted)))
}

fn cannot_split(module: &Module<'_>, why: impl Into<String>) -> Error {
    Error::new(
        ErrorKind::MixedTiers,
        format!(
            "splitting `{}` by tier",
            module.get_name().to_string_lossy()
        ),
        why,
    )
}

fn refuse_indivisible(module: &Module<'_>, globals: &[Global]) -> Result<(), Error> {
    if !inline_assembly(module).is_empty() {
        return Err(cannot_split(
            module,
            "it has inline assembly at its top level",
        ));
    }
    for global in globals {
        let what = if global.kind == GlobalKind::IFunc {
            "an ifunc"
        } else if global.linkage == Linkage::Appending {
            "an appending array"
        } else {
            continue;
        };
        return Err(cannot_split(module, format!("`{}` is {what}", global.name)));
    }
    Ok(())
}

type AllReferences = HashMap<String, References>;

/// Every global that a definition names.
fn named(references: &References) -> impl Iterator<Item = &String> {
    let References {
        functions,
        variables,
        aliases,
        block_addresses,
    } = references;
    [functions, variables, aliases, block_addresses]
        .into_iter()
        .flatten()
}

/// The names of what goes to the optimised half; all else goes to the other.
struct Sides {
    optimized: HashSet<String>,
}

impl Sides {
    /// Optimised bodies, and what is local and used by nothing but them.
    fn assign(
        module: &Module<'_>,
        globals: &[Global],
        references: &AllReferences,
    ) -> Result<Self, Error> {
        let is_optimized =
            |global: &Global| is_body(global) && tier_of_body(&global.name) == Tier::Optimized;
        let locals: HashSet<_> = globals
            .iter()
            .filter(|global| global.is_local())
            .map(|global| global.name.as_str())
            .collect();
        let reach = |wanted: &dyn Fn(&Global) -> bool| {
            let mut reached: HashSet<String> = HashSet::new();
            let mut pending: Vec<_> = globals
                .iter()
                .filter(|global| !global.is_local() && wanted(global))
                .map(|global| global.name.clone())
                .collect();
            while let Some(name) = pending.pop() {
                let next = references.get(&name).into_iter().flat_map(named);
                pending.extend(
                    next.filter(|name| locals.contains(name.as_str()) && !reached.contains(*name))
                        .cloned(),
                );
                reached.insert(name);
            }
            reached
        };
        let mut optimized = reach(&is_optimized);
        let others = reach(&|global| !is_optimized(global));
        optimized.retain(|name| !others.contains(name));
        let mut sides = Self { optimized };
        sides.keep_together(module, globals, references)?;
        Ok(sides)
    }

    /// An alias must be where its target is, and what names a block where the block is.
    fn keep_together(
        &mut self,
        module: &Module<'_>,
        globals: &[Global],
        references: &AllReferences,
    ) -> Result<(), Error> {
        let is_body_of = |name: &str| {
            globals
                .iter()
                .any(|global| global.name == name && is_body(global))
        };
        let mut moved = true;
        while moved {
            moved = false;
            for (first, second) in inseparable(globals, references) {
                if self.optimized.contains(first) == self.optimized.contains(second) {
                    continue;
                }
                let (inside, outside) = if self.optimized.contains(first) {
                    (first, second)
                } else {
                    (second, first)
                };
                if is_body_of(outside) {
                    let why = format!("`{inside}` and `{outside}` have to stay together");
                    return Err(cannot_split(module, why));
                }
                self.optimized.insert(outside.to_owned());
                moved = true;
            }
        }
        Ok(())
    }

    fn of(&self, name: &str) -> Tier {
        if self.optimized.contains(name) {
            Tier::Optimized
        } else {
            Tier::Baseline
        }
    }
}

fn inseparable<'a>(
    globals: &'a [Global],
    references: &'a AllReferences,
) -> Vec<(&'a str, &'a str)> {
    let mut pairs = Vec::new();
    for global in globals {
        let Some(references) = references.get(&global.name) else {
            continue;
        };
        let together: Vec<_> = if global.kind == GlobalKind::Alias {
            named(references).collect()
        } else {
            references.block_addresses.iter().collect()
        };
        pairs.extend(
            together
                .into_iter()
                .map(|other| (global.name.as_str(), other.as_str())),
        );
    }
    pairs
}

/// Renames the locals that both halves use, and returns their old names with the new ones.
fn promote(
    module: &Module<'_>,
    globals: &[Global],
    references: &AllReferences,
    sides: &Sides,
) -> HashMap<String, String> {
    let hash = blake3::hash(module.write_bitcode_to_memory().as_slice()).to_hex();
    let crosses = |local: &&Global| {
        let side = sides.of(&local.name);
        references.iter().any(|(user, references)| {
            sides.of(user) != side && named(references).any(|name| *name == local.name)
        })
    };
    let promoted: HashMap<_, _> = globals
        .iter()
        .filter(|global| global.is_local())
        .filter(crosses)
        .map(|local| (local.name.clone(), format!("{}.{hash}", local.name)))
        .collect();
    for (old, new) in &promoted {
        rename(module, old, new);
    }
    promoted
}

fn make_plan(
    module: &Module<'_>,
    globals: Vec<Global>,
    sides: &Sides,
    promoted: &HashMap<String, String>,
) -> Plan {
    let mut plan = Plan {
        name: module.get_name().to_string_lossy().into_owned(),
        baseline: Vec::new(),
        optimized: Vec::new(),
    };
    for global in globals {
        let item = |linkage| Item {
            name: promoted.get(&global.name).unwrap_or(&global.name).clone(),
            linkage,
            original: global.linkage,
        };
        if global.linkage == Linkage::AvailableExternally {
            plan.baseline.push(item(SliceLinkage::AvailableExternally));
            plan.optimized.push(item(SliceLinkage::AvailableExternally));
            continue;
        }
        let linkage = if global.is_local() && !promoted.contains_key(&global.name) {
            SliceLinkage::Private
        } else {
            SliceLinkage::External
        };
        match sides.of(&global.name) {
            Tier::Baseline => plan.baseline.push(item(linkage)),
            Tier::Optimized => plan.optimized.push(item(linkage)),
        }
    }
    plan
}

/// A slice makes what it defines strong; what was weak may be defined elsewhere as well.
fn restore_weak(half: &Module<'_>, items: &[Item]) {
    for item in items {
        let weak = matches!(
            item.original,
            Linkage::WeakAny
                | Linkage::WeakODR
                | Linkage::LinkOnceAny
                | Linkage::LinkOnceODR
                | Linkage::Common
        );
        if !weak {
            continue;
        }
        if let Some(function) = half.get_function(&item.name) {
            function.set_linkage(item.original);
        } else if let Some(variable) = half.get_global(&item.name) {
            variable.set_linkage(item.original);
        }
    }
}
