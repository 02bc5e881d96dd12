//! What callers are promised of a function, and how such promises are withdrawn.
//!
//! A promise is an attribute that may be dropped without changing what a program means: `IntersectAnd`, `IntersectMin` and
//! `IntersectCustom` in LLVM's `Attributes.td`, and what `allockind`, `allocsize` and `initializes` say. What else there is, such as
//! `sret`, says how a function is called or compiled.

use std::collections::BTreeSet;

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Module;
use inkwell::values::{CallSiteValue, FunctionValue};
use tjit_orc::mentions;

/// Promises of a function as a whole.
const OF_FUNCTION: [&str; 13] = [
    "allockind",
    "allocsize",
    "memory",
    "mustprogress",
    "nocallback",
    "nocreateundeforpoison",
    "nofree",
    "norecurse",
    "noreturn",
    "nosync",
    "nounwind",
    "speculatable",
    "willreturn",
];

/// Promises of its parameters and its result.
const OF_VALUES: [&str; 20] = [
    "align",
    "allocalign",
    "allocptr",
    "captures",
    "dead_on_return",
    "dead_on_unwind",
    "dereferenceable",
    "dereferenceable_or_null",
    "initializes",
    "noalias",
    "nofpclass",
    "nofree",
    "nonnull",
    "noundef",
    "range",
    "readnone",
    "readonly",
    "returned",
    "writable",
    "writeonly",
];

/// Promises that are given as text: the vector variants of a function, and what it allocates.
const TEXTS: [&str; 4] = [
    "alloc-family",
    "alloc-variant-zeroed",
    "llvm.assume",
    "vector-function-abi-variant",
];

/// Those among [`OF_FUNCTION`] and [`OF_VALUES`] that compilers never conclude from what a function calls: `mustprogress` does not
/// extend to callees (LangRef), and the others are up to the function's own callers.
const NEVER_INFERRED: [&str; 4] = ["mustprogress", "dead_on_unwind", "writable", "allockind"];

/// As [`NEVER_INFERRED`], of parameters alone.
const NEVER_INFERRED_OF_PARAMETERS: [&str; 2] = ["noalias", "noundef"];

/// Parameters that are passed in memory, whose alignment says where.
const IN_MEMORY: [&str; 5] = ["byref", "byval", "inalloca", "preallocated", "sret"];

/// Which promises of a function may stay.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    /// Those that a definition makes.
    Of(Promises),
    /// Those that don't follow from what it calls, and that it does not unwind unless what it calls does now.
    Own {
        /// Whether it may unwind now.
        unwinds: bool,
    },
}

/// The promises of a definition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Promises(Vec<(AttributeLoc, Attribute)>);

impl Promises {
    /// The promises that a definition makes.
    pub(crate) fn of(function: FunctionValue<'_>) -> Self {
        let places = places(function.count_params());
        let found = places.flat_map(|place| {
            let named = names_at(place).iter().filter_map(move |name| {
                let kind = kind(name)?;
                function.get_enum_attribute(place, kind)
            });
            let texts = texts_at(place).iter();
            let texts = texts.filter_map(move |name| function.get_string_attribute(place, name));
            named.chain(texts).map(move |found| (place, found))
        });
        Self(found.collect())
    }
}

impl Kept {
    fn allows(&self, place: AttributeLoc, name: &str, found: Attribute) -> bool {
        match self {
            Self::Of(promises) => promises.0.contains(&(place, found)),
            Self::Own { unwinds } => match (place, name) {
                (AttributeLoc::Function, "nounwind") => !unwinds,
                (AttributeLoc::Param(_), name) if NEVER_INFERRED_OF_PARAMETERS.contains(&name) => {
                    true
                }
                (_, name) => NEVER_INFERRED.contains(&name),
            },
        }
    }
}

/// Who may have relied on a promise that a module does not make any more.
#[derive(Debug, Default)]
pub(crate) struct Withdrawn {
    /// Functions of the module.
    pub(crate) functions: BTreeSet<String>,
    /// Global values of the module that have the function's address in them: who reads it there may call the function.
    pub(crate) globals: BTreeSet<String>,
    /// Whether it was promised not to unwind.
    pub(crate) unwinds: bool,
}

/// Has `module` promise nothing of `function` but what is kept, neither where it is defined or declared nor where it is called.
pub(crate) fn withdraw(module: &Module<'_>, function: &str, kept: &Kept) -> Withdrawn {
    let mentions = mentions(module, function);
    let mut withdrawn = Withdrawn::default();
    let declared = module.get_function(function);
    let lost = declared.map(|declared| drop_all(&declared, kept));
    let lost = lost.unwrap_or_default();
    withdrawn.unwinds |= lost.unwinds;
    for call in &mentions.calls {
        let lost = drop_all(&call.site, kept);
        if lost.any {
            withdrawn.functions.insert(call.caller.clone());
        }
        withdrawn.unwinds |= lost.unwinds;
    }
    if lost.any {
        withdrawn.functions.extend(mentions.functions);
        withdrawn.globals = mentions.globals;
    }
    withdrawn
}

/// Whether code of the module relies on `function` never to return, which can't be withdrawn: nothing is where it would return to.
pub(crate) fn ends_in(module: &Module<'_>, function: &str) -> bool {
    let is_promised = |place: &dyn Place| has(place, AttributeLoc::Function, "noreturn");
    let declared = module.get_function(function);
    let declared = declared.is_some_and(|declared| is_promised(&declared));
    let calls = mentions(module, function).calls;
    let mut ends = calls.iter().filter(|call| call.is_last);
    ends.any(|call| declared || is_promised(&call.site))
}

/// Whether a function has an attribute of that name.
pub(crate) fn says(function: FunctionValue<'_>, name: &str) -> bool {
    has(&function, AttributeLoc::Function, name)
}

/// What may have attributes.
trait Place {
    fn parameters(&self) -> u32;
    fn get(&self, place: AttributeLoc, kind: u32) -> Option<Attribute>;
    fn remove(&self, place: AttributeLoc, kind: u32);
    fn get_text(&self, place: AttributeLoc, name: &str) -> Option<Attribute>;
    fn remove_text(&self, place: AttributeLoc, name: &str);
}

/// The two have the same methods, and no trait of inkwell's in common.
macro_rules! place {
    ($value:ident, $parameters:ident) => {
        impl Place for $value<'_> {
            fn parameters(&self) -> u32 {
                self.$parameters()
            }

            fn get(&self, place: AttributeLoc, kind: u32) -> Option<Attribute> {
                self.get_enum_attribute(place, kind)
            }

            fn remove(&self, place: AttributeLoc, kind: u32) {
                self.remove_enum_attribute(place, kind);
            }

            fn get_text(&self, place: AttributeLoc, name: &str) -> Option<Attribute> {
                self.get_string_attribute(place, name)
            }

            fn remove_text(&self, place: AttributeLoc, name: &str) {
                self.remove_string_attribute(place, name);
            }
        }
    };
}

place!(FunctionValue, count_params);
place!(CallSiteValue, count_arguments);

#[derive(Debug, Clone, Copy, Default)]
struct Lost {
    any: bool,
    unwinds: bool,
}

fn drop_all(of: &dyn Place, kept: &Kept) -> Lost {
    let mut lost = Lost::default();
    for place in places(of.parameters()) {
        let in_memory = || IN_MEMORY.iter().any(|name| has(of, place, name));
        for name in names_at(place) {
            let Some(kind) = kind(name) else { continue };
            let Some(found) = of.get(place, kind) else {
                continue;
            };
            if kept.allows(place, name, found) || (*name == "align" && in_memory()) {
                continue;
            }
            of.remove(place, kind);
            lost.any = true;
            lost.unwinds |= *name == "nounwind";
        }
        for name in texts_at(place) {
            let found = of.get_text(place, name);
            if found.is_some_and(|found| !kept.allows(place, name, found)) {
                of.remove_text(place, name);
                lost.any = true;
            }
        }
    }
    lost
}

fn has(of: &dyn Place, place: AttributeLoc, name: &str) -> bool {
    kind(name).is_some_and(|kind| of.get(place, kind).is_some())
}

fn places(parameters: u32) -> impl Iterator<Item = AttributeLoc> {
    let parameters = (0..parameters).map(AttributeLoc::Param);
    [AttributeLoc::Function, AttributeLoc::Return]
        .into_iter()
        .chain(parameters)
}

fn names_at(place: AttributeLoc) -> &'static [&'static str] {
    match place {
        AttributeLoc::Function => &OF_FUNCTION,
        AttributeLoc::Return | AttributeLoc::Param(_) => &OF_VALUES,
    }
}

fn texts_at(place: AttributeLoc) -> &'static [&'static str] {
    match place {
        AttributeLoc::Function => &TEXTS,
        AttributeLoc::Return | AttributeLoc::Param(_) => &[],
    }
}

/// LLVM's number of a kind of attribute, if it has that kind.
fn kind(name: &str) -> Option<u32> {
    let kind = Attribute::get_named_enum_kind_id(name);
    (kind != 0).then_some(kind)
}
