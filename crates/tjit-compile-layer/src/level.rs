//! Levels of optimisation, as compilers spell them.

use std::fmt;
use std::str::FromStr;

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Module;
use tjit_orc::CodeGenLevel;

/// How much a module is optimised, and for what: the `-O` of clang.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Not at all.
    O0,
    /// A little.
    O1,
    /// For speed, as long as code does not grow much.
    O2,
    /// For speed.
    O3,
    /// For speed, as long as code does not grow.
    Os,
    /// For size.
    Oz,
}

impl OptLevel {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::O0, Self::O1, Self::O2, Self::O3, Self::Os, Self::Oz];

    /// As compilers spell it, without the dash.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::O0 => "O0",
            Self::O1 => "O1",
            Self::O2 => "O2",
            Self::O3 => "O3",
            Self::Os => "Os",
            Self::Oz => "Oz",
        }
    }

    /// Its pass pipeline, in the syntax of `opt -passes=`.
    #[must_use]
    pub fn pipeline(self) -> String {
        format!("default<{}>", self.name())
    }

    /// The effort of the code generator that clang combines with it (`CodeGenOpt` of `BackendUtil.cpp`).
    #[must_use]
    pub const fn code_generation(self) -> CodeGenLevel {
        match self {
            Self::O0 => CodeGenLevel::None,
            Self::O1 => CodeGenLevel::Less,
            Self::O2 | Self::Os | Self::Oz => CodeGenLevel::Default,
            Self::O3 => CodeGenLevel::Aggressive,
        }
    }

    /// Tells passes and code generation, which go by the functions' attributes, what size is worth.
    pub(crate) fn mark(self, module: &Module<'_>) {
        let names: &[&str] = match self {
            Self::O0 | Self::O1 | Self::O2 | Self::O3 => return,
            Self::Os => &["optsize"],
            // As clang has it; whoever looks for the lesser one finds it too.
            Self::Oz => &["optsize", "minsize"],
        };
        let context = module.get_context();
        let bodies = module
            .get_functions()
            .filter(|function| function.get_first_basic_block().is_some());
        for function in bodies {
            let kind = Attribute::get_named_enum_kind_id("optnone");
            // The verifier does not let them be together.
            let location = AttributeLoc::Function;
            if function.get_enum_attribute(location, kind).is_some() {
                continue;
            }
            for name in names {
                let kind = Attribute::get_named_enum_kind_id(name);
                function.add_attribute(location, context.create_enum_attribute(kind, 0));
            }
        }
    }
}

impl fmt::Display for OptLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OptLevel {
    type Err = UnknownLevel;

    /// `O2`, `-O2` or `2`.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let bare = text.strip_prefix('-').unwrap_or(text);
        let bare = bare.strip_prefix('O').unwrap_or(bare);
        let mut levels = Self::ALL.into_iter();
        levels
            .find(|level| &level.name()[1..] == bare)
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

/// A level that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no optimisation level `{0}`: choose one of O0, O1, O2, O3, Os and Oz")]
pub struct UnknownLevel(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_spelt_as_compilers_do() {
        for level in OptLevel::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(format!("-{level}").parse(), Ok(level));
        }
        assert_eq!("s".parse(), Ok(OptLevel::Os));
        assert!("O4".parse::<OptLevel>().is_err());
        assert_eq!(OptLevel::Oz.pipeline(), "default<Oz>");
    }
}
