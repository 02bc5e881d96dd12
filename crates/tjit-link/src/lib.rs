#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod archive;
mod error;
mod file_kind;
mod host;
mod inputs;
mod linked;
mod native;
mod program;
mod promises;

mod aliases;
mod asm;
mod bind;
mod called;
mod data;
mod emit;
mod initializers;
mod inventory;
mod labels;
mod names;
mod nonshared;
mod notes;
mod refuse;
mod resolve;
mod sections;
mod signature;
mod table;
mod target;
mod tls;
mod unload;

mod import;
mod slices;
mod written;

mod demangle;
mod lookup;
mod pattern;
mod support;
mod variables;

pub use archive::Archive;
pub use demangle::demangle;
pub use error::{LinkError, UndefinedSymbol};
pub use file_kind::FileKind;
pub use host::{HostSymbols, ThreadLocalIndex};
pub use import::{ImportBudget, NoInline};
pub use inputs::Input;
pub use linked::{
    DataModule, FunctionKind, Initializer, Linked, LinkedFunction, LinkedObject, ModuleId,
};
pub use native::NativeObject;
pub use program::Program;
pub use program::redefine::{Redefined, Redefinition, Unredefinable};
pub use slices::Slice;
pub use support::support_module;
pub use unload::Unloaded;
pub use variables::Variable;
pub use written::Writer;
