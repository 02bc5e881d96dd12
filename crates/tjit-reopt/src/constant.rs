//! Values of arguments, and what they are in the IR.

use std::fmt;

use inkwell::AddressSpace;
use inkwell::module::Module;
use inkwell::types::{BasicType, BasicTypeEnum};
use inkwell::values::BasicValueEnum;
use tjit_orc::{bit_width, constant_of_bits};

use crate::specialize::Unspecializable;
use crate::symbols::declared;

/// A value that an argument has.
///
/// Numbers are made of Rust's own with `from`: `Constant::from(3)`, `true.into()`, `1.5.into()`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Constant {
    /// A number, for a parameter that is an integer of at least as many bits as it has. Signed or not is the same to the IR.
    Signed(i128),
    /// As [`Constant::Signed`].
    Unsigned(u128),
    /// A number, for a parameter that is a `float` or `double` which can be exactly that. Zeros differ by their sign.
    Float(f64),
    /// The bits of a number of any of LLVM's types, lowest first.
    Bits(u128),
    /// A number, for a parameter that is a pointer; 0 is the null pointer. What is there is not known.
    Address(u64),
    /// The address of a function of the program, by its linker-level name.
    Function(String),
    /// The address of a variable of the program, by its linker-level name. A pointer that is compared with it and equal may
    /// still be the end of the variable before it, so it can only be taken for this one where nothing is compared: see
    /// [`Guard::Assumed`](crate::Guard::Assumed).
    Variable(String),
}

macro_rules! integers {
    ($($type:ty => $variant:ident,)*) => {$(
        impl From<$type> for Constant {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

integers! {
    i8 => Signed, i16 => Signed, i32 => Signed, i64 => Signed, i128 => Signed,
    bool => Unsigned, u8 => Unsigned, u16 => Unsigned, u32 => Unsigned, u64 => Unsigned, u128 => Unsigned,
    f32 => Float, f64 => Float,
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(value) => write!(f, "{value}"),
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Bits(value) => write!(f, "bits {value:#x}"),
            Self::Address(value) => write!(f, "{value:#x}"),
            Self::Function(name) | Self::Variable(name) => write!(f, "&{name}"),
        }
    }
}

/// The value as a constant of a parameter's type.
pub(crate) fn constant<'m>(
    module: &Module<'m>,
    value: &Constant,
    of: BasicTypeEnum<'m>,
) -> Result<BasicValueEnum<'m>, Unspecializable> {
    let other_type = || Unspecializable::Type {
        parameter: of.print_to_string().to_string(),
        value: value.to_string(),
    };
    match (value, of) {
        (Constant::Function(name) | Constant::Variable(name), BasicTypeEnum::PointerType(_)) => {
            named(module, name, of).ok_or_else(other_type)
        }
        (Constant::Address(address), BasicTypeEnum::PointerType(pointers)) => {
            // As wide as an address of the hosts that there are; LLVM makes it as wide as the pointer is.
            let number = module.get_context().i64_type().const_int(*address, false);
            match *address {
                0 => Ok(pointers.const_null().into()),
                _ => Ok(number.const_to_pointer(pointers).into()),
            }
        }
        _ => {
            let bits = bits(value, of).ok_or_else(other_type)?;
            constant_of_bits(of, bits).ok_or_else(other_type)
        }
    }
}

/// A symbol as a pointer in the address space that the program's symbols are in.
fn named<'m>(module: &Module<'m>, name: &str, of: BasicTypeEnum<'m>) -> Option<BasicValueEnum<'m>> {
    let plain = of.into_pointer_type().get_address_space() == AddressSpace::default();
    if !plain || name.is_empty() || name.contains('\0') {
        return None;
    }
    let global = declared(module, name);
    let pointer = global.as_pointer_value();
    let usable = !global.is_thread_local() && pointer.get_type().as_basic_type_enum() == of;
    usable.then(|| pointer.into())
}

/// The bits of a number in a type, if it has them all.
fn bits(value: &Constant, of: BasicTypeEnum<'_>) -> Option<u128> {
    let width = bit_width(of)?;
    let mask = u128::MAX >> (128 - width);
    match (value, of) {
        (Constant::Signed(value), BasicTypeEnum::IntType(_)) => {
            let lowest = i128::MIN >> (128 - width);
            let fits = *value >= lowest && (*value < 0 || *value as u128 <= mask);
            fits.then_some(*value as u128 & mask)
        }
        (Constant::Unsigned(value), BasicTypeEnum::IntType(_)) => {
            (*value <= mask).then_some(*value)
        }
        (Constant::Float(value), BasicTypeEnum::FloatType(numbers)) => {
            let (double, single) = (
                numbers.get_context().f64_type(),
                numbers.get_context().f32_type(),
            );
            if numbers == double {
                return Some(value.to_bits().into());
            }
            let narrow = *value as f32;
            let exact = f64::from(narrow).to_bits() == value.to_bits();
            (numbers == single && exact).then(|| narrow.to_bits().into())
        }
        (Constant::Bits(bits), _) => (*bits <= mask).then_some(*bits),
        _ => None,
    }
}
