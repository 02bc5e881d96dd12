//! Addresses of elements of arrays, which inkwell has only as unsafe functions.

use inkwell::builder::{Builder, BuilderError};
use inkwell::types::BasicTypeEnum;
use inkwell::values::{GlobalValue, IntValue, PointerValue};

/// Builds the address of element `index` of an array variable: `getelementptr inbounds`. `None` if the variable is no array.
///
/// An index that is out of bounds when the code runs is undefined behaviour of that code.
///
/// # Errors
/// As the builder: without an insertion point.
pub fn element_address<'ctx>(
    builder: &Builder<'ctx>,
    array: GlobalValue<'ctx>,
    index: IntValue<'ctx>,
    name: &str,
) -> Result<Option<PointerValue<'ctx>>, BuilderError> {
    let element = array.get_value_type();
    let Ok(BasicTypeEnum::ArrayType(of)) = BasicTypeEnum::try_from(element) else {
        return Ok(None);
    };
    let element = of.get_element_type();
    // SAFETY: one index into elements of that type is what the instruction takes.
    let address =
        unsafe { builder.build_in_bounds_gep(element, array.as_pointer_value(), &[index], name) };
    address.map(Some)
}
