//! Native object files: what a relocatable ELF file defines, uses and wants called.
//!
//! An object takes part in the resolution of symbols like a module, with its global symbols as global values. What
//! the linker is given in the end is a copy in which every definition that gave way to another is undefined
//! ([`rewrite`]), so that the linker has nothing left to choose.

mod initializers;
mod read;
mod rewrite;
mod uses;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use inkwell::module::Linkage;
use tjit_orc::{FunctionAttributes, GlobalKind, SurveyedGlobal};

use crate::LinkError;
use crate::called::{self, Called, Order};
use crate::inventory::Global;

pub(crate) use read::{defined_names, defines_strongly};

/// How the names of hidden symbols begin that compilers define wherever they need them: pointers by which unwind information
/// refers to the personality function, and what handles exceptions that leave a `noexcept` function.
const OWN: [&str; 2] = ["DW.ref.", "__clang_call_terminate"];

/// A native object file that is to be linked into a program.
///
/// Relocatable ELF for the host's architecture. Its code is position-independent or close enough to what it refers to:
/// `-fPIC` and `-fPIE`, which compilers default to, but not `-fno-pie`.
#[derive(Clone)]
pub struct NativeObject {
    name: String,
    bytes: Arc<[u8]>,
    symbols: Vec<NativeSymbol>,
    // Names for places that had none, or none that others may use.
    exports: Vec<Export>,
    constructors: Vec<Entry>,
    destructors: Vec<Entry>,
    obstacle: Option<Obstacle>,
}

/// A symbol that other files see, or that they have to define.
#[derive(Debug, Clone)]
struct NativeSymbol {
    /// Its number in the file's symbol table.
    index: usize,
    name: String,
    linkage: Linkage,
    defined: bool,
    hidden: bool,
    /// `None` where the file does not say, as for symbols it does not define.
    callable: Option<bool>,
    size: u64,
    alignment: u64,
    /// Where it is defined, if that is in a section.
    position: Option<Position>,
    /// It is a GNU ifunc: what is at its position chooses what it is.
    is_ifunc: bool,
    /// It has another name than in the file.
    renamed: bool,
    /// The file itself does not define it.
    added: bool,
}

/// A place in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    section: usize,
    offset: u64,
}

/// A name that the object gets in addition to those in the file.
#[derive(Debug, Clone)]
struct Export {
    name: String,
    position: Position,
    callable: Option<bool>,
}

/// A function to be called when the program starts or ends.
#[derive(Debug, Clone)]
struct Entry {
    order: Order,
    function: EntryFunction,
    /// The COMDAT group that the entry belongs to, by its signature.
    group: Option<String>,
}

#[derive(Debug, Clone)]
enum EntryFunction {
    Symbol(String),
    /// One without a name that may be used.
    At(Position),
}

/// Why the object can't be linked, though it is well-formed.
#[derive(Debug, Clone)]
struct Obstacle {
    symbol: String,
    what: String,
}

impl NativeObject {
    /// Reads a relocatable object file; `name` appears in messages.
    ///
    /// # Errors
    /// [`LinkError::Object`] if it is malformed, of another format or architecture, a shared library or an executable, or
    /// holds no native code because its compiler left that to the linker (GCC's `-flto`).
    pub fn parse(name: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Result<Self, LinkError> {
        let (name, bytes) = (name.into(), bytes.into());
        read::read(name.clone(), bytes).map_err(|reason| LinkError::Object {
            object: name,
            reason,
        })
    }

    /// The name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names that it defines, for others or for those who call its initialisers.
    pub(crate) fn defined(&self) -> impl Iterator<Item = &str> {
        let defined = self.symbols.iter().filter(|symbol| symbol.defined);
        let exports = self.exports.iter().map(|export| &*export.name);
        defined.map(|symbol| &*symbol.name).chain(exports)
    }

    /// Has the object keep its own of what compilers put into each: nobody sees its address, and objects that share it can't be
    /// unloaded alone.
    pub(crate) fn keep_own(&mut self, suffix: &str) {
        let is_own = |symbol: &&mut NativeSymbol| {
            symbol.hidden && OWN.iter().any(|start| symbol.name.starts_with(start))
        };
        let symbols = self.symbols.iter_mut().filter(|symbol| symbol.defined);
        for symbol in symbols.filter(is_own) {
            symbol.name.push_str(suffix);
            symbol.renamed = true;
        }
    }

    /// Whether it has contents in a section of that name.
    pub(crate) fn has_section(&self, name: &str) -> bool {
        read::has_section(&self.bytes, name)
    }

    /// Whether it uses `name` and does not define it.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let mut undefined = self.symbols.iter().filter(|symbol| !symbol.defined);
        undefined.any(|symbol| symbol.name == name)
    }

    /// Defines `new` at an address that no other object has, for the object to use where it uses the undefined `old`. False
    /// if the object has no contents.
    pub(crate) fn add_mark(&mut self, old: &str, new: &str) -> bool {
        let Some(position) = read::first_contents(&self.bytes) else {
            return false;
        };
        let mut undefined = self.symbols.iter_mut().filter(|symbol| !symbol.defined);
        match undefined.find(|symbol| symbol.name == old) {
            Some(symbol) => {
                symbol.name = new.to_owned();
                symbol.renamed = true;
                symbol.added = true;
                symbol.defined = true;
                symbol.hidden = true;
                symbol.linkage = Linkage::External;
                symbol.callable = Some(false);
                symbol.position = Some(position);
            }
            None => self.exports.push(Export {
                name: new.to_owned(),
                position,
                callable: Some(false),
            }),
        }
        true
    }

    /// Whether the global symbol `name` is an ifunc that the object defines.
    pub(crate) fn is_ifunc(&self, name: &str) -> bool {
        let mut ifuncs = self.symbols.iter().filter(|symbol| symbol.is_ifunc);
        ifuncs.any(|symbol| symbol.name == name)
    }

    /// Whether the global symbol `name` is a place in a section of the object.
    pub(crate) fn has_place(&self, name: &str) -> bool {
        let mut placed = self.symbols.iter().filter(|s| s.position.is_some());
        placed.any(|symbol| symbol.name == name)
    }

    /// Has the object refer to `name` + `suffix` where it refers to one of `names`. Returns whether it does.
    pub(crate) fn rename_undefined(&mut self, names: &HashSet<String>, suffix: &str) -> bool {
        let mut found = false;
        for symbol in self.symbols.iter_mut().filter(|symbol| !symbol.defined) {
            if names.contains(&symbol.name) {
                symbol.name.push_str(suffix);
                symbol.renamed = true;
                found = true;
            }
        }
        found
    }

    /// Makes those of `names` that are local to the object known as `name` + `suffix`, and returns them.
    pub(crate) fn export_locals(
        &mut self,
        names: &HashSet<String>,
        suffix: &str,
    ) -> HashSet<String> {
        let locals = read::locals(&self.bytes).into_iter();
        let mut exported = HashSet::new();
        for (name, position) in locals.filter(|(name, _)| names.contains(name)) {
            self.exports.push(Export {
                name: format!("{name}{suffix}"),
                position,
                callable: None,
            });
            exported.insert(name);
        }
        exported
    }

    /// Gives every place that the program is going to look up by name a name that ends with `suffix`.
    pub(crate) fn name_entries(&mut self, suffix: &str) {
        let exports = &mut self.exports;
        let entries = self.constructors.iter_mut().chain(&mut self.destructors);
        for (number, entry) in entries.enumerate() {
            if let EntryFunction::At(position) = entry.function {
                let name = format!("initializer.{number}{suffix}");
                exports.push(Export {
                    name: name.clone(),
                    position,
                    callable: Some(true),
                });
                entry.function = EntryFunction::Symbol(name);
            }
        }
    }

    /// What can't be linked without changing what the program does.
    pub(crate) fn check(&self) -> Result<(), LinkError> {
        match &self.obstacle {
            Some(Obstacle { symbol, what }) => Err(LinkError::unsupported(
                symbol,
                format!("`{}` {what}", self.name),
            )),
            None => Ok(()),
        }
    }

    /// Its symbols, as global values of a module without IR.
    ///
    /// Of an undefined one that is called and not used otherwise it is known that it is callable, and no more: whoever
    /// defines it may say that it is data.
    pub(crate) fn globals(&self) -> Vec<Global> {
        let exported = self.exports.iter().map(|export| Global {
            name: export.name.clone(),
            facts: facts(
                &export.name,
                Linkage::External,
                true,
                export.callable.unwrap_or_default(),
            ),
            untyped: export.callable.is_none(),
        });
        let global = |symbol: &NativeSymbol| Global {
            name: symbol.name.clone(),
            facts: SurveyedGlobal {
                kind: match symbol.is_ifunc {
                    true => GlobalKind::IFunc,
                    false => GlobalKind::Variable,
                },
                hidden: symbol.hidden,
                size: symbol.size,
                alignment: u32::try_from(symbol.alignment).unwrap_or(u32::MAX),
                ..facts(
                    &symbol.name,
                    symbol.linkage,
                    symbol.defined,
                    symbol.callable.unwrap_or_default(),
                )
            },
            untyped: symbol.callable.is_none() || !symbol.defined,
        };
        self.symbols.iter().map(global).chain(exported).collect()
    }

    /// The functions that are called when the program starts and ends.
    pub(crate) fn called(&self) -> Called {
        Called {
            constructors: self.entries(&self.constructors),
            destructors: self.entries(&self.destructors),
        }
    }

    fn entries(&self, entries: &[Entry]) -> Vec<called::Entry> {
        let is_defined = |name: &String| self.symbols.iter().any(|s| s.defined && s.name == *name);
        let entry = |entry: &Entry| {
            let EntryFunction::Symbol(function) = &entry.function else {
                return None;
            };
            Some(called::Entry {
                order: entry.order,
                function: function.clone(),
                associated: entry.group.clone().filter(is_defined),
            })
        };
        entries.iter().filter_map(entry).collect()
    }

    /// The file as the linker is to see it: it defines what `prevails` says and nothing else, functions that have a stub by the
    /// names that `body` gives them; its tentative definitions are aligned as `alignment` asks.
    pub(crate) fn emit(
        &self,
        prevails: impl Fn(&str) -> bool,
        body: impl Fn(&str) -> Option<String>,
        alignment: impl Fn(&str) -> Option<u32>,
    ) -> Vec<u8> {
        let mut changes = Vec::new();
        for symbol in self.symbols.iter().filter(|symbol| symbol.defined) {
            let prevails = prevails(&symbol.name);
            let body = body(&symbol.name).filter(|_| prevails);
            if let Some(body) = body {
                changes.push(rewrite::Change::Detach(symbol.index, body));
            } else if let (true, Some(position)) = (symbol.added, symbol.position) {
                changes.push(rewrite::Change::Define(symbol.index, position));
            } else if !prevails {
                changes.push(rewrite::Change::Undefine(symbol.index));
            } else if symbol.linkage != Linkage::Common {
                changes.push(rewrite::Change::Strengthen(symbol.index));
            } else if let Some(alignment) = alignment(&symbol.name) {
                changes.push(rewrite::Change::Align(symbol.index, alignment.into()));
            }
        }
        for symbol in self.symbols.iter().filter(|symbol| symbol.renamed) {
            changes.push(rewrite::Change::Rename(symbol.index, &symbol.name));
        }
        for export in &self.exports {
            changes.push(rewrite::Change::Add {
                name: &export.name,
                position: export.position,
                callable: export.callable.unwrap_or_default(),
            });
        }
        rewrite::rewrite(&self.bytes, &changes)
    }
}

fn facts(name: &str, linkage: Linkage, defined: bool, callable: bool) -> SurveyedGlobal {
    SurveyedGlobal {
        name: name.as_bytes().to_vec(),
        // Not a function with a body that could be sliced.
        kind: GlobalKind::Variable,
        callable,
        linkage,
        hidden: false,
        defined,
        used: true,
        thread_local: false,
        constant: false,
        externally_initialized: true,
        section: None,
        comdat: None,
        size: 0,
        alignment: 0,
        target: None,
        attributes: FunctionAttributes::default(),
    }
}

impl fmt::Debug for NativeObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeObject")
            .field("name", &self.name)
            .field("symbols", &self.symbols.len())
            .finish_non_exhaustive()
    }
}
