#![doc = include_str!("../README.md")]

mod buffer;
mod callback;
mod diagnostics;
mod error;
mod names;

mod accesses;
mod aliases;
mod annotations;
mod clone;
mod constant;
mod context;
mod element;
mod fixed;
mod fold;
mod globals;
mod guarded;
mod known_value;
mod label_flow;
mod labels;
mod module;
mod parse;
mod pointers;
mod references;
mod retained;
mod section;
mod slice;
mod statics;
mod stop;
mod subtarget;
mod survey;
mod target;
mod thread_local;
mod uses;

mod dylib;
mod generator;
mod layer;
#[cfg(feature = "failpoints")]
mod link_faults;
mod lookup;
mod mentions;
mod session;
mod symbol;
mod tracker;
mod unit;

pub use accesses::{Access, Follow, Origin, accesses};
pub use aliases::{flatten_aliases, replace_alias_uses, split_definition};
pub use annotations::{Annotation, annotations};
pub use buffer::MemoryBuffer;
pub use callback::{guard, panic_message};
pub use clone::{
    bit_width, clone_function, constant_of_bits, dispatch, replace_argument, stand_in,
};
pub use constant::constant_of_bytes;
pub use context::ThreadSafeContext;
pub use dylib::{Dylib, EvaluatedSymbol};
pub use element::element_address;
pub use error::{Error, ErrorKind};
pub use fixed::{fix_labels, has_labels, labels_used_elsewhere};
pub use fold::{direct_users, fold_instructions};
pub use generator::Generate;
pub use globals::{Global, GlobalKind, definitions, demote, inline_assembly, name_unnamed, rename};
pub use guarded::{Callers, callers, guard_over};
pub use known_value::{redirect_reads, set_known_value};
pub use label_flow::labels_escape;
pub use labels::{Users, jumps_to_addresses, users};
pub use layer::ObjectLayer;
pub use mentions::{DirectCall, Mentions, mentions};
pub use module::{ThreadSafeModule, verified_bitcode, verify};
pub use pointers::function_pointers;
pub use references::{References, references, references_of};
pub use retained::retained;
pub use section::merge_variables;
pub use session::ExecutionSession;
pub use slice::{Definition, SliceLinkage, SlicePart};
pub use statics::{is_llvm_destroyed, llvm_is_never_destroyed};
pub use stop::Stop;
pub use subtarget::Subtarget;
pub use survey::{
    AliasTarget, Body, ComdatKind, FunctionAttributes, Initializer, SurveyedGlobal, body,
    initializers, redirect_calls, survey,
};
pub use symbol::{SymbolFlags, SymbolString};
pub use target::{
    CodeGenLevel, Host, TargetMachine, TargetOptions, llvm_version, normalize_triple,
};
pub use thread_local::{ThreadLocalModel, replace_thread_local};
pub use tracker::ResourceTracker;
pub use unit::{MaterializationUnit, Responsibility};
