//! Recompiles one method of a live C++ object, from outside, while two threads are calling it.
//!
//! `Thermometer::read` adds a configuration global on every turn of a loop. The request replaces the load of that global by
//! its value, after which the optimiser turns the loop into a multiplication. The object, its vtable, the function-local
//! static and everybody who holds the function's address stay as they are.

use std::error::Error;
use std::ffi::c_void;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use tiered_jit::inkwell::module::Module;
use tiered_jit::inkwell::values::{FunctionValue, InstructionOpcode, InstructionValue};
use tiered_jit::{ModuleSource, TieredJit, TransformError, VersionInfo};
use tjit_test_util::{Lang, compile_to_bitcode};

type Method = unsafe extern "C" fn(*mut c_void, i64) -> i64;

const SOURCE: &str = include_str!("class_recompile/thermometer.cpp");
const STEPS: i64 = 200;
const EXPECTED: i64 = 20 + 3 * STEPS;

fn main() -> Result<(), Box<dyn Error>> {
    let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(SOURCE, Lang::Cxx, &flags);
    // A threshold that is never reached: whatever is recompiled here is recompiled because we ask for it.
    let jit = TieredJit::builder().threshold(NonZeroU64::MAX).build()?;
    // SAFETY: the module is the class of the source beside this file; it has no undefined behaviour and takes from the host
    // what libstdc++ defines.
    unsafe { jit.add_module(ModuleSource::bytes("thermometer.cpp", bitcode))? };

    let make = jit.function::<unsafe extern "C" fn(i64) -> *mut c_void>("make_thermometer")?;
    let delete = jit.function::<unsafe extern "C" fn(*mut c_void)>("delete_sensor")?;
    // SAFETY: the factory's type is as declared; the object lives until `delete` below.
    let object = unsafe { make.call(20) };
    let vtable_before = vtable(object);

    let (version, calls) = recompile_while_running(&jit, object)?;

    assert_eq!(vtable(object), vtable_before, "the object kept its vtable");
    check_state(&jit, object, calls)?;
    report(&jit, &version, calls);
    // SAFETY: made by the factory, and no thread uses it any more.
    unsafe { delete.call(object) };
    Ok(())
}

/// Has two threads call the method through the object's vtable, recompiles it meanwhile, and waits until both have run the new
/// version. Returns that version and how many calls were made.
fn recompile_while_running(
    jit: &TieredJit,
    object: *mut c_void,
) -> Result<(Arc<VersionInfo>, i64), Box<dyn Error>> {
    let stop = AtomicBool::new(false);
    let calls = AtomicI64::new(0);
    let shared = SharedObject(object);
    let wait_for_calls = |number: i64| {
        let target = calls.load(Ordering::Relaxed) + number;
        while calls.load(Ordering::Relaxed) < target {
            thread::yield_now();
        }
    };
    let version = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(read_virtually(&shared, STEPS), EXPECTED);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        wait_for_calls(2_000);
        let request = jit.reoptimize("Thermometer::read");
        let version = request.and_then(|request| request.transform(freeze_configuration).wait());
        wait_for_calls(2_000);
        stop.store(true, Ordering::Relaxed);
        version
    })?;
    Ok((version, calls.into_inner()))
}

/// Nothing that the program can observe has changed but the code.
fn check_state(jit: &TieredJit, object: *mut c_void, calls: i64) -> Result<(), Box<dyn Error>> {
    let by_name = jit.function::<Method>("Thermometer::read")?;
    let readings = jit.function::<Method>("Thermometer::readings")?;
    let serial = jit.function::<unsafe extern "C" fn() -> i64>("serial_now")?;
    let initialisations = jit.function::<unsafe extern "C" fn() -> i32>("initialisations_now")?;
    assert_eq!(
        vtable_entry(object) as usize,
        by_name.address(),
        "virtual calls and the name lead to the same stub"
    );
    // SAFETY: the types are as declared (`readings` ignores a second argument), and the object is alive.
    let (read, counted, serial, initialised) = unsafe {
        (
            by_name.call(object, STEPS),
            readings.call(object, 0),
            serial.call(),
            initialisations.call(),
        )
    };
    assert_eq!(read, EXPECTED);
    assert_eq!(
        counted,
        calls + 1,
        "the object counted every call, before and after"
    );
    assert_eq!(
        serial,
        1000 + calls + 1,
        "the function-local static kept its value"
    );
    assert_eq!(initialised, 1, "and was initialised once");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn report(jit: &TieredJit, version: &VersionInfo, calls: i64) {
    println!(
        "the live object runs `{}`; {calls} calls were made meanwhile",
        version.body
    );
    jit.for_each_function(|function| {
        if !function.symbol().contains("Thermometer4read") {
            return;
        }
        for version in function.versions() {
            let ms = version.phases.total().as_secs_f64() * 1e3;
            println!(
                "{:<40} {:>5} bytes, compiled in {ms:>6.2} ms ({})",
                version.body, version.size, version.cause
            );
        }
    });
}

/// Replaces every load of the configuration global by the value it has been set to.
fn freeze_configuration<'ctx>(
    module: &Module<'ctx>,
    function: FunctionValue<'ctx>,
) -> Result<(), TransformError> {
    let configuration = module
        .get_global("degrees_per_step")
        .ok_or("the configuration is not used")?;
    let value = module.get_context().i32_type().const_int(3, false);
    let loads: Vec<InstructionValue<'ctx>> = function
        .get_basic_block_iter()
        .flat_map(|block| block.get_instructions())
        .filter(|instruction| instruction.get_opcode() == InstructionOpcode::Load)
        .filter(|load| {
            let address = load.get_operand(0).and_then(|operand| operand.value());
            address.is_some_and(|address| {
                address.is_pointer_value()
                    && address.into_pointer_value() == configuration.as_pointer_value()
            })
        })
        .collect();
    for load in loads {
        let loaded: tiered_jit::inkwell::values::IntValue<'ctx> =
            load.try_into().map_err(|()| "not an integer load")?;
        loaded.replace_all_uses_with(value);
        load.erase_from_basic_block();
    }
    Ok(())
}

struct SharedObject(*mut c_void);

// SAFETY: the methods called from several threads are written for that: they change atomics only.
unsafe impl Sync for SharedObject {}

fn vtable(object: *mut c_void) -> *const Method {
    // SAFETY: in the Itanium C++ ABI an object of a class with virtual functions begins with the address of its vtable.
    unsafe { *object.cast::<*const Method>() }
}

fn vtable_entry(object: *mut c_void) -> Method {
    // SAFETY: the two destructors of `Sensor` take the first two entries, `read` the third.
    unsafe { *vtable(object).add(2) }
}

fn read_virtually(object: &SharedObject, steps: i64) -> i64 {
    // SAFETY: the entry is `Thermometer::read`, which may run on several threads, and the object is alive.
    unsafe { vtable_entry(object.0)(object.0, steps) }
}
