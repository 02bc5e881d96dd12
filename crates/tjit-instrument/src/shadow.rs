//! Compares what two bodies of a function return.
//!
//! ```text
//! define T @wrapper(…) {
//!   %old = call T @control(…)
//!   %new = call T @candidate(…)
//!   <count>
//!   br i1 <%old and %new differ in a bit>, label %differ, label %done, !prof !cold
//! differ:                                  ; the first of all threads
//!   cmpxchg ptr @state, i64 0, i64 1
//!   …
//! report:
//!   store T %old, ptr @old
//!   store T %new, ptr @new
//!   store atomic i64 2, ptr @state release
//! done:
//!   ret T %old
//! }
//! ```

use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::basic_block::BasicBlock;
use inkwell::builder::{Builder, BuilderError};
use inkwell::module::{Linkage, Module};
use inkwell::targets::TargetData;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicValue, BasicValueEnum, FunctionValue, GlobalValue, IntValue};
use inkwell::{AtomicOrdering, GlobalVisibility};

use crate::difference::{self, NotComparable};
use crate::rewrite::{make_monotonic, mark_unlikely};
use crate::symbols::{COUNTER_ALIGN, name_of};

/// Parameter attributes that are part of how arguments are passed: LLVM's reference manual, "Parameter Attributes".
const PASSING: &[&str] = &[
    "zeroext",
    "signext",
    "inreg",
    "byval",
    "byref",
    "nest",
    "swiftself",
    "alignstack",
];

/// What decides which registers there are for arguments.
const TARGET: &[&str] = &["target-cpu", "target-features", "min-legal-vector-width"];

/// A function that calls two bodies and compares what they return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    /// The IR name of the function.
    pub wrapper: String,
    /// Two `i64`: how many calls were compared, and 0 until two results differ, 1 while they are written down, 2 afterwards
    /// (Release).
    pub counts: String,
    /// The first two results that differ: what the control returned.
    pub old: String,
    /// And what the candidate did.
    pub new: String,
    /// How many bytes such a result has.
    pub size: u64,
}

/// Why there can be no such function.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShadowError {
    /// It returns nothing, or through a pointer.
    #[error("`{function}` returns nothing that could be compared")]
    NoResult {
        /// The body's name.
        function: String,
    },
    /// It takes arguments that can't be handed on twice.
    #[error("`{function}` {how}, and such arguments can't be passed on twice")]
    Arguments {
        /// The body's name.
        function: String,
        /// What it is about them.
        how: &'static str,
    },
    /// Its result is of a type that has no bits to compare.
    #[error("`{function}` returns a value of a type that can't be compared: {reason}")]
    Result {
        /// The body's name.
        function: String,
        /// Which.
        #[source]
        reason: NotComparable,
    },
    /// A name is in use.
    #[error("comparing `{function}`: `{name}` is already taken in this module")]
    Taken {
        /// The body's name.
        function: String,
        /// The name.
        name: String,
    },
    /// LLVM's instruction builder refused.
    #[error("comparing `{function}`: building the comparison")]
    Build {
        /// The body's name.
        function: String,
        /// What inkwell said.
        #[source]
        source: BuilderError,
    },
}

/// Defines `wrapper` in `module`: it calls `control`, another body of the function which the linker finds, and then `candidate`,
/// compares their results bit by bit, and returns the control's. Padding of aggregates is not compared.
///
/// Both run to their ends in every call, so the candidate must have no effect but its result: see LLVM's `memory(read)`,
/// `willreturn` and `nounwind`. What they read may be written by another thread in between; their results may differ then. So
/// may results that are undefined.
///
/// # Errors
/// [`ShadowError`]; the module may have gained declarations.
pub fn shadow<'ctx>(
    module: &Module<'ctx>,
    candidate: FunctionValue<'ctx>,
    control: &str,
    wrapper: &str,
) -> Result<Shadow, ShadowError> {
    let function = name_of(candidate);
    let result = comparable(candidate)?;
    let names = ["", ".counts", ".old", ".new"].map(|suffix| format!("{wrapper}{suffix}"));
    let all = names.iter().map(String::as_str).chain([control]);
    for name in all {
        let is_taken = module.get_function(name).is_some() || module.get_global(name).is_some();
        if is_taken || name.is_empty() || name.contains('\0') {
            let name = name.to_owned();
            return Err(ShadowError::Taken { function, name });
        }
    }
    let [wrapper, counts, old, new] = names;
    let context = module.get_context();
    let pair = context.i64_type().array_type(2);
    let comparison = Comparison {
        module,
        builder: context.create_builder(),
        candidate,
        control: like(module, candidate, control),
        wrapper: like(module, candidate, &wrapper),
        counts: variable(module, pair.into(), &counts),
        old: variable(module, result, &old),
        new: variable(module, result, &new),
    };
    comparison
        .build()
        .map_err(|source| ShadowError::Build { function, source })?;
    debug_assert!(comparison.wrapper.verify(true), "`{wrapper}` is broken");
    let layout = module.get_data_layout();
    let layout = TargetData::create(&layout.as_str().to_string_lossy());
    Ok(Shadow {
        wrapper,
        counts,
        old,
        new,
        size: layout.get_store_size(&result),
    })
}

/// What it returns, if that can be compared and its arguments passed on.
fn comparable<'ctx>(function: FunctionValue<'ctx>) -> Result<BasicTypeEnum<'ctx>, ShadowError> {
    let name = || name_of(function);
    let arguments = |how| ShadowError::Arguments {
        function: name(),
        how,
    };
    let has = |attribute| {
        let mut parameters = 0..function.count_params();
        parameters
            .any(|index| enum_attribute(function, AttributeLoc::Param(index), attribute).is_some())
    };
    if has("sret") {
        return Err(ShadowError::NoResult { function: name() });
    }
    if function.get_type().is_var_arg() {
        return Err(arguments("is variadic"));
    }
    for (attribute, how) in [
        ("inalloca", "has an `inalloca` parameter"),
        ("preallocated", "has a `preallocated` parameter"),
        ("swifterror", "has a `swifterror` parameter"),
        ("swiftasync", "has a `swiftasync` parameter"),
    ] {
        if has(attribute) {
            return Err(arguments(how));
        }
    }
    let Some(result) = function.get_type().get_return_type() else {
        return Err(ShadowError::NoResult { function: name() });
    };
    difference::check(result).map_err(|reason| ShadowError::Result {
        function: name(),
        reason,
    })?;
    Ok(result)
}

fn enum_attribute(
    function: FunctionValue<'_>,
    place: AttributeLoc,
    name: &str,
) -> Option<Attribute> {
    function.get_enum_attribute(place, Attribute::get_named_enum_kind_id(name))
}

/// A declaration of a function that is called as `function` is.
fn like<'ctx>(
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
    name: &str,
) -> FunctionValue<'ctx> {
    let declared = module.add_function(name, function.get_type(), None);
    declared.set_call_conventions(function.get_call_conventions());
    for (place, attribute) in passing(function) {
        declared.add_attribute(place, attribute);
    }
    for name in TARGET {
        if let Some(attribute) = function.get_string_attribute(AttributeLoc::Function, name) {
            declared.add_attribute(AttributeLoc::Function, attribute);
        }
    }
    if let Some(tables) = enum_attribute(function, AttributeLoc::Function, "uwtable") {
        declared.add_attribute(AttributeLoc::Function, tables);
    }
    declared
}

/// The attributes that say how arguments and results are passed.
fn passing(function: FunctionValue<'_>) -> Vec<(AttributeLoc, Attribute)> {
    let parameters = (0..function.count_params()).map(AttributeLoc::Param);
    let places = parameters.chain([AttributeLoc::Return]);
    let all = places.flat_map(|place| {
        let kept = PASSING
            .iter()
            .filter_map(move |name| enum_attribute(function, place, name));
        kept.map(move |attribute| (place, attribute))
    });
    all.collect()
}

fn variable<'ctx>(module: &Module<'ctx>, of: BasicTypeEnum<'ctx>, name: &str) -> GlobalValue<'ctx> {
    let global = module.add_global(of, None, name);
    global.set_initializer(&of.const_zero());
    global.set_linkage(Linkage::External);
    global.set_visibility(GlobalVisibility::Hidden);
    global
}

struct Comparison<'m, 'ctx> {
    module: &'m Module<'ctx>,
    builder: Builder<'ctx>,
    candidate: FunctionValue<'ctx>,
    control: FunctionValue<'ctx>,
    wrapper: FunctionValue<'ctx>,
    counts: GlobalValue<'ctx>,
    old: GlobalValue<'ctx>,
    new: GlobalValue<'ctx>,
}

impl<'ctx> Comparison<'_, 'ctx> {
    fn build(&self) -> Result<(), BuilderError> {
        let context = self.module.get_context();
        self.counts.set_alignment(COUNTER_ALIGN);
        let block = |name| context.append_basic_block(self.wrapper, name);
        let (entry, done) = (block("entry"), block("done"));
        let (differ, report) = (block("differ"), block("report"));

        self.builder.position_at_end(entry);
        let old = self.call(self.control, "old")?;
        let new = self.call(self.candidate, "new")?;
        self.count()?;
        let differs = difference::build(&self.builder, old, new)?;
        let branch = self
            .builder
            .build_conditional_branch(differs, differ, done)?;
        mark_unlikely(&context, branch);

        self.report((differ, report, done), (old, new))?;

        self.builder.position_at_end(done);
        self.builder.build_return(Some(&old))?;
        Ok(())
    }

    fn call(
        &self,
        callee: FunctionValue<'ctx>,
        name: &str,
    ) -> Result<BasicValueEnum<'ctx>, BuilderError> {
        let arguments: Vec<_> = self
            .wrapper
            .get_params()
            .iter()
            .map(|&p| p.into())
            .collect();
        let call = self.builder.build_call(callee, &arguments, name)?;
        call.set_call_convention(self.wrapper.get_call_conventions());
        for (place, attribute) in passing(self.candidate) {
            call.add_attribute(place, attribute);
        }
        Ok(call.try_as_basic_value().unwrap_basic())
    }

    fn count(&self) -> Result<(), BuilderError> {
        let i64_type = self.module.get_context().i64_type();
        let place = self.counts.as_pointer_value();
        let compared = self.builder.build_load(i64_type, place, "compared")?;
        if let Some(load) = compared.as_instruction_value() {
            make_monotonic(load);
        }
        let one = i64_type.const_int(1, false);
        let next = self
            .builder
            .build_int_add(compared.into_int_value(), one, "compared.next")?;
        make_monotonic(self.builder.build_store(place, next)?);
        Ok(())
    }

    /// Writes the results down if they are the first to differ.
    fn report(
        &self,
        (differ, report, done): (BasicBlock<'ctx>, BasicBlock<'ctx>, BasicBlock<'ctx>),
        (old, new): (BasicValueEnum<'ctx>, BasicValueEnum<'ctx>),
    ) -> Result<(), BuilderError> {
        let i64_type = self.module.get_context().i64_type();
        let constant = |value| i64_type.const_int(value, false);
        let build = &self.builder;
        build.position_at_end(differ);
        let pair = self
            .module
            .get_context()
            .struct_type(&[i64_type.into(), i64_type.into()], false);
        let state = build.build_struct_gep(pair, self.counts.as_pointer_value(), 1, "state")?;
        let exchange = build.build_cmpxchg(
            state,
            constant(0),
            constant(1),
            AtomicOrdering::Monotonic,
            AtomicOrdering::Monotonic,
        )?;
        let first: IntValue<'ctx> = build
            .build_extract_value(exchange, 1, "first")?
            .into_int_value();
        build.build_conditional_branch(first, report, done)?;

        build.position_at_end(report);
        build.build_store(self.old.as_pointer_value(), old)?;
        build.build_store(self.new.as_pointer_value(), new)?;
        let said = build.build_store(state, constant(2))?;
        let aligned = said.set_alignment(COUNTER_ALIGN);
        // Release: who sees it sees both results.
        let ordered = said.set_atomic_ordering(AtomicOrdering::Release);
        debug_assert!(aligned.is_ok() && ordered.is_ok());
        build.build_unconditional_branch(done)?;
        Ok(())
    }
}
