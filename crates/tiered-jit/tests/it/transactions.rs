//! Functions that change together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use tiered_jit::{
    Directive, Error, FunctionState, Reoptimize, Ticket, TieredJit, Transaction, Unrunnable,
};

use crate::support::{load, quiet, times, unary, with_threshold};

/// Two functions that have nothing to do with each other, and one that uses a variable.
const PROGRAM: &str = "
@rate = global i64 3
define i64 @a(i64 %x) { %y = add i64 %x, 1 ret i64 %y }
define i64 @b(i64 %x) { %y = add i64 %x, 2 ret i64 %y }
define i64 @scaled(i64 %x) { %rate = load i64, ptr @rate %y = mul i64 %x, %rate ret i64 %y }
";

fn by(factor: u64) -> impl FnOnce(Reoptimize) -> Reoptimize {
    move |request| request.transform(times(factor))
}

fn broken(request: Reoptimize) -> Reoptimize {
    request.transform(|_, _| Err("it is broken".into()))
}

/// What the functions make of 0, after they were called so that they have baselines.
fn found(jit: &TieredJit) -> (i64, i64) {
    (unary(jit, "a", 0), unary(jit, "b", 0))
}

fn state(jit: &TieredJit, name: &str) -> FunctionState {
    let mut state = None;
    jit.for_each_function(|function| {
        if &**function.symbol() == name {
            state = Some(function.state());
        }
    });
    state.expect("it exists")
}

fn versions(jit: &TieredJit, name: &str) -> usize {
    jit.versions(name).expect("it exists").len()
}

#[test]
fn all_change() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let done = jit.transaction(|t| {
        t.reoptimize("b", by(10))?;
        t.reoptimize("a", by(10))
    });
    let done = done.expect("they compile");
    let names: Vec<_> = done.iter().map(|version| &*version.body).collect();
    assert_eq!(names, ["b_optimized", "a_optimized"], "as they were named");
    assert_eq!(found(&jit), (10, 20));
    assert_eq!(jit.transaction(|_| Ok(())).expect("nothing to do").len(), 0);
}

#[test]
fn none_changes_if_one_fails() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let refused = jit.transaction(|t| {
        t.reoptimize("a", by(10))?;
        t.reoptimize("b", broken)
    });
    match refused {
        Err(Error::Transform { function, .. }) => assert_eq!(function, "b"),
        other => panic!("{other:?}"),
    }
    let refused = jit.transaction(|t| {
        t.reoptimize("a", by(10))?;
        t.rollback("b", 7)
    });
    match refused {
        Err(Error::Version {
            function, reason, ..
        }) => assert_eq!((&*function, reason), ("b", Unrunnable::Unknown)),
        other => panic!("{other:?}"),
    }
    assert_eq!(found(&jit), (1, 2));
    for name in ["a", "b"] {
        assert_eq!(versions(&jit, name), 1);
        assert_eq!(state(&jit, name), FunctionState::Baseline, "not failed");
    }
    assert_eq!(jit.code_memory().bytes, 0, "what was compiled is freed");
    let later = jit.reoptimize("a").expect("it exists");
    later.transform(times(5)).wait().expect("it compiles");
    assert_eq!(found(&jit), (5, 2));
}

#[test]
fn nothing_happens_if_it_is_not_said_to_the_end() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let refused = jit.transaction(|t| {
        t.reoptimize("a", by(10))?;
        t.reoptimize("nobody", by(10))
    });
    assert!(matches!(refused, Err(Error::Link(_))), "{refused:?}");
    let panics = |t: &mut Transaction<'_>| -> Result<(), Error> {
        t.reoptimize("a", by(10))?;
        panic!("on purpose")
    };
    catch_unwind(AssertUnwindSafe(|| jit.transaction(panics))).expect_err("it panics");
    let never = Directive {
        never: true,
        ..Directive::default()
    };
    jit.set_directive("b", never).expect("it exists");
    let refused = jit.transaction(|t| t.reoptimize("b", by(10)));
    assert!(matches!(refused, Err(Error::Directive(_))), "{refused:?}");
    assert_eq!(found(&jit), (1, 2));
    assert_eq!(versions(&jit, "a"), 1);
}

#[test]
fn what_is_said_of_one_function_is_merged() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let done = jit.transaction(|t| {
        t.reoptimize("a", by(2))?;
        t.rollback("b", 0)?;
        t.reoptimize("a", by(3))?;
        t.reoptimize("b", by(10))
    });
    assert_eq!(done.expect("they compile").len(), 2);
    assert_eq!(found(&jit), (6, 20));
    let done = jit.transaction(|t| {
        t.reoptimize("a", broken)?;
        t.rollback("b", 0)?;
        t.rollback("a", 0)
    });
    let done = done.expect("both can run");
    assert_eq!((done[0].number, done[1].number), (0, 0));
    assert_eq!(found(&jit), (1, 2));
    assert!(jit.resume("a").expect("it exists"), "it stays until then");
}

#[test]
fn who_calls_meanwhile_finds_the_old_or_the_new() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let (a, b) = found(&jit);
                    let expected = [1, 10, 100].contains(&a) && [2, 20, 200].contains(&b);
                    assert!(expected, "{a} {b}");
                }
            });
        }
        // Whatever goes wrong is told when the others have ended.
        let mut seen = Vec::new();
        for factor in [10, 100, 10, 100, 10] {
            let done = jit.transaction(|t| {
                t.reoptimize("a", by(factor))?;
                t.reoptimize("b", by(factor))
            });
            seen.push((factor, done.map(|_| found(&jit))));
        }
        stop.store(true, Ordering::Relaxed);
        for (factor, found) in seen {
            let factor = i64::try_from(factor).expect("it is small");
            assert_eq!(found.expect("they compile"), (factor, 2 * factor));
        }
    });
}

#[test]
fn transactions_that_overlap_come_one_after_the_other() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    thread::scope(|scope| {
        for (names, factor) in [(["a", "b"], 10), (["b", "a"], 100)] {
            let jit = &jit;
            scope.spawn(move || {
                for _ in 0..5 {
                    let done = jit.transaction(|t| {
                        t.reoptimize(names[0], by(factor))?;
                        t.reoptimize(names[1], by(factor))
                    });
                    done.expect("they compile");
                }
            });
        }
    });
    let last = found(&jit);
    assert!([(10, 20), (100, 200)].contains(&last), "{last:?}");
    assert_eq!((versions(&jit, "a"), versions(&jit, "b")), (11, 11));
}

#[test]
fn what_has_lost_a_fact_is_made_again() {
    let jit = quiet(PROGRAM);
    assert_eq!(unary(&jit, "scaled", 1), 3);
    // SAFETY: it is written by nobody but those who change what is frozen.
    unsafe { jit.freeze("rate") }.expect("it can be frozen");
    let weak = jit.downgrade();
    let done = jit.transaction(|t| {
        t.reoptimize("scaled", by(10))?;
        t.reoptimize("a", |request| {
            request.transform(move |_, _| {
                let jit = weak.upgrade().ok_or("it is gone")?;
                // SAFETY: as above.
                unsafe { jit.store_frozen("rate", &4_i64.to_ne_bytes())? };
                Ok(())
            })
        })
    });
    let done = done.expect("it is made again");
    assert_eq!(done[0].facts.values, 1);
    assert_eq!(unary(&jit, "scaled", 1), 40);
    assert_eq!(versions(&jit, "scaled"), 2, "the first was not published");
    // The new one has its facts, and is renewed as it was made.
    // SAFETY: as above.
    unsafe { jit.store_frozen("rate", &5_i64.to_ne_bytes()) }.expect("it is frozen");
    assert_eq!(unary(&jit, "scaled", 1) % 5, 0);
}

#[test]
fn a_rollback_of_a_member_ends_it() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let weak = jit.downgrade();
    let refused = jit.transaction(|t| {
        t.reoptimize("a", by(10))?;
        t.reoptimize("b", |request| {
            request.transform(move |_, _| {
                let jit = weak.upgrade().ok_or("it is gone")?;
                jit.rollback("a", 0)?;
                Ok(())
            })
        })
    });
    match refused {
        Err(Error::Withdrawn { function, reason }) => {
            assert_eq!(
                (&*function, &*reason),
                ("a", "it was rolled back to version 0")
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(found(&jit), (1, 2));
    assert_eq!((versions(&jit, "a"), versions(&jit, "b")), (1, 1));
}

#[test]
fn requests_that_come_meanwhile_are_served_afterwards() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let weak = jit.downgrade();
    let (send, tickets) = mpsc::channel::<Ticket>();
    let (told, inside) = mpsc::channel();
    let done = jit.transaction(|t| {
        t.reoptimize("a", |request| {
            request.transform(move |_, _| {
                let jit = weak.upgrade().ok_or("it is gone")?;
                send.send(jit.reoptimize("a")?.transform(times(7)).submit())?;
                told.send(jit.transaction(|t| t.rollback("b", 0)))?;
                Ok(())
            })
        })
    });
    assert_eq!(done.expect("it compiles")[0].number, 1);
    let later = tickets.recv().expect("it was sent").wait();
    assert_eq!(later.expect("it compiles").number, 2);
    assert_eq!(found(&jit), (7, 2));
    let nested = inside.recv().expect("it was sent");
    assert!(matches!(nested, Err(Error::Inside)), "{nested:?}");
}

#[test]
fn a_budget_is_one_for_all() {
    let jit = load(with_threshold(u64::MAX).code_budget(1), PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let refused = jit.transaction(|t| {
        t.reoptimize("a", by(10))?;
        t.reoptimize("b", by(10))
    });
    assert!(
        matches!(refused, Err(Error::CodeBudget { .. })),
        "{refused:?}"
    );
    assert_eq!((found(&jit), jit.code_memory().bytes), ((1, 2), 0));
}

#[test]
fn a_deadline_is_one_for_all() {
    let jit = quiet(PROGRAM);
    assert_eq!(found(&jit), (1, 2));
    let refused = jit.transaction(|t| {
        t.reoptimize("a", by(10))?;
        t.reoptimize("b", |request| request.deadline(std::time::Duration::ZERO))
    });
    assert!(matches!(refused, Err(Error::Deadline(_))), "{refused:?}");
    assert_eq!(found(&jit), (1, 2));
}
