//! Functions for arguments of which the value is known.

use std::collections::HashSet;
use std::fmt;

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Module;
use inkwell::values::{BasicValueEnum, FunctionValue, InstructionOpcode};
use tjit_orc::{clone_function, dispatch, replace_argument, stand_in};

use crate::Error;
use crate::constant::{Constant, constant};

/// One argument of a function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Argument {
    /// By its place among the parameters that the function has in the IR, from 0. `this` is one, and so is the pointer to
    /// where a result is to be put (`sret`); a structure that is passed in registers may be several.
    Index(u32),
    /// By its name in the IR. Compilers leave names out if they are not asked to keep them (`-fno-discard-value-names`).
    Name(String),
}

impl From<u32> for Argument {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for Argument {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "argument {index}"),
            Self::Name(name) => write!(f, "argument `{name}`"),
        }
    }
}

/// What makes sure that the arguments have the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    /// They are compared at the entry, bit by bit, and calls with others go to the body as it was.
    Checked,
    /// Nothing: calls with others are undefined behaviour.
    Assumed,
}

/// Why a function can't be specialised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unspecializable {
    /// There is no such argument.
    #[error("it has {parameters} parameters{}", in_words(names))]
    NoArgument {
        /// How many there are.
        parameters: u32,
        /// Those that have names.
        names: Vec<String>,
    },
    /// The argument was given a value before.
    #[error("it was given a value twice")]
    Twice,
    /// A parameter of that type can't have that value.
    #[error("a parameter of type `{parameter}` can't be {value}")]
    Type {
        /// The parameter's type.
        parameter: String,
        /// The value.
        value: String,
    },
    /// The parameter is not the value that the caller means, but a place that the callee is lent.
    #[error("it is passed as `{0}`")]
    Passed(&'static str),
    /// The address of a variable can't be told from the end of another.
    #[error(
        "a pointer that equals the address of the variable `{0}` may be the end of the one before it: give its address as a \
         number, or vouch for it"
    )]
    Variable(String),
    /// The body jumps to labels by their addresses, which only one body can have.
    #[error("it jumps to addresses of labels")]
    Labels,
    /// The body is assembly that takes its arguments from where they are.
    #[error("its body is `naked`")]
    Naked,
    /// Functions of that calling convention can't be called.
    #[error("functions of its calling convention can't be called")]
    Convention,
}

fn in_words(names: &[String]) -> String {
    match names {
        [] => ", none of which has a name in the IR".to_owned(),
        names => format!(": {}", names.join(", ")),
    }
}

/// Parameters that are lent memory or registers: what they are is between caller and callee.
const LENT: &[&str] = &[
    "byval",
    "byref",
    "inalloca",
    "preallocated",
    "sret",
    "swifterror",
    "swiftasync",
    "swiftself",
    "nest",
];

/// `X86_INTR` and its like on other processors (`llvm/IR/CallingConv.h`, `isCallableCC`).
const INTERRUPTS: &[u32] = &[69, 83, 84, 85];

/// Makes `function`, which has a body in `module`, one for arguments with certain values: their uses become constants. With
/// [`Guard::Checked`] it is one for those and for all others, by comparing what it got and going on in one of two internal
/// functions; neither costs a frame. Calls it makes to itself compare again.
///
/// It keeps name, type and attributes. Exceptions, a variable number of arguments, `musttail`, results in memory and all calling
/// conventions by which functions can be called work as before. An argument that is undefined (`undef`, `poison`) is taken to
/// be any value.
///
/// Several values for several arguments hold together. To specialise for one value or another, do it twice.
///
/// # Errors
/// [`Error::Specialize`]; nothing has changed then.
pub fn specialize<'m>(
    module: &Module<'m>,
    function: FunctionValue<'m>,
    values: &[(Argument, Constant)],
    guard: Guard,
) -> Result<(), Error> {
    let name = function.get_name().to_string_lossy().into_owned();
    let refuse = |argument: Option<&Argument>, reason| Error::Specialize {
        function: name.clone(),
        argument: argument.map(ToString::to_string),
        reason,
    };
    check_function(function, guard).map_err(|reason| refuse(None, reason))?;
    let mut seen = HashSet::new();
    let mut constants = Vec::with_capacity(values.len());
    for (argument, value) in values {
        let checked = check_argument(module, function, (argument, value), guard);
        let (index, constant) = checked.map_err(|reason| refuse(Some(argument), reason))?;
        if !seen.insert(index) {
            return Err(refuse(Some(argument), Unspecializable::Twice));
        }
        constants.push((index, constant));
    }
    rewrite(function, &constants, guard).map_err(|source| Error::Fold {
        symbol: name,
        source,
    })
}

fn rewrite<'m>(
    function: FunctionValue<'m>,
    constants: &[(u32, BasicValueEnum<'m>)],
    guard: Guard,
) -> Result<(), tjit_orc::Error> {
    let put_in = |body| {
        let mut constants = constants.iter();
        constants.try_for_each(|&(index, constant)| replace_argument(body, index, constant))
    };
    if guard == Guard::Assumed {
        return put_in(function);
    }
    let name = function.get_name().to_string_lossy().into_owned();
    let entry = stand_in(function, &format!("{name}.general"))?;
    let special = clone_function(function, &format!("{name}.special"))?;
    put_in(special)?;
    dispatch(entry, constants, special, function)
}

fn check_function(function: FunctionValue<'_>, guard: Guard) -> Result<(), Unspecializable> {
    if has(function, AttributeLoc::Function, "naked") {
        return Err(Unspecializable::Naked);
    }
    if guard == Guard::Assumed {
        return Ok(());
    }
    if INTERRUPTS.contains(&function.get_call_conventions()) {
        return Err(Unspecializable::Convention);
    }
    let mut ends = function
        .get_basic_block_iter()
        .filter_map(|block| block.get_terminator());
    match ends.any(|end| end.get_opcode() == InstructionOpcode::IndirectBr) {
        true => Err(Unspecializable::Labels),
        false => Ok(()),
    }
}

fn check_argument<'m>(
    module: &Module<'m>,
    function: FunctionValue<'m>,
    (argument, value): (&Argument, &Constant),
    guard: Guard,
) -> Result<(u32, BasicValueEnum<'m>), Unspecializable> {
    let index = match argument {
        Argument::Index(index) => Some(*index),
        Argument::Name(name) => (0..).zip(names(function)).find_map(|(index, found)| {
            let same = !name.is_empty() && found == *name;
            same.then_some(index)
        }),
    };
    let found = index.and_then(|index| Some((index, function.get_nth_param(index)?)));
    let Some((index, parameter)) = found else {
        return Err(Unspecializable::NoArgument {
            parameters: function.count_params(),
            names: names(function).filter(|name| !name.is_empty()).collect(),
        });
    };
    let location = AttributeLoc::Param(index);
    let mut lent = LENT.iter();
    if let Some(how) = lent.find(|how| has(function, location, how)) {
        return Err(Unspecializable::Passed(how));
    }
    if let (Constant::Variable(name), Guard::Checked) = (value, guard) {
        return Err(Unspecializable::Variable(name.clone()));
    }
    Ok((index, constant(module, value, parameter.get_type())?))
}

/// The names of the parameters, in order; empty for those without.
fn names(function: FunctionValue<'_>) -> impl Iterator<Item = String> {
    let parameters = function.get_param_iter();
    parameters.map(|parameter| parameter.get_name().to_string_lossy().into_owned())
}

fn has(function: FunctionValue<'_>, location: AttributeLoc, name: &str) -> bool {
    let kind = Attribute::get_named_enum_kind_id(name);
    function.get_enum_attribute(location, kind).is_some()
}
