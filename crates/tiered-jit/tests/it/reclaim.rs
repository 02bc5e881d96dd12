//! Versions that are freed while the program runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tiered_jit::inkwell::module::Linkage;
use tiered_jit::{Builder, Cause, CodeMemory, Error, EventKind, ModuleSource, TieredJit};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::eviction::{insist, wait_for_evictions};
use crate::support::{
    MAPPINGS, Nullary, TALLY, Unary, load, load_cpp, nullary, wait_for, with_threshold,
};

/// The tests enter the program only as the promise says.
pub(crate) fn reclaiming() -> Builder {
    // SAFETY: says this file.
    unsafe { with_threshold(u64::MAX).reclaim() }
}

pub(crate) fn recompile(jit: &TieredJit, name: &str) {
    let ticket = jit.reoptimize(name).expect("it exists");
    ticket.wait().expect("it compiles");
}

/// Waits until `is_so` of the memory, which takes a few milliseconds when nothing is in the way.
#[track_caller]
pub(crate) fn until(jit: &TieredJit, is_so: impl Fn(&CodeMemory) -> bool) -> CodeMemory {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let memory = jit.code_memory();
        if is_so(&memory) {
            return memory;
        }
        assert!(Instant::now() < deadline, "{memory:?}");
        std::thread::yield_now();
    }
}

/// How many mappings this process has.
fn mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
    maps.lines().count()
}

#[test]
fn the_last_version_before_is_kept_and_those_before_it_are_freed() {
    let jit = load(reclaiming(), TALLY);
    let tally = jit.function::<Nullary>("tally").expect("it exists");
    for expected in 1..=5 {
        // SAFETY: of that type.
        assert_eq!(unsafe { tally.call() }, expected);
        recompile(&jit, "tally");
    }
    let memory = until(&jit, |memory| memory.reclaimed == 3);
    assert_eq!((memory.kept, memory.retired), (1, 0), "{memory:?}");
    assert!(memory.bytes > 0 && memory.reclaimed_bytes > 0, "{memory:?}");
    // SAFETY: of that type.
    assert_eq!(unsafe { tally.call() }, 6);
}

#[test]
fn nothing_is_freed_without_the_promise_before_it_is_asked_for() {
    let jit = load(with_threshold(u64::MAX), TALLY);
    for _ in 0..4 {
        recompile(&jit, "tally");
    }
    let memory = until(&jit, |memory| memory.kept == 3);
    assert_eq!((memory.retired, memory.reclaimed), (0, 0));
    jit.rollback("tally", 0).expect("it has its code");
    jit.rollback("tally", 3).expect("it has its code");
    // SAFETY: nobody is in the program.
    unsafe { jit.collect_now() };
    let memory = jit.code_memory();
    assert_eq!((memory.retired, memory.reclaimed, memory.kept), (0, 2, 1));
    assert_eq!(nullary(&jit, "tally"), 1);
}

#[test]
fn as_many_versions_are_kept_as_are_wanted() {
    let jit = load(reclaiming().keep_versions(2), TALLY);
    for _ in 0..6 {
        recompile(&jit, "tally");
    }
    let memory = until(&jit, |memory| memory.reclaimed == 3);
    assert_eq!((memory.kept, memory.retired), (2, 0), "{memory:?}");
    for version in [3, 4, 5] {
        let done = jit.rollback("tally", version);
        assert_eq!(done.expect("it is kept").number, version);
    }
    let refused = jit.rollback("tally", 2).expect_err("it is freed");
    assert!(matches!(refused, Error::Version { .. }), "{refused}");
    let jit = load(reclaiming().keep_versions(0), TALLY);
    recompile(&jit, "tally");
    recompile(&jit, "tally");
    until(&jit, |memory| memory.reclaimed == 1);
    jit.rollback("tally", 0).expect_err("it is freed");
}

#[test]
fn who_is_inside_delays_what_he_may_see() {
    let jit = load(reclaiming(), TALLY);
    let tally = jit.function::<Nullary>("tally").expect("it exists");
    let entered = jit.enter();
    let bound = entered.bind(&tally);
    for _ in 0..4 {
        recompile(&jit, "tally");
    }
    until(&jit, |memory| memory.retired == 2);
    // SAFETY: of that type.
    assert_eq!(unsafe { bound.call() }, 1);
    assert_eq!(jit.code_memory().reclaimed, 0);
    drop(entered);
    until(&jit, |memory| memory.reclaimed == 2);
}

#[test]
fn callers_never_meet_freed_code() {
    let jit = load(reclaiming(), TALLY);
    let twice = jit.function::<Unary>("twice").expect("it exists");
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut calls = 0;
                while !ended.load(Ordering::Relaxed) {
                    // SAFETY: of that type.
                    assert_eq!(unsafe { twice.call(calls) }, calls * 2);
                    calls += 1;
                }
            });
        }
        for _ in 0..200 {
            recompile(&jit, "twice");
        }
        ended.store(true, Ordering::Relaxed);
    });
    until(&jit, |memory| memory.reclaimed == 198);
}

/// A function with a static local, whose guard and value must survive, and a throw, which needs unwind tables.
const THROWER: &str = r#"
static int made() { return 40; }
extern "C" long thrower(long value) {
    static long calls = made();
    ++calls;
    try {
        if (value) throw value;
    } catch (long caught) {
        return calls + caught;
    }
    return calls;
}
"#;

#[test]
fn hundreds_of_versions_leave_nothing_behind() {
    let _alone = MAPPINGS.write();
    let jit = load_cpp(reclaiming(), THROWER);
    let thrower = jit.function::<Unary>("thrower").expect("it exists");
    let mut calls = 40;
    let mut cycle = || {
        recompile(&jit, "thrower");
        calls += 1;
        // SAFETY: of that type.
        assert_eq!(unsafe { thrower.call(1_000) }, calls + 1_000);
    };
    (0..20).for_each(|_| cycle());
    until(&jit, |memory| memory.retired == 0);
    let before = mappings();
    (0..200).for_each(|_| cycle());
    let memory = until(&jit, |memory| memory.reclaimed == 218);
    assert!(memory.bytes <= 64 << 10, "{memory:?}");
    assert!(mappings() <= before + 64, "{} after {before}", mappings());
}

extern "C" fn keep(_address: usize) {}

#[test]
fn a_unit_whose_addresses_may_be_kept_stays() {
    let function = keep as extern "C" fn(usize) as *const ();
    // SAFETY: the transformation declares it so.
    let jit = load(unsafe { reclaiming().define("keep", function) }, TALLY);
    let events = jit.subscribe(1_000.try_into().expect("not zero"));
    for _ in 0..3 {
        let request = jit.reoptimize("twice").expect("it exists");
        let request = request.transform(|module, function| {
            let context = module.get_context();
            let state = module.add_global(context.i64_type(), None, "state");
            state.set_linkage(Linkage::Internal);
            state.set_initializer(&context.i64_type().const_zero());
            let address = state.as_pointer_value();
            let signature = context
                .void_type()
                .fn_type(&[address.get_type().into()], false);
            let keep = module.add_function("keep", signature, None);
            let builder = context.create_builder();
            let block = function.get_first_basic_block().ok_or("it has no body")?;
            builder.position_before(&block.get_first_instruction().ok_or("it is empty")?);
            builder.build_call(keep, &[address.into()], "")?;
            Ok(())
        });
        request.wait().expect("it compiles");
    }
    let is_wanted = |kind: &EventKind| matches!(kind, EventKind::Unreclaimable { .. });
    let EventKind::Unreclaimable { reason, .. } = wait_for(&events, "twice", is_wanted) else {
        unreachable!("it was just matched");
    };
    assert_eq!(
        &*reason,
        "the program may keep the address of its variable `state`"
    );
    assert_eq!(jit.code_memory().unreclaimable, 1);
}

#[test]
fn a_budget_that_is_used_up_declines() {
    let jit = load(with_threshold(10).code_budget(1), TALLY);
    let events = jit.subscribe(1_000.try_into().expect("not zero"));
    recompile(&jit, "twice");
    let ticket = jit.reoptimize("tally").expect("it exists");
    let error = ticket.wait().expect_err("the first one took all there was");
    assert!(matches!(error, Error::CodeBudget { .. }), "{error}");
    // Nothing is asked for again and again, and the program runs on.
    for expected in 1..=100 {
        assert_eq!(nullary(&jit, "tally"), expected);
    }
    wait_for(&events, "tally", |kind| {
        matches!(
            kind,
            EventKind::Declined {
                cause: Cause::Request,
                ..
            }
        )
    });
    wait_for(&events, "tally", |kind| {
        matches!(
            kind,
            EventKind::Declined {
                cause: Cause::Trip,
                ..
            }
        )
    });
}

#[test]
fn a_budget_takes_the_kept_versions_first() {
    let jit = load(reclaiming().code_budget(8_000), TALLY);
    for _ in 0..20 {
        recompile(&jit, "tally");
    }
    let memory = until(&jit, |memory| memory.reclaimed >= 18);
    assert!(memory.bytes <= 3 * 8192, "{memory:?}");
    let tally = jit.function::<Nullary>("tally").expect("it exists");
    // SAFETY: of that type.
    assert_eq!(unsafe { tally.call() }, 1);
}

/// Four functions that have nothing to do with each other.
const FOUR: &str = "
    define i64 @a(i64 %x) { %y = add i64 %x, 1 ret i64 %y }
    define i64 @b(i64 %x) { %y = add i64 %x, 2 ret i64 %y }
    define i64 @c(i64 %x) { %y = add i64 %x, 3 ret i64 %y }
    define i64 @d(i64 %x) { %y = add i64 %x, 4 ret i64 %y }
";

#[test]
fn versions_that_nobody_calls_make_room() {
    let jit = load(reclaiming().code_budget(12_000), FOUR);
    let events = jit.subscribe(10_000.try_into().expect("not zero"));
    let function = |name| jit.function::<Unary>(name).expect("it exists");
    let (a, b) = (function("a"), function("b"));
    // SAFETY: of that type, as all of them.
    assert_eq!(unsafe { b.call(1) }, 3, "b has a baseline to go back to");
    for name in ["a", "b", "c"] {
        recompile(&jit, name);
    }
    let ended = AtomicBool::new(false);
    let mut evicted = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                // SAFETY: as above.
                assert_eq!(unsafe { a.call(1) }, 2);
            }
        });
        evicted.extend(insist(&jit, "d", &events));
        ended.store(true, Ordering::Relaxed);
    });
    wait_for_evictions(&events, &mut evicted, 1);
    assert!(!evicted.contains(&"a".to_owned()), "{evicted:?}");
    // SAFETY: as above.
    let results = ["a", "b", "c", "d"].map(|name| unsafe { function(name).call(1) });
    assert_eq!(results, [2, 3, 4, 5]);
}

/// Retired versions of a function whose module is removed go with it, whether or not somebody is inside, and once.
#[test]
fn a_module_takes_its_retired_versions_along() {
    let jit = load(reclaiming(), FOUR);
    // SAFETY: the test's own module, as below.
    let add = || unsafe { jit.add_module(ModuleSource::bytes("tally.ll", TALLY)) };
    let a = jit.function::<Unary>("a").expect("it exists");
    for round in 1..=3 {
        let tally = add().expect("it links");
        let entered = jit.enter();
        for _ in 0..4 {
            recompile(&jit, "tally");
            recompile(&jit, "a");
        }
        until(&jit, |memory| memory.retired >= 4);
        // SAFETY: nobody runs its code; this thread is inside, but not there.
        unsafe { jit.remove_modules(&[tally]) }.expect("nobody uses it");
        recompile(&jit, "a");
        // SAFETY: of that type.
        assert_eq!(unsafe { entered.bind(&a).call(round) }, round + 1);
        drop(entered);
        // What was taken out of the list may still be on its way.
        let is_small = |memory: &CodeMemory| memory.bytes <= 4 * 4096;
        let memory = until(&jit, |memory| memory.retired == 0 && is_small(memory));
        assert_eq!(memory.kept, 1, "that of `a`: {memory:?}");
    }
    add().expect("it links");
    recompile(&jit, "tally");
    assert_eq!(nullary(&jit, "tally"), 1);
}

/// Frames have the addresses of the parts of the version that made them.
const COROUTINES: &str = r#"
#include <coroutine>
struct Numbers {
    struct promise_type {
        long value = 0;
        Numbers get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        std::suspend_always yield_value(long next) { value = next; return {}; }
        void return_void() {}
        void unhandled_exception() { throw; }
    };
    std::coroutine_handle<promise_type> handle;
};
static Numbers from(long first) {
    for (long number = first;; ++number) co_yield number;
}
extern "C" long begin(long first) { return reinterpret_cast<long>(from(first).handle.address()); }
static auto handle_of(long frame) {
    return std::coroutine_handle<Numbers::promise_type>::from_address(reinterpret_cast<void *>(frame));
}
extern "C" long next(long frame) {
    auto handle = handle_of(frame);
    handle.resume();
    return handle.promise().value;
}
extern "C" long end(long frame) { handle_of(frame).destroy(); return 0; }
"#;

#[test]
fn frames_of_coroutines_outlive_the_version_that_made_them() {
    let flags = ["-O1", "-std=c++20", "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(COROUTINES, Lang::Cxx, &flags);
    let jit = reclaiming().build().expect("the JIT starts");
    // SAFETY: the test's own program.
    unsafe { jit.add_module(ModuleSource::bytes("coroutines.cpp", bitcode)) }.expect("it links");
    let function = |name| jit.function::<Unary>(name).expect("it exists");
    let [begin, next, end] = ["begin", "next", "end"].map(function);
    // SAFETY: of that type, as all of them; the frames are ended once.
    let mut frames = vec![(unsafe { begin.call(0) }, 0)];
    for round in 1..=12 {
        for name in ["begin", "next", "end"] {
            recompile(&jit, name);
        }
        // SAFETY: as above.
        frames.push((unsafe { begin.call(100 * round) }, 100 * round));
        for (frame, expected) in &mut frames {
            // SAFETY: as above.
            assert_eq!(unsafe { next.call(*frame) }, *expected);
            *expected += 1;
        }
    }
    let memory = until(&jit, |memory| {
        memory.reclaimed + memory.unreclaimable as u64 >= 3 * 10
    });
    assert!(
        memory.reclaimed > 0 && memory.unreclaimable > 0,
        "{memory:?}"
    );
    for (frame, expected) in frames {
        // SAFETY: as above.
        assert_eq!(unsafe { next.call(frame) }, expected);
        // SAFETY: as above.
        unsafe { end.call(frame) };
    }
}
