#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod host;
mod linked;
mod program;

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
mod refuse;
mod resolve;
mod sections;
mod table;
mod target;
mod tls;
mod unload;

mod import;
mod slices;
mod written;

mod demangle;
mod lookup;
mod support;
mod variables;

pub use demangle::demangle;
pub use error::{LinkError, UndefinedSymbol};
pub use host::{HostSymbols, ThreadLocalIndex};
pub use import::{ImportBudget, NoInline};
pub use linked::{DataModule, FunctionKind, Initializer, Linked, LinkedFunction, ModuleId};
pub use program::Program;
pub use support::support_module;
pub use unload::Unloaded;
pub use variables::Variable;
pub use written::Writer;
