#![doc = include_str!("../README.md")]

mod config;
mod layer;

mod compiled;
mod compiler;
mod level;
mod suffix;

mod machines;
mod prepare;
mod sanitize;
mod widen;

mod split;
mod symbols;
mod tiers;
mod unit;

mod error;

pub use compiled::{Compiled, KeptFeatures, NotWidened, Times};
pub use compiler::{CompileModule, PassCompiler, Recipe};
pub use config::{CompileReport, Config, ModuleOptions, OnCompiled};
pub use error::{Error, ErrorKind};
pub use layer::CompileLayer;
pub use level::{OptLevel, UnknownLevel};
pub use machines::{CheckedOut, MachinePool};
pub use suffix::SuffixTiered;
pub use tiers::{ModuleTiers, module_tiers};
pub use widen::FeatureChanges;
