//! Measures how long calls take.
//!
//! ```text
//! entry:
//!   %entered = call i64 @llvm.readcyclecounter()
//!   …
//!   %left = call i64 @llvm.readcyclecounter()       ; before each `ret`, `resume` and `musttail` call
//!   %cycles = sub i64 %left, %entered
//!   …                                               ; the bucket: see `histogram::bucket`
//!   %count = load atomic i64, ptr %place monotonic, align 8
//!   %count.next = add i64 %count, 1
//!   store atomic i64 %count.next, ptr %place monotonic, align 8
//!   ret …
//! ```
//!
//! No block is split, so that nothing that is said of blocks changes. Loads and stores instead of a read-modify-write, as in
//! `counter`: samples that are lost to a race are missing from every bucket alike.

use inkwell::GlobalVisibility;
use inkwell::builder::{Builder, BuilderError};
use inkwell::intrinsics::Intrinsic;
use inkwell::module::{Linkage, Module};
use inkwell::values::{
    CallSiteValue, FunctionValue, GlobalValue, InstructionOpcode, InstructionValue, IntValue,
    LLVMTailCallKind, PointerValue,
};

use crate::histogram::BUCKETS;
use crate::rewrite::{BROKEN_PROMISES, make_monotonic, remove_promises};
use crate::symbols::{COUNTER_ALIGN, name_of};
use crate::{Error, Outcome, eligibility};

/// Makes the body `function` of `module` write how long its calls take into `histogram`, which it defines: [`BUCKETS`] zeroed
/// `i64`, with external linkage and hidden visibility. The unit is that of `llvm.readcyclecounter`: on x86-64 cycles of the
/// time-stamp counter.
///
/// A sample is a call that leaves by `ret`, by `resume`, or by a `musttail` call, whose callee does not count. A call that is
/// left by an exception which it does not catch, by `longjmp`, or never, is none. A recursive call is a sample of its own, and
/// part of that of its caller.
///
/// # Errors
/// [`Error`] says which name is in the way. A function that can't be timed is left as it is, and the reason is returned.
pub fn time_calls<'ctx>(
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
    histogram: &str,
) -> Result<Outcome, Error> {
    if let Some(reason) = eligibility::no_room(function) {
        return Ok(Outcome::Skipped(reason));
    }
    let places = define(module, function, histogram)?;
    let builder = module.get_context().create_builder();
    let timing = Timing {
        module,
        builder,
        places,
    };
    timing.run(function).map_err(|source| Error::Build {
        function: name_of(function),
        source,
    })?;
    remove_promises(function, BROKEN_PROMISES);
    debug_assert!(
        function.verify(true),
        "timing broke `{}`",
        name_of(function)
    );
    Ok(Outcome::Instrumented {
        counter: histogram.to_owned(),
    })
}

fn define<'ctx>(
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
    name: &str,
) -> Result<GlobalValue<'ctx>, Error> {
    let taken = || Error::CounterTaken {
        function: name_of(function),
        counter: name.to_owned(),
    };
    if name.is_empty() || name.contains('\0') {
        return Err(Error::NulInName {
            function: name_of(function),
            name: name.to_owned(),
        });
    }
    if module.get_global(name).is_some() || module.get_function(name).is_some() {
        return Err(taken());
    }
    let length = u32::try_from(BUCKETS).map_err(|_| taken())?;
    let places = module.get_context().i64_type().array_type(length);
    let global = module.add_global(places, None, name);
    if global.get_name().to_bytes() != name.as_bytes() {
        return Err(taken());
    }
    global.set_initializer(&places.const_zero());
    global.set_linkage(Linkage::External);
    global.set_visibility(GlobalVisibility::Hidden);
    global.set_alignment(COUNTER_ALIGN);
    Ok(global)
}

struct Timing<'m, 'ctx> {
    module: &'m Module<'ctx>,
    builder: Builder<'ctx>,
    places: GlobalValue<'ctx>,
}

impl<'ctx> Timing<'_, 'ctx> {
    fn run(&self, function: FunctionValue<'ctx>) -> Result<(), BuilderError> {
        let exits: Vec<_> = function.get_basic_block_iter().filter_map(exit).collect();
        let Some(first) = function
            .get_first_basic_block()
            .and_then(|entry| entry.get_first_instruction())
        else {
            return Ok(());
        };
        // In front of allocas, which stay static wherever they are in the entry block.
        self.builder.position_before(&first);
        let entered = self.cycles("entered")?;
        exits.into_iter().try_for_each(|exit| {
            self.builder.position_before(&exit);
            let cycles = self
                .builder
                .build_int_sub(self.cycles("left")?, entered, "cycles")?;
            self.count(cycles)
        })
    }

    fn cycles(&self, name: &str) -> Result<IntValue<'ctx>, BuilderError> {
        self.intrinsic("llvm.readcyclecounter", &[], name)
    }

    /// The bucket of `cycles` as `histogram::bucket` has it, and one more in it.
    fn count(&self, cycles: IntValue<'ctx>) -> Result<(), BuilderError> {
        let i64_type = self.module.get_context().i64_type();
        let constant = |value: u64| i64_type.const_int(value, false);
        let build = &self.builder;

        let wide = build.build_or(cycles, constant(32), "wide")?;
        let never_zero = self.module.get_context().bool_type().const_int(1, false);
        let zeros = self.intrinsic("llvm.ctlz", &[wide, never_zero], "zeros")?;
        let shift = build.build_int_sub(constant(63 - 5), zeros, "shift")?;
        let coarse = build.build_left_shift(shift, constant(5), "coarse")?;
        let fine = build.build_right_shift(cycles, shift, false, "fine")?;
        let bucket = build.build_int_add(coarse, fine, "bucket")?;
        let last = constant(BUCKETS as u64 - 1);
        let bucket = self.intrinsic("llvm.umin", &[bucket, last], "bucket")?;

        let place = self.place(bucket)?;
        let count = build.build_load(i64_type, place, "count")?.into_int_value();
        if let Some(load) = count.as_instruction() {
            make_monotonic(load);
        }
        let next = build.build_int_add(count, constant(1), "count.next")?;
        make_monotonic(build.build_store(place, next)?);
        Ok(())
    }

    /// The address of a bucket. As `getelementptr`, and not as arithmetic on integers, so that it can be seen of the histogram's
    /// address that nobody keeps it.
    fn place(&self, bucket: IntValue<'ctx>) -> Result<PointerValue<'ctx>, BuilderError> {
        let place = tjit_orc::element_address(&self.builder, self.places, bucket, "place")?;
        // It was defined as an array.
        Ok(place.unwrap_or_else(|| self.places.as_pointer_value()))
    }

    /// An intrinsic that yields an `i64`, overloaded by that if it takes arguments.
    fn intrinsic(
        &self,
        name: &str,
        arguments: &[IntValue<'ctx>],
        result: &str,
    ) -> Result<IntValue<'ctx>, BuilderError> {
        let i64_type = self.module.get_context().i64_type();
        let overloads: &[_] = match arguments {
            [] => &[],
            _ => &[i64_type.into()],
        };
        let arguments: Vec<_> = arguments.iter().map(|&value| value.into()).collect();
        let function = Intrinsic::find(name)
            .and_then(|intrinsic| intrinsic.get_declaration(self.module, overloads));
        let Some(function) = function else {
            unreachable!("LLVM has the intrinsic {name}");
        };
        let call = self.builder.build_call(function, &arguments, result)?;
        Ok(call.try_as_basic_value().unwrap_basic().into_int_value())
    }
}

/// In front of what the last reading belongs, if a call can leave the function at the end of this block.
fn exit(block: inkwell::basic_block::BasicBlock<'_>) -> Option<InstructionValue<'_>> {
    let last = block.get_terminator()?;
    match last.get_opcode() {
        InstructionOpcode::Resume => Some(last),
        InstructionOpcode::Return => {
            let calls = std::iter::successors(last.get_previous_instruction(), |instruction| {
                // A cast of what the call yields may stand in between.
                (instruction.get_opcode() == InstructionOpcode::BitCast)
                    .then(|| instruction.get_previous_instruction())?
            });
            Some(
                calls
                    .into_iter()
                    .find(|call| ends_body(*call))
                    .unwrap_or(last),
            )
        }
        _ => None,
    }
}

/// Whether nothing but `ret` may follow this call.
fn ends_body(instruction: InstructionValue<'_>) -> bool {
    let Ok(call) = CallSiteValue::try_from(instruction) else {
        return false;
    };
    let deoptimizes = || {
        let callee = call.get_called_fn_value();
        callee.is_some_and(|callee| {
            callee
                .get_name()
                .to_bytes()
                .starts_with(b"llvm.experimental.deoptimize")
        })
    };
    call.get_tail_call_kind() == LLVMTailCallKind::LLVMTailCallKindMustTail || deoptimizes()
}
