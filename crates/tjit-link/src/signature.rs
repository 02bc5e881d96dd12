//! What callers of a function know of how it is called.

use std::fmt::Write;

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::types::{AnyType, AnyTypeEnum, BasicTypeEnum, StructType};
use inkwell::values::FunctionValue;

#[cfg(test)]
mod tests;

/// The attributes of parameters and results that decide where they are passed (LangRef, "Parameter Attributes").
const PASSING: [&str; 13] = [
    "byref",
    "byval",
    "inalloca",
    "inreg",
    "nest",
    "noext",
    "preallocated",
    "signext",
    "sret",
    "swiftasync",
    "swifterror",
    "swiftself",
    "zeroext",
];

/// The type of a function, its calling convention, and how parameters are passed. It is the same text for two functions if, and
/// only if, the one can be called as the other: structures are written out, as their names differ between modules.
pub(crate) fn signature(function: FunctionValue<'_>) -> String {
    let of = function.get_type();
    let mut text = String::new();
    let convention = function.get_call_conventions();
    if convention != 0 {
        // As the IR spells conventions that have no name. Writing to a string can't fail.
        let _ = write!(text, "cc {convention} ");
    }
    match of.get_return_type() {
        Some(result) => describe(result.as_any_type_enum(), &mut text),
        None => text.push_str("void"),
    }
    passing(function, AttributeLoc::Return, &mut text);
    text.push_str(" (");
    for (index, parameter) in (0..).zip(of.get_param_types()) {
        if index > 0 {
            text.push_str(", ");
        }
        // Metadata, of which there is no such type, is for intrinsics.
        if let Ok(parameter) = BasicTypeEnum::try_from(parameter) {
            describe(parameter.as_any_type_enum(), &mut text);
        }
        passing(function, AttributeLoc::Param(index), &mut text);
    }
    if of.is_var_arg() {
        text.push_str(if of.count_param_types() > 0 {
            ", ..."
        } else {
            "..."
        });
    }
    text.push(')');
    text
}

fn passing(function: FunctionValue<'_>, place: AttributeLoc, text: &mut String) {
    for name in PASSING {
        let kind = Attribute::get_named_enum_kind_id(name);
        let Some(found) = function.get_enum_attribute(place, kind) else {
            continue;
        };
        text.push(' ');
        text.push_str(name);
        if found.is_type() {
            text.push('(');
            describe(found.get_type_value(), text);
            text.push(')');
        }
    }
}

fn describe(of: AnyTypeEnum<'_>, text: &mut String) {
    match of {
        AnyTypeEnum::StructType(of) if !of.is_opaque() => structure(of, text),
        AnyTypeEnum::ArrayType(of) => {
            let _ = write!(text, "[{} x ", of.len());
            describe(of.get_element_type().as_any_type_enum(), text);
            text.push(']');
        }
        _ => text.push_str(&of.print_to_string().to_string_lossy()),
    }
}

fn structure(of: StructType<'_>, text: &mut String) {
    let (open, close) = if of.is_packed() {
        ("<{ ", " }>")
    } else {
        ("{ ", " }")
    };
    text.push_str(open);
    for (index, field) in of.get_field_types().into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        describe(field.as_any_type_enum(), text);
    }
    text.push_str(close);
}
