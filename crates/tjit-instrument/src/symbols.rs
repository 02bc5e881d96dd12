//! The three names a counter brings into a module: the counter, the stub and the trip function.

use std::num::NonZeroU64;

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::{Linkage, Module};
use inkwell::types::FunctionType;
use inkwell::values::{FunctionValue, GlobalValue};
use inkwell::{AddressSpace, GlobalVisibility};

use crate::{EntryCounter, Error, LoopCounter};

/// Alignment of the counter in bytes, so that its loads and stores are single accesses.
pub(crate) const COUNTER_ALIGN: u32 = 8;

/// What the inserted code refers to.
pub(crate) struct Symbols<'ctx> {
    pub(crate) counter: GlobalValue<'ctx>,
    pub(crate) stub: FunctionValue<'ctx>,
    pub(crate) trip: FunctionValue<'ctx>,
}

impl<'ctx> Symbols<'ctx> {
    /// Finds or makes all three.
    pub(crate) fn resolve(
        module: &Module<'ctx>,
        body: FunctionValue<'ctx>,
        (stub, counter): (&str, &str),
        config: &EntryCounter,
    ) -> Result<Self, Error> {
        let trip = config.trip_function.as_str();
        let function = check_names(module, body, &[stub, counter, trip])?;
        Ok(Self {
            trip: trip_function(module, trip, 0).ok_or_else(|| Error::TripTaken {
                function: function.clone(),
                trip: trip.to_owned(),
            })?,
            stub: stub_function(module, body, stub).ok_or_else(|| Error::StubTaken {
                function: function.clone(),
                stub: stub.to_owned(),
            })?,
            counter: counter_global(module, counter, config.threshold).ok_or_else(|| {
                Error::CounterTaken {
                    function: function.clone(),
                    counter: counter.to_owned(),
                }
            })?,
        })
    }
}

/// What the code in loops refers to.
pub(crate) struct LoopSymbols<'ctx> {
    pub(crate) stub: FunctionValue<'ctx>,
    pub(crate) trip: FunctionValue<'ctx>,
}

impl<'ctx> LoopSymbols<'ctx> {
    /// Finds or makes both.
    pub(crate) fn resolve(
        module: &Module<'ctx>,
        body: FunctionValue<'ctx>,
        stub: &str,
        config: &LoopCounter,
    ) -> Result<Self, Error> {
        let trip = config.trip_function.as_str();
        let function = check_names(module, body, &[stub, trip])?;
        Ok(Self {
            trip: trip_function(module, trip, 2).ok_or_else(|| Error::TripTaken {
                function: function.clone(),
                trip: trip.to_owned(),
            })?,
            stub: stub_function(module, body, stub).ok_or_else(|| Error::StubTaken {
                function,
                stub: stub.to_owned(),
            })?,
        })
    }
}

/// The name of `body`, if it is one of `module` and `names` can be names.
fn check_names(
    module: &Module<'_>,
    body: FunctionValue<'_>,
    names: &[&str],
) -> Result<String, Error> {
    let function = name_of(body);
    if module.get_function(&function) != Some(body) {
        return Err(Error::NotInModule { function });
    }
    if let Some(name) = names.iter().find(|name| name.contains('\0')) {
        return Err(Error::NulInName {
            function,
            name: (*name).to_owned(),
        });
    }
    Ok(function)
}

/// The IR name of a function, with bytes that are not UTF-8 replaced.
pub(crate) fn name_of(function: FunctionValue<'_>) -> String {
    function.get_name().to_string_lossy().into_owned()
}

fn stub_function<'ctx>(
    module: &Module<'ctx>,
    body: FunctionValue<'ctx>,
    name: &str,
) -> Option<FunctionValue<'ctx>> {
    function_or_declare(module, name, body.get_type())
}

/// A function of the runtime, which takes the stub and so many numbers.
fn trip_function<'ctx>(
    module: &Module<'ctx>,
    name: &str,
    numbers: usize,
) -> Option<FunctionValue<'ctx>> {
    let context = module.get_context();
    let pointer = context.ptr_type(AddressSpace::default());
    let mut parameters = vec![pointer.into()];
    parameters.resize(1 + numbers, context.i32_type().into());
    let function_type = context.void_type().fn_type(&parameters, false);
    let function = function_or_declare(module, name, function_type)?;
    if function.get_type() != function_type {
        return None;
    }
    if function.count_basic_blocks() == 0 {
        for attribute in ["cold", "nounwind"] {
            let kind = Attribute::get_named_enum_kind_id(attribute);
            function.add_attribute(
                AttributeLoc::Function,
                context.create_enum_attribute(kind, 0),
            );
        }
        // The runtime never collects: in a function with a garbage collector the call is no
        // safepoint.
        let leaf = context.create_string_attribute("gc-leaf-function", "");
        function.add_attribute(AttributeLoc::Function, leaf);
    }
    Some(function)
}

fn function_or_declare<'ctx>(
    module: &Module<'ctx>,
    name: &str,
    function_type: FunctionType<'ctx>,
) -> Option<FunctionValue<'ctx>> {
    if let Some(function) = module.get_function(name) {
        return Some(function);
    }
    if name.is_empty() || module.get_global(name).is_some() {
        return None;
    }
    let function = module.add_function(name, function_type, None);
    // LLVM appends a number to a name that is in use; here that can only be an alias or an ifunc.
    (function.get_name().to_bytes() == name.as_bytes()).then_some(function)
}

fn counter_global<'ctx>(
    module: &Module<'ctx>,
    name: &str,
    calls: NonZeroU64,
) -> Option<GlobalValue<'ctx>> {
    let i64_type = module.get_context().i64_type();
    if let Some(global) = module.get_global(name) {
        let fits = global.is_declaration()
            && !global.is_thread_local()
            && !global.is_constant()
            && global.get_value_type() == i64_type.into();
        return fits.then_some(global);
    }
    if name.is_empty() || module.get_function(name).is_some() {
        return None;
    }
    let global = module.add_global(i64_type, None, name);
    if global.get_name().to_bytes() != name.as_bytes() {
        return None;
    }
    // Read as a signed number it tells how many calls there were since it was zero.
    let calls = calls.get().min(i64::MAX as u64);
    global.set_initializer(&i64_type.const_int(calls, false));
    global.set_linkage(Linkage::External);
    global.set_visibility(GlobalVisibility::Hidden);
    global.set_alignment(COUNTER_ALIGN);
    Some(global)
}
