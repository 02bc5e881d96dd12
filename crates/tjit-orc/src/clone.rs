//! Copies of functions within their module, and the choice between them.

use std::ffi::c_char;

use inkwell::types::{AsTypeRef, BasicTypeEnum};
use inkwell::values::{AsValueRef, BasicValueEnum, FunctionValue};
use llvm_sys::core::{
    LLVMConstBitCast, LLVMConstIntOfArbitraryPrecision, LLVMGetParam, LLVMGetTypeContext,
    LLVMIntTypeInContext, LLVMIsConstant, LLVMIsDeclaration, LLVMReplaceAllUsesWith, LLVMTypeOf,
};
use llvm_sys::prelude::LLVMValueRef;

use crate::error::{Error, ErrorKind};

/// Mirrors `TjitTest` in `shim/clone.cpp`.
#[repr(C)]
struct RawTest {
    argument: u32,
    value: LLVMValueRef,
}

const _: () = assert!(size_of::<RawTest>() == 16);

unsafe extern "C" {
    fn tjit_clone_function(
        function: LLVMValueRef,
        name: *const c_char,
        name_length: usize,
    ) -> LLVMValueRef;
    fn tjit_stand_in(
        function: LLVMValueRef,
        name: *const c_char,
        name_length: usize,
    ) -> LLVMValueRef;
    fn tjit_dispatch(
        function: LLVMValueRef,
        tests: *const RawTest,
        num_tests: usize,
        special: LLVMValueRef,
        general: LLVMValueRef,
    );
}

/// Adds an internal copy of `function` to its module, called `name` or, if that is taken, something like it.
///
/// Addresses of labels in its own instructions are those of the copy. Addresses of labels that are elsewhere, as in a table that
/// it reads, stay those of the original: see [`has_labels`](crate::has_labels).
///
/// # Errors
/// [`ErrorKind::Link`] if the function has no body.
pub fn clone_function<'m>(
    function: FunctionValue<'m>,
    name: &str,
) -> Result<FunctionValue<'m>, Error> {
    needs_body(function, "copying")?;
    // SAFETY: a live function with a body; the name is a live slice. LLVM is built without exceptions, so nothing unwinds.
    let copy =
        unsafe { tjit_clone_function(function.as_value_ref(), name.as_ptr().cast(), name.len()) };
    Ok(adopt(copy))
}

/// Makes `function` internal under `name`, or something like it if that is taken, and returns a function without a body that has
/// its name, linkage, type and attributes, and that everybody who referred to it refers to.
///
/// # Errors
/// [`ErrorKind::Link`] if the function has no body.
pub fn stand_in<'m>(function: FunctionValue<'m>, name: &str) -> Result<FunctionValue<'m>, Error> {
    needs_body(function, "standing in for")?;
    // SAFETY: as for `clone_function`.
    let entry = unsafe { tjit_stand_in(function.as_value_ref(), name.as_ptr().cast(), name.len()) };
    Ok(adopt(entry))
}

/// Fills `entry`, which has no body, such that it goes on in `special` if the arguments with these numbers have these values,
/// compared bit by bit, and in `general` otherwise. Neither leaves a frame of `entry` behind.
///
/// # Errors
/// [`ErrorKind::Link`] if `entry` has a body, the three functions differ in type, or a value is not a constant of its
/// argument's type; nothing is changed then.
pub fn dispatch<'m>(
    entry: FunctionValue<'m>,
    tests: &[(u32, BasicValueEnum<'m>)],
    special: FunctionValue<'m>,
    general: FunctionValue<'m>,
) -> Result<(), Error> {
    let same_type = [special, general]
        .iter()
        .all(|function| function.get_type() == entry.get_type());
    let is_test = |&(argument, value): &(u32, _)| is_constant_for(entry, argument, value);
    if entry.get_first_basic_block().is_some() || !same_type || !tests.iter().all(is_test) {
        let operation = format!("filling `{}`", entry.get_name().to_string_lossy());
        let message = "it has a body, or types don't agree";
        return Err(Error::new(ErrorKind::Link, operation, message));
    }
    let tests: Vec<_> = tests
        .iter()
        .map(|&(argument, value)| RawTest {
            argument,
            value: value.as_value_ref(),
        })
        .collect();
    // SAFETY: live functions of one type, the first without a body; each test is of an argument that exists and a constant of
    // its type. LLVM is built without exceptions, so nothing unwinds.
    unsafe {
        tjit_dispatch(
            entry.as_value_ref(),
            tests.as_ptr(),
            tests.len(),
            special.as_value_ref(),
            general.as_value_ref(),
        );
    }
    Ok(())
}

/// Replaces all uses of an argument in a function's body by a constant.
///
/// # Errors
/// [`ErrorKind::Link`] if there is no such argument, or the value is not a constant of its type.
pub fn replace_argument<'m>(
    function: FunctionValue<'m>,
    argument: u32,
    value: BasicValueEnum<'m>,
) -> Result<(), Error> {
    if !is_constant_for(function, argument, value) {
        let name = function.get_name().to_string_lossy();
        let operation = format!("replacing argument {argument} of `{name}`");
        let message = "it has none, or the value is not a constant of its type";
        return Err(Error::new(ErrorKind::Link, operation, message));
    }
    // SAFETY: a live function that has this argument.
    let parameter = unsafe { LLVMGetParam(function.as_value_ref(), argument) };
    // SAFETY: live values of one type.
    unsafe { LLVMReplaceAllUsesWith(parameter, value.as_value_ref()) };
    Ok(())
}

/// The constant of a type of integers or of floating-point numbers with these bits, lowest first; `None` for other types and
/// for those with more than 128 bits. Bits that the type does not have are dropped.
pub fn constant_of_bits<'m>(of: BasicTypeEnum<'m>, bits: u128) -> Option<BasicValueEnum<'m>> {
    let width = bit_width(of)?;
    let words = [bits as u64, (bits >> 64) as u64];
    let raw = of.as_type_ref();
    // SAFETY: a live type; widths are those that LLVM allows, and it takes two words.
    let integer = unsafe {
        let integers = LLVMIntTypeInContext(LLVMGetTypeContext(raw), width);
        LLVMConstIntOfArbitraryPrecision(integers, 2, words.as_ptr())
    };
    // SAFETY: a live constant, and a type of its context that is as wide. It is the constant itself if the type is its own.
    let constant = unsafe { LLVMConstBitCast(integer, raw) };
    // SAFETY: a live constant of a basic type.
    Some(unsafe { BasicValueEnum::new(constant) })
}

/// How many bits a type of integers or of floating-point numbers has, if not more than 128.
pub fn bit_width(of: BasicTypeEnum<'_>) -> Option<u32> {
    let width = match of {
        BasicTypeEnum::IntType(integers) => integers.get_bit_width(),
        BasicTypeEnum::FloatType(numbers) => numbers.get_bit_width(),
        _ => return None,
    };
    (width <= 128).then_some(width)
}

fn is_constant_for(function: FunctionValue<'_>, argument: u32, value: BasicValueEnum<'_>) -> bool {
    let of_type = function
        .get_nth_param(argument)
        // SAFETY: live values.
        .is_some_and(|parameter| unsafe {
            LLVMTypeOf(parameter.as_value_ref()) == LLVMTypeOf(value.as_value_ref())
        });
    // SAFETY: a live value.
    of_type && unsafe { LLVMIsConstant(value.as_value_ref()) } != 0
}

fn needs_body(function: FunctionValue<'_>, verb: &str) -> Result<(), Error> {
    // SAFETY: a live function.
    if unsafe { LLVMIsDeclaration(function.as_value_ref()) } == 0 {
        return Ok(());
    }
    let operation = format!("{verb} `{}`", function.get_name().to_string_lossy());
    Err(Error::new(ErrorKind::Link, operation, "it has no body"))
}

fn adopt<'m>(raw: LLVMValueRef) -> FunctionValue<'m> {
    // SAFETY: the shim returns a function that it has just added to a module that lives for `'m`.
    unsafe { FunctionValue::new(raw) }.expect("the shim returns a function")
}
