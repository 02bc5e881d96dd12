//! Whether two values differ in a bit.

use std::num::NonZeroU32;

use inkwell::IntPredicate;
use inkwell::builder::{Builder, BuilderError};
use inkwell::context::ContextRef;
use inkwell::types::{BasicTypeEnum, FloatType, IntType, VectorType};
use inkwell::values::{BasicValueEnum, IntValue, VectorValue};

/// The type of a value that can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotComparable(String);

/// Whether [`build`] can compare values of this type.
pub(crate) fn check(of: BasicTypeEnum<'_>) -> Result<(), NotComparable> {
    match of {
        BasicTypeEnum::IntType(_) | BasicTypeEnum::FloatType(_) | BasicTypeEnum::PointerType(_) => {
            Ok(())
        }
        BasicTypeEnum::VectorType(vector) if vector.get_size() <= MOST_LANES => Ok(()),
        BasicTypeEnum::ArrayType(array) if array.len() <= LARGEST_ARRAY => {
            check(array.get_element_type())
        }
        BasicTypeEnum::StructType(fields) => {
            fields.get_field_types().into_iter().try_for_each(check)
        }
        BasicTypeEnum::ArrayType(_)
        | BasicTypeEnum::VectorType(_)
        | BasicTypeEnum::ScalableVectorType(_) => {
            let name = of.print_to_string();
            Err(NotComparable(name.to_string_lossy().into_owned()))
        }
    }
}

/// Longer ones are not returned in registers.
const LARGEST_ARRAY: u32 = 64;
/// The lanes' answers are made one number; LLVM has wider ones, but takes its time over them.
const MOST_LANES: u32 = 1024;

/// Compares values of a type that [`check`] admits: numbers and addresses by their bits, aggregates field by field.
pub(crate) fn build<'ctx>(
    builder: &Builder<'ctx>,
    old: BasicValueEnum<'ctx>,
    new: BasicValueEnum<'ctx>,
) -> Result<IntValue<'ctx>, BuilderError> {
    let fields = match old.get_type() {
        BasicTypeEnum::StructType(fields) => fields.count_fields(),
        BasicTypeEnum::ArrayType(array) => array.len(),
        _ => return scalar(builder, old, new),
    };
    let field = |value: BasicValueEnum<'ctx>, index| match value {
        BasicValueEnum::StructValue(value) => builder.build_extract_value(value, index, "field"),
        value => builder.build_extract_value(value.into_array_value(), index, "field"),
    };
    let mut any: Option<IntValue<'ctx>> = None;
    for index in 0..fields {
        let differs = build(builder, field(old, index)?, field(new, index)?)?;
        any = Some(match any {
            None => differs,
            Some(any) => builder.build_or(any, differs, "differs")?,
        });
    }
    Ok(any.unwrap_or_else(|| {
        match old {
            BasicValueEnum::StructValue(empty) => empty.get_type().get_context(),
            _ => old.into_array_value().get_type().get_context(),
        }
        .bool_type()
        .const_zero()
    }))
}

fn scalar<'ctx>(
    builder: &Builder<'ctx>,
    old: BasicValueEnum<'ctx>,
    new: BasicValueEnum<'ctx>,
) -> Result<IntValue<'ctx>, BuilderError> {
    let compare = |old, new| builder.build_int_compare(IntPredicate::NE, old, new, "differs");
    match (old, new) {
        (BasicValueEnum::IntValue(old), BasicValueEnum::IntValue(new)) => compare(old, new),
        (BasicValueEnum::FloatValue(old), BasicValueEnum::FloatValue(new)) => {
            let bits = float_bits(old.get_type());
            let bits_of = |value| builder.build_bit_cast(value, bits, "bits");
            compare(
                bits_of(old)?.into_int_value(),
                bits_of(new)?.into_int_value(),
            )
        }
        (BasicValueEnum::PointerValue(old), BasicValueEnum::PointerValue(new)) => {
            builder.build_int_compare(IntPredicate::NE, old, new, "differs")
        }
        (BasicValueEnum::VectorValue(old), BasicValueEnum::VectorValue(new)) => {
            vector(builder, old, new)
        }
        (old, _) => unreachable!("values of type {} are not compared", old.get_type()),
    }
}

/// Lane by lane, and then the lanes' answers as one number.
fn vector<'ctx>(
    builder: &Builder<'ctx>,
    old: VectorValue<'ctx>,
    new: VectorValue<'ctx>,
) -> Result<IntValue<'ctx>, BuilderError> {
    let of: VectorType<'ctx> = old.get_type();
    let lanes = match of.get_element_type() {
        BasicTypeEnum::FloatType(float) => {
            let bits = float_bits(float).vec_type(of.get_size());
            let bits_of = |value| builder.build_bit_cast(value, bits, "bits");
            let (old, new) = (bits_of(old)?, bits_of(new)?);
            let (old, new) = (old.into_vector_value(), new.into_vector_value());
            builder.build_int_compare(IntPredicate::NE, old, new, "lanes")?
        }
        _ => builder.build_int_compare(IntPredicate::NE, old, new, "lanes")?,
    };
    let answers = integer(of.get_context(), of.get_size());
    let answers = builder
        .build_bit_cast(lanes, answers, "lanes")?
        .into_int_value();
    let none = answers.get_type().const_zero();
    builder.build_int_compare(IntPredicate::NE, answers, none, "differs")
}

fn float_bits(float: FloatType<'_>) -> IntType<'_> {
    integer(float.get_context(), float.get_bit_width())
}

/// A number of so many bits.
fn integer(context: ContextRef<'_>, bits: u32) -> IntType<'_> {
    let bits = NonZeroU32::new(bits).expect("floats have bits and vectors lanes");
    context
        .custom_width_int_type(bits)
        .expect("`check` has refused vectors of more lanes than an integer has bits")
}
