//! Recompiles one method of a live C++ object, from outside, while two threads are calling it.
//!
//! `Thermometer::read` adds a configuration global on every turn of a loop. The request replaces the load of that global by
//! its value, after which the optimiser turns the loop into a multiplication. The object, its vtable, the function-local
//! static and everybody who holds the function's address stay as they are.

use std::error::Error;
use std::ffi::c_void;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use tiered_jit::inkwell::module::Module;
use tiered_jit::inkwell::values::{FunctionValue, InstructionOpcode, InstructionValue};
use tiered_jit::{ModuleSource, TieredJit, TransformError};
use tjit_test_util::{Lang, compile_to_bitcode};

type Method = unsafe extern "C" fn(*mut c_void, i64) -> i64;

const SOURCE: &str = include_str!("class_recompile/thermometer.cpp");
const STEPS: i64 = 200;

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn main() -> Result<(), Box<dyn Error>> {
    let bitcode = compile_to_bitcode(
        SOURCE,
        Lang::Cxx,
        &["-O1", "-Xclang", "-disable-llvm-passes"],
    );
    // A threshold that is never reached: whatever is recompiled here is recompiled because we ask for it.
    let jit = TieredJit::builder().threshold(NonZeroU64::MAX).build()?;
    // SAFETY: the module is the class above; it has no undefined behaviour and takes from the host what libstdc++ defines.
    unsafe { jit.add_module(ModuleSource::bytes("thermometer.cpp", bitcode))? };

    let make = jit.function::<unsafe extern "C" fn(i64) -> *mut c_void>("make_thermometer")?;
    let delete = jit.function::<unsafe extern "C" fn(*mut c_void)>("delete_sensor")?;
    let readings =
        jit.function::<unsafe extern "C" fn(*mut c_void) -> i64>("Thermometer::readings")?;
    let serial = jit.function::<unsafe extern "C" fn() -> i64>("serial_now")?;
    let initialisations = jit.function::<unsafe extern "C" fn() -> i32>("initialisations_now")?;
    let by_name = jit.function::<Method>("Thermometer::read")?;

    // SAFETY: the factory's type is as declared; the object lives until `delete` below.
    let object = unsafe { make(20) };
    let vtable_before = vtable(object);
    let expected = 20 + 3 * STEPS;

    let stop = AtomicBool::new(false);
    let calls = AtomicU64::new(0);
    let shared = SharedObject(object);
    let version = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(read_virtually(&shared, STEPS), expected);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        while calls.load(Ordering::Relaxed) < 2_000 {
            thread::yield_now();
        }

        // From outside, while both threads run the method.
        let version = jit
            .reoptimize("Thermometer::read")
            .map(|request| request.transform(freeze_configuration).wait());

        let at_publication = calls.load(Ordering::Relaxed);
        while calls.load(Ordering::Relaxed) < at_publication + 2_000 {
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        version
    })??;

    assert_eq!(vtable(object), vtable_before, "the object kept its vtable");
    assert!(
        std::ptr::fn_addr_eq(vtable_entry(object), by_name.pointer()),
        "virtual calls and the name lead to the same stub"
    );
    // SAFETY: the types are as declared, and the object is alive.
    let (read, counted, serial, initialised) = unsafe {
        (
            by_name(object, STEPS),
            readings(object),
            serial(),
            initialisations(),
        )
    };
    let total = i64::try_from(calls.load(Ordering::Relaxed))? + 1;
    assert_eq!(read, expected);
    assert_eq!(
        counted, total,
        "the object counted every call, before and after"
    );
    assert_eq!(
        serial,
        1000 + total,
        "the function-local static kept its value"
    );
    assert_eq!(initialised, 1, "and was initialised once");

    println!(
        "the live object runs `{}`, {} calls made",
        version.body, total
    );
    jit.for_each_function(|function| {
        if function.symbol().contains("Thermometer4read") {
            for version in function.versions() {
                println!(
                    "{:<40} {:?} {:>5} bytes of code, compiled in {:>6.2} ms ({})",
                    version.body,
                    version.tier,
                    version.size,
                    version.phases.total().as_secs_f64() * 1e3,
                    version.cause
                );
            }
        }
    });
    // SAFETY: made by the factory, and no thread uses it any more.
    unsafe { delete(object) };
    Ok(())
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
