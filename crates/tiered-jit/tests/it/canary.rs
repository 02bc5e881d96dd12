//! Versions that are tried on some of the calls.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use tiered_jit::inkwell::module::Module;
use tiered_jit::inkwell::values::{FunctionValue, InstructionOpcode};
use tiered_jit::{
    Canary, CanaryOutcome, CanaryRefusal, CanaryThreads, CanaryTicket, Cause, Compare, Error,
    EventKind, RollBackReason, Tier, TieredJit, TransformError,
};

use crate::support::{Unary, bodies, load, load_cpp, quiet, unary, wait_for, with_threshold};

/// `work` adds up its argument's first numbers, slowly enough to be measured; `constant` is what transformations change.
const WORK: &str = r#"
@sink = internal global i64 0
define i64 @work(i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %next = add i64 %i, 1
  store volatile i64 %i, ptr @sink
  %done = icmp uge i64 %next, 100
  br i1 %done, label %exit, label %loop
exit:
  %y = add i64 %n, 7
  ret i64 %y
}
define i64 @pure(i64 %n) mustprogress {
  %y = add i64 %n, 7
  ret i64 %y
}
"#;

/// Makes a `Transform` that replaces the constant operand `from` of instructions by `to`.
fn replace(
    from: u64,
    to: u64,
) -> impl for<'ctx> FnMut(&Module<'ctx>, FunctionValue<'ctx>) -> Result<(), TransformError>
+ Send
+ 'static {
    move |module, function| {
        let i64_type = module.get_context().i64_type();
        for instruction in function
            .get_basic_block_iter()
            .flat_map(|block| block.get_instructions())
        {
            let is_number = matches!(
                instruction.get_opcode(),
                InstructionOpcode::Add | InstructionOpcode::ICmp
            );
            if !is_number {
                continue;
            }
            let constant = i64_type.const_int(from, false);
            let second = instruction
                .get_operand(1)
                .and_then(|operand| operand.value());
            if second == Some(constant.into()) {
                instruction.set_operand(1, i64_type.const_int(to, false));
            }
        }
        Ok(())
    }
}

/// A hundredth of the work, and the same result.
const FASTER: (u64, u64) = (100, 1);
/// A thousand times the work.
const SLOWER: (u64, u64) = (100, 100_000);
/// Another result.
const WRONG: (u64, u64) = (7, 8);

fn begin(jit: &TieredJit, name: &str, (from, to): (u64, u64), canary: Canary) -> CanaryTicket {
    let request = jit.reoptimize(name).expect("it exists");
    request.transform(replace(from, to)).canary(canary)
}

/// Calls `name` until the trial is decided; all results must be `expected`.
fn decide(jit: &TieredJit, name: &str, ticket: &CanaryTicket) -> CanaryOutcome {
    let function = jit.function::<Unary>(name).expect("it exists");
    loop {
        // SAFETY: it is of that type.
        assert_eq!(unsafe { function.call(1) }, 8);
        if let Some(outcome) = ticket.poll() {
            return outcome.expect("it can be tried");
        }
    }
}

fn half() -> Canary {
    // No test waits for the deadline.
    Canary::fraction(0.5).samples(50).deadline(Duration::MAX)
}

#[track_caller]
fn rolled_back(outcome: CanaryOutcome) -> RollBackReason {
    match outcome {
        CanaryOutcome::RolledBack { reason, .. } => reason,
        other => panic!("it was to be rolled back: {other:?}"),
    }
}

#[test]
fn a_faster_version_is_committed() {
    let jit = quiet(WORK);
    let events = jit.subscribe(std::num::NonZeroUsize::new(1000).expect("not zero"));
    assert_eq!(unary(&jit, "work", 1), 8);
    let ticket = begin(&jit, "work", FASTER, half().compare(Compare::time(1.0)));
    let outcome = decide(&jit, "work", &ticket);
    let CanaryOutcome::Committed { version, figures } = outcome else {
        panic!("it is faster: {outcome:?}");
    };
    assert_eq!(
        (version.tier, version.cause),
        (Tier::OPTIMIZED, Cause::Canary)
    );
    assert!(
        figures.candidate.samples >= 50 && figures.control.samples >= 50,
        "{figures}"
    );
    assert!(
        figures.ratio().is_some_and(|ratio| ratio < 1.0),
        "{figures}"
    );
    assert_eq!(
        bodies(&jit, "work").last().map(String::as_str),
        Some(&*version.body)
    );
    wait_for(&events, "work", |kind| {
        matches!(kind, EventKind::CanaryStarted { .. })
    });
    wait_for(&events, "work", |kind| {
        matches!(
            kind,
            EventKind::CanaryDecided {
                committed: true,
                ..
            }
        )
    });
    assert_eq!(unary(&jit, "work", 1), 8);
}

#[test]
fn a_slower_version_is_rolled_back() {
    let jit = quiet(WORK);
    assert_eq!(unary(&jit, "work", 1), 8);
    let before = bodies(&jit, "work");
    let ticket = begin(&jit, "work", SLOWER, half().compare(Compare::time(2.0)));
    let reason = rolled_back(decide(&jit, "work", &ticket));
    assert_eq!(reason, RollBackReason::Slower);
    assert_eq!(bodies(&jit, "work"), before);
    assert_eq!(unary(&jit, "work", 1), 8);
}

#[test]
fn the_version_that_ran_runs_again() {
    let jit = quiet(WORK);
    let old = jit
        .reoptimize("work")
        .expect("it exists")
        .wait()
        .expect("it compiles");
    let ticket = begin(&jit, "work", SLOWER, half());
    rolled_back(decide(&jit, "work", &ticket));
    jit.for_each_function(|function| {
        if &**function.symbol() == "work" {
            assert_eq!(
                function.running().map(|version| version.number),
                Some(old.number)
            );
        }
    });
    // It can be promoted again.
    assert!(jit.reoptimize("work").expect("it exists").wait().is_ok());
}

#[test]
fn a_function_that_was_never_called_can_be_tried() {
    let jit = quiet(WORK);
    let ticket = begin(&jit, "work", FASTER, half());
    assert!(matches!(
        decide(&jit, "work", &ticket),
        CanaryOutcome::Committed { .. }
    ));
    let ticket = begin(&jit, "pure", (0, 0), half());
    ticket.cancel();
    assert!(matches!(
        ticket.wait(),
        Ok(CanaryOutcome::RolledBack { .. })
    ));
    assert_eq!(unary(&jit, "pure", 1), 8);
}

#[test]
fn another_result_is_rolled_back_and_never_returned() {
    let jit = quiet(WORK);
    let canary = half().compare(Compare::result());
    let ticket = begin(&jit, "pure", WRONG, canary);
    let reason = rolled_back(decide(&jit, "pure", &ticket));
    let bytes = |value: i64| value.to_ne_bytes().to_vec();
    assert_eq!(
        reason,
        RollBackReason::Differs {
            old: bytes(8),
            new: bytes(9)
        }
    );
    assert_eq!(unary(&jit, "pure", 1), 8);
}

#[test]
fn equal_results_are_committed() {
    let jit = quiet(WORK);
    let ticket = begin(&jit, "pure", (1, 1), half().compare(Compare::result()));
    let CanaryOutcome::Committed { figures, .. } = decide(&jit, "pure", &ticket) else {
        panic!("the results are equal");
    };
    assert!(figures.compared >= 50);
}

#[test]
fn what_can_have_an_effect_is_called_twice_on_the_embedders_word_only() {
    let jit = quiet(WORK);
    let canary = half().compare(Compare::result());
    let refused = begin(&jit, "work", FASTER, canary).wait();
    assert!(
        matches!(
            &refused,
            Err(Error::Canary { reason: CanaryRefusal::Effects { missing, .. }, .. }) if missing.contains("memory")
        ),
        "{refused:?}"
    );
    // SAFETY: what it writes nobody reads.
    let canary = half().compare(unsafe { Compare::result_without_effects() });
    let ticket = begin(&jit, "work", FASTER, canary);
    assert!(matches!(
        decide(&jit, "work", &ticket),
        CanaryOutcome::Committed { .. }
    ));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let jit = quiet(WORK);
    for canary in [
        Canary::fraction(0.0),
        Canary::fraction(1.0),
        Canary::fraction(f64::NAN),
        half().samples(0),
        half().compare(Compare::time(-1.0)),
    ] {
        let refused = begin(&jit, "work", FASTER, canary).wait();
        assert!(matches!(refused, Err(Error::Canary { .. })), "{refused:?}");
    }
    let broken = jit.reoptimize("work").expect("it exists");
    let broken = broken
        .transform(|_, _| Err("it is Tuesday".into()))
        .canary(half());
    assert!(matches!(broken.wait(), Err(Error::Transform { .. })));
    assert_eq!(unary(&jit, "work", 1), 8);
    assert!(jit.reoptimize("work").expect("it exists").wait().is_ok());
}

#[test]
fn a_trial_without_calls_ends_at_its_deadline() {
    let jit = quiet(WORK);
    let canary = half().deadline(Duration::ZERO);
    let outcome = begin(&jit, "work", FASTER, canary)
        .wait()
        .expect("it can be tried");
    assert_eq!(rolled_back(outcome), RollBackReason::Deadline);
}

#[test]
fn a_trial_is_cancelled() {
    let jit = quiet(WORK);
    let ticket = begin(&jit, "work", FASTER, half());
    assert!(ticket.poll().is_none());
    ticket.cancel();
    let outcome = ticket.wait().expect("it can be tried");
    assert_eq!(rolled_back(outcome), RollBackReason::Cancelled);
}

#[test]
fn a_trial_ends_with_the_jit() {
    let jit = quiet(WORK);
    let ticket = begin(&jit, "work", FASTER, half());
    drop(jit);
    let outcome = ticket.wait();
    assert!(
        matches!(
            outcome,
            Ok(CanaryOutcome::RolledBack {
                reason: RollBackReason::ShutDown,
                ..
            }) | Err(Error::ShutDown(_) | Error::Runtime(_))
        ),
        "{outcome:?}"
    );
}

/// Calls `pure` so that its versions differ in what they return.
fn result_here(jit: &TieredJit) -> i64 {
    unary(jit, "pure", 1)
}

fn wait_until_started(events: &tiered_jit::EventReceiver, symbol: &str) {
    wait_for(events, symbol, |kind| {
        matches!(kind, EventKind::CanaryStarted { .. })
    });
}

#[test]
fn chosen_threads_get_it_and_no_others() {
    let jit = quiet(WORK);
    let events = jit.subscribe(std::num::NonZeroUsize::new(1000).expect("not zero"));
    let threads = CanaryThreads::new();
    let canary = Canary::threads(&threads)
        .samples(1 << 40)
        .deadline(Duration::MAX);
    // The result tells which version runs.
    let ticket = begin(&jit, "pure", WRONG, canary);
    wait_until_started(&events, "pure");
    assert_eq!(result_here(&jit), 8);
    {
        let _here = threads.here().expect("there is room");
        assert_eq!(result_here(&jit), 9);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(result_here(&jit), 8);
                let _here = threads.here().expect("there is room");
                assert_eq!(result_here(&jit), 9);
            });
        });
        assert_eq!(result_here(&jit), 9);
    }
    assert_eq!(result_here(&jit), 8);
    ticket.cancel();
    assert!(ticket.wait().is_ok());
    let _here = threads.here().expect("there is room");
    assert_eq!(result_here(&jit), 8);
}

#[test]
fn a_set_of_threads_has_an_end() {
    let threads = CanaryThreads::new();
    let guards: Vec<_> = (0..64)
        .map(|_| threads.here().expect("there is room"))
        .collect();
    assert!(threads.here().is_err());
    drop(guards);
    assert!(threads.here().is_ok());
}

#[test]
fn the_part_of_the_calls_holds() {
    for part in [0.5, 0.1, 0.001, 0.99] {
        let jit = quiet(WORK);
        let events = jit.subscribe(std::num::NonZeroUsize::new(1000).expect("not zero"));
        let canary = Canary::fraction(part)
            .samples(1 << 40)
            .deadline(Duration::MAX);
        let ticket = begin(&jit, "pure", WRONG, canary);
        wait_until_started(&events, "pure");
        let function = jit.function::<Unary>("pure").expect("it exists");
        let mut tried = 0_i64;
        for call in 1..=100_000_i64 {
            // SAFETY: it is of that type.
            tried += unsafe { function.call(1) } - 8;
            let expected = call as f64 * part;
            assert!(
                (tried as f64 - expected).abs() < 4.0,
                "{tried} of {call} with {part}"
            );
        }
        ticket.cancel();
    }
}

#[test]
fn who_wants_to_try_another_ends_the_first() {
    let jit = quiet(WORK);
    let events = jit.subscribe(std::num::NonZeroUsize::new(1000).expect("not zero"));
    let first = begin(&jit, "work", FASTER, half());
    wait_until_started(&events, "work");
    let second = begin(&jit, "work", FASTER, half());
    let outcome = first.wait().expect("it can be tried");
    assert!(matches!(rolled_back(outcome), RollBackReason::Overtaken(_)));
    assert!(matches!(
        decide(&jit, "work", &second),
        CanaryOutcome::Committed { .. }
    ));
}

#[test]
fn requests_wait_for_the_end() {
    let jit = quiet(WORK);
    let events = jit.subscribe(std::num::NonZeroUsize::new(1000).expect("not zero"));
    let ticket = begin(&jit, "work", FASTER, half());
    wait_until_started(&events, "work");
    let request = jit.reoptimize("work").expect("it exists").submit();
    assert!(request.try_wait().is_none());
    ticket.cancel();
    assert!(request.wait().is_ok());
}

#[test]
fn threads_that_call_meanwhile_get_right_results() {
    let jit = load(with_threshold(100), WORK);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let function = jit.function::<Unary>("work").expect("it exists");
                while !is_over.load(Ordering::Relaxed) {
                    // SAFETY: it is of that type.
                    assert_eq!(unsafe { function.call(1) }, 8);
                }
            });
        }
        for change in [FASTER, SLOWER, FASTER] {
            let ticket = begin(&jit, "work", change, half());
            let outcome = ticket.wait();
            assert!(outcome.is_ok(), "{outcome:?}");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_fact_that_ends_ends_the_trial() {
    let source = r#"
        extern "C" { long rate = 7; }
        extern "C" long scaled(long x) { return x * rate; }
    "#;
    let jit = load_cpp(with_threshold(u64::MAX), source);
    let events = jit.subscribe(std::num::NonZeroUsize::new(1000).expect("not zero"));
    assert_eq!(unary(&jit, "scaled", 2), 14);
    // SAFETY: nobody writes it.
    unsafe { jit.freeze("rate") }.expect("it can be frozen");
    let ticket = jit.reoptimize("scaled").expect("it exists").canary(half());
    wait_until_started(&events, "scaled");
    // SAFETY: calls under way can live with the old value.
    unsafe { jit.store_frozen("rate", &9_i64.to_ne_bytes()) }.expect("it is frozen");
    // Whatever the trial does: no call that begins now has the old value.
    for _ in 0..10 {
        assert_eq!(unary(&jit, "scaled", 2), 18);
    }
    let outcome = ticket.wait().expect("it could be tried");
    assert!(matches!(rolled_back(outcome), RollBackReason::Overtaken(_)));
    assert_eq!(unary(&jit, "scaled", 2), 18);
}

#[test]
fn a_module_that_goes_takes_its_trials_along() {
    let jit = quiet(WORK);
    let ticket = begin(&jit, "work", FASTER, half());
    let modules = jit.modules();
    // SAFETY: nobody calls it any more.
    unsafe { jit.remove_modules(&modules) }.expect("it goes");
    let outcome = ticket.wait();
    assert!(
        matches!(
            outcome,
            Ok(CanaryOutcome::RolledBack {
                reason: RollBackReason::Removed,
                ..
            })
        ),
        "{outcome:?}"
    );
}

#[test]
fn exceptions_and_varargs_pass_through_what_is_tried() {
    let source = r#"
        #include <cstdarg>
        static int total(int n, ...) {
            va_list list; va_start(list, n);
            int sum = 0;
            for (int i = 0; i < n; i++) sum += va_arg(list, int);
            va_end(list);
            if (sum < 0) throw sum;
            return sum;
        }
        extern "C" int (*const keep)(int, ...) = total;
        struct Big { long a[8]; };
        extern "C" __attribute__((noinline)) Big big(long x) { return {{x, 2, 3, 4, 5, 6, 7, x}}; }
        extern "C" long check(long x) {
            if (total(3, 1, 2, 3) != 6) return -1;
            try { total(2, -5, 1); return -2; } catch (int thrown) { if (thrown != -4) return -3; }
            Big b = big(x);
            return b.a[0] + b.a[7] == 2 * x ? 8 : -4;
        }
    "#;
    let jit = load_cpp(with_threshold(u64::MAX), source);
    let names = ["total(int, ...)", "big", "check"];
    let tickets = names.map(|name| {
        let request = jit.reoptimize(name).expect("it exists");
        request.canary(half().compare(Compare::time(1e9)))
    });
    for ticket in tickets {
        let outcome = decide(&jit, "check", &ticket);
        assert!(
            matches!(outcome, CanaryOutcome::Committed { .. }),
            "{outcome:?}"
        );
    }
}

#[test]
fn what_was_tried_is_freed() {
    // SAFETY: all calls of this test are entries that pin.
    let builder = unsafe { with_threshold(u64::MAX).reclaim() };
    let jit = load(builder, WORK);
    let ticket = begin(&jit, "work", FASTER, half());
    let function = jit.function::<Unary>("work").expect("it exists");
    let outcome = loop {
        // SAFETY: it is of that type.
        assert_eq!(unsafe { function.call(1) }, 8);
        if let Some(outcome) = ticket.poll() {
            break outcome;
        }
    };
    assert!(
        matches!(outcome, Ok(CanaryOutcome::Committed { .. })),
        "{outcome:?}"
    );
    // SAFETY: no thread is in the program.
    unsafe { jit.collect_now() };
    assert_eq!(jit.code_memory().retired, 0);
    assert!(jit.code_memory().reclaimed >= 3, "{:?}", jit.code_memory());
}

/// Where a function waits for its test.
struct Gate {
    entered: Mutex<Option<mpsc::Sender<()>>>,
    opened: Mutex<Option<mpsc::Receiver<()>>>,
}

static GATE: Gate = Gate {
    entered: Mutex::new(None),
    opened: Mutex::new(None),
};

extern "C" fn wait_at_gate() {
    let entered = GATE.entered.lock().unwrap().take();
    entered.expect("one call").send(()).expect("the test waits");
    let opened = GATE.opened.lock().unwrap().take();
    opened.expect("one call").recv().expect("it is opened");
}

#[test]
fn a_function_that_became_hot_meanwhile_is_promoted_afterwards() {
    let source = r#"
        extern "C" void wait_at_gate();
        extern "C" long late(long turns) {
            wait_at_gate();
            volatile long sum = 0;
            for (long i = 0; i < turns; ++i) sum = sum + i;
            return sum;
        }
    "#;
    let ((enter, entered), (open, opened)) = (mpsc::channel(), mpsc::channel());
    *GATE.entered.lock().unwrap() = Some(enter);
    *GATE.opened.lock().unwrap() = Some(opened);
    let turns = NonZeroU64::new(10_000).expect("not zero");
    let builder = with_threshold(u64::MAX).loop_threshold(turns);
    // SAFETY: of the type under which the program declares it.
    let builder = unsafe { builder.define("wait_at_gate", wait_at_gate as *const ()) };
    let jit = load_cpp(builder, source);
    let events = jit.subscribe(std::num::NonZeroUsize::new(1000).expect("not zero"));
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| unary(&jit, "late", 100_000));
        entered.recv().expect("it is called");
        let ticket = begin(&jit, "late", (0, 0), half());
        wait_until_started(&events, "late");
        open.send(()).expect("it waits");
        assert_eq!(caller.join().expect("it returns"), 100_000 * 99_999 / 2);
        ticket.cancel();
        let outcome = ticket.wait().expect("it can be tried");
        assert_eq!(rolled_back(outcome), RollBackReason::Cancelled);
    });
    let promoted = wait_for(&events, "late", |kind| {
        matches!(kind, EventKind::Promoted { .. })
    });
    assert!(
        matches!(&promoted, EventKind::Promoted { version } if version.cause == Cause::Trip),
        "{promoted:?}"
    );
}
