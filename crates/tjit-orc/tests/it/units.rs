//! Materialization units and responsibilities.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use tjit_orc::{Error, ErrorKind, MaterializationUnit, SymbolFlags, SymbolString};

use crate::support::{TestUnit, constant, define, dylib, emit, object, progress, run};

fn strong(name: &str) -> (String, SymbolFlags) {
    (name.to_owned(), SymbolFlags::FUNCTION)
}

fn weak(name: &str) -> (String, SymbolFlags) {
    let flags = SymbolFlags {
        weak: true,
        ..SymbolFlags::FUNCTION
    };
    (name.to_owned(), flags)
}

#[test]
fn a_unit_is_materialized_when_it_is_needed() {
    let dylib = dylib();
    let unit = TestUnit::compiling(&["f"], constant("f", 3));
    let events = unit.events.clone();
    dylib.define(unit).unwrap();
    assert!(events.list().is_empty());
    assert_eq!(run(dylib.lookup("f").unwrap()), 3);
    assert_eq!(run(dylib.lookup("f").unwrap()), 3);
    assert_eq!(events.list(), ["materialize", "drop"]);
}

#[test]
fn a_unit_learns_what_it_is_responsible_for() {
    let dylib = dylib();
    let (sender, receiver) = progress();
    let flags = vec![strong("f"), weak("g")];
    let unit = TestUnit::with_flags(flags.clone(), move |responsibility| {
        let symbols: Vec<_> = responsibility
            .symbols()
            .into_iter()
            .map(|(name, flags)| (name.as_str().to_owned(), flags))
            .collect();
        sender.send(symbols).unwrap();
        emit(
            responsibility,
            "define i32 @f() { ret i32 1 }\ndefine weak i32 @g() { ret i32 2 }",
        );
    });
    dylib.define(unit).unwrap();
    assert_eq!(run(dylib.lookup("g").unwrap()), 2);
    let mut symbols = receiver.recv().unwrap();
    symbols.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(symbols, flags);
}

#[test]
fn weak_symbols_that_are_overridden_are_discarded() {
    let dylib = dylib();
    let unit = TestUnit::with_flags(vec![weak("f"), strong("g")], |responsibility| {
        assert_eq!(responsibility.symbols().len(), 1);
        emit(responsibility, &constant("g", 20));
    });
    let events = unit.events.clone();
    dylib.define(unit).unwrap();
    define(&dylib, &constant("f", 4));
    assert_eq!(events.list(), ["discard f"]);
    assert_eq!(run(dylib.lookup("f").unwrap()), 4);
    assert_eq!(run(dylib.lookup("g").unwrap()), 20);
}

#[test]
fn a_session_ends_after_definitions_under_trackers_were_overridden() {
    let dylib = dylib();
    let weak_unit = TestUnit::with_flags(vec![weak("f"), strong("g")], drop);
    dylib.create_tracker().define(weak_unit).unwrap();
    let session = dylib.session();
    let weak_object = object("define weak i32 @h() { ret i32 1 }");
    session
        .object_layer()
        .add(&dylib.create_tracker(), weak_object)
        .unwrap();
    let strong_object = object(
        "define i32 @f() { ret i32 4 }
        define i32 @h() { ret i32 5 }",
    );
    session
        .object_layer()
        .add(&dylib.create_tracker(), strong_object)
        .unwrap();
    assert_eq!(run(dylib.lookup("f").unwrap()), 4);
    assert_eq!(run(dylib.lookup("h").unwrap()), 5);
}

#[test]
fn a_unit_that_is_never_needed_is_dropped_with_the_session() {
    let dylib = dylib();
    let unit = TestUnit::compiling(&["f"], constant("f", 3));
    let events = unit.events.clone();
    dylib.define(unit).unwrap();
    drop(dylib);
    assert_eq!(events.list(), ["drop"]);
}

#[test]
fn a_unit_that_can_not_be_defined_is_dropped() {
    let dylib = dylib();
    define(&dylib, &constant("f", 1));
    let tracker = dylib.create_tracker();
    type Define<'a> = &'a dyn Fn(Box<TestUnit>) -> Result<(), Error>;
    let ways: [Define<'_>; 2] = [&|unit| dylib.define(unit), &|unit| tracker.define(unit)];
    for define in ways {
        let unit = TestUnit::compiling(&["f", "g"], constant("f", 2));
        let events = unit.events.clone();
        let error = define(unit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Link);
        assert_eq!(error.operation(), "defining `test unit` in dylib `program`");
        assert!(error.message().contains('f'), "{error}");
        assert_eq!(events.list(), ["drop"]);
    }
    // All or nothing.
    assert!(dylib.lookup("g").is_err());
    assert_eq!(run(dylib.lookup("f").unwrap()), 1);
}

#[test]
fn names_with_nul_bytes_are_refused() {
    let dylib = dylib();
    let error = dylib.define(TestUnit::new(&["a\0b"], drop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
    assert_eq!(dylib.lookup("a\0b").unwrap_err().kind(), ErrorKind::Name);
}

#[test]
fn a_failure_reaches_the_lookup() {
    let dylib = dylib();
    let unit = TestUnit::new(&["f"], |responsibility| {
        let reason = Error::new(
            ErrorKind::Verify,
            "checking `f`",
            "there is something about it",
        );
        responsibility.fail(&reason);
    });
    dylib.define(unit).unwrap();
    let error = dylib.lookup("f").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Verify);
    assert_eq!(
        error.to_string(),
        "checking `f`: there is something about it"
    );
    // A symbol that failed stays so, for the same reason.
    assert_eq!(dylib.lookup("f").unwrap_err(), error);
    // Which is also that of all that needs it.
    define(
        &dylib,
        "declare i32 @f()\ndefine i32 @g() { %r = call i32 @f() ret i32 %r }",
    );
    assert_eq!(dylib.lookup("g").unwrap_err(), error);
}

#[test]
fn a_panic_reaches_the_lookup() {
    let dylib = dylib();
    let unit = TestUnit::new(&["f"], |_responsibility| panic!("no such luck"));
    let events = unit.events.clone();
    dylib.define(unit).unwrap();
    let error = dylib.lookup("f").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panic);
    assert_eq!(
        error.to_string(),
        "materializing `test unit`: panicked: no such luck"
    );
    assert_eq!(events.list(), ["materialize", "drop"]);
    define(&dylib, &constant("g", 1));
    assert_eq!(run(dylib.lookup("g").unwrap()), 1);
}

#[test]
fn a_dropped_responsibility_fails_the_lookup() {
    let dylib = dylib();
    dylib.define(TestUnit::new(&["f", "g"], drop)).unwrap();
    let error = dylib.lookup("f").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Link);
    assert_eq!(error.operation(), "looking up `f`");
    assert!(error.message().contains('f'), "{error}");
}

/// What one unit failed with is not told of another that came to be later under the same name.
#[test]
fn reasons_do_not_outlive_their_unit() {
    let dylib = dylib();
    let tracker = dylib.create_tracker();
    let unit = TestUnit::new(&["f", "g"], |responsibility| {
        responsibility.fail(&Error::new(ErrorKind::Verify, "old", "reason"));
    });
    tracker.define(unit).unwrap();
    assert_eq!(dylib.lookup("f").unwrap_err().kind(), ErrorKind::Verify);
    // SAFETY: there is no code.
    unsafe { tracker.remove() }.unwrap();
    let error = dylib.lookup("f").unwrap_err();
    assert!(error.message().contains("not found"), "{error}");
    dylib.define(TestUnit::new(&["g"], drop)).unwrap();
    let error = dylib.lookup("g").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Link, "{error}");
}

#[test]
fn work_can_be_split() {
    let dylib = dylib();
    let unit = TestUnit::new(&["f", "g"], |mut responsibility| {
        let f = SymbolString::intern(responsibility.session(), "f").unwrap();
        let part = responsibility.delegate(&[f]).unwrap();
        assert_eq!(part.symbols().len(), 1);
        assert_eq!(responsibility.symbols().len(), 1);
        // They refer to one another, so each is linked when the other is there.
        emit(
            part,
            "declare i32 @g()\ndefine i32 @f() { %r = call i32 @g() ret i32 %r }",
        );
        emit(
            responsibility,
            "declare i32 @f()\n@p = private constant ptr @f\ndefine i32 @g() { ret i32 8 }",
        );
    });
    dylib.define(unit).unwrap();
    assert_eq!(run(dylib.lookup("f").unwrap()), 8);
}

#[test]
fn one_part_may_fail() {
    let dylib = dylib();
    let unit = TestUnit::new(&["f", "g"], |mut responsibility| {
        let f = SymbolString::intern(responsibility.session(), "f").unwrap();
        responsibility.delegate(&[f]).unwrap().fail(&Error::new(
            ErrorKind::CodeGeneration,
            "compiling `f`",
            "too hard",
        ));
        emit(responsibility, &constant("g", 8));
    });
    dylib.define(unit).unwrap();
    assert_eq!(run(dylib.lookup("g").unwrap()), 8);
    assert_eq!(
        dylib.lookup("f").unwrap_err().kind(),
        ErrorKind::CodeGeneration
    );
}

#[test]
fn only_what_is_owed_can_be_delegated() {
    let dylib = dylib();
    let (sender, receiver) = progress();
    let unit = TestUnit::new(&["f"], move |mut responsibility| {
        let other = SymbolString::intern(responsibility.session(), "other").unwrap();
        sender
            .send(responsibility.delegate(&[other]).is_err())
            .unwrap();
        emit(responsibility, &constant("f", 1));
    });
    dylib.define(unit).unwrap();
    assert_eq!(run(dylib.lookup("f").unwrap()), 1);
    assert!(receiver.recv().unwrap());
}

#[test]
fn a_unit_can_take_on_more() {
    let dylib = dylib();
    define(&dylib, &constant("taken", 1));
    let (sender, receiver) = progress();
    let unit = TestUnit::new(&["f"], move |mut responsibility| {
        let taken = responsibility.define_further(&[strong("taken")]);
        sender.send(taken.is_err()).unwrap();
        responsibility.define_further(&[strong("more")]).unwrap();
        emit(
            responsibility,
            "define i32 @f() { ret i32 1 }\ndefine i32 @more() { ret i32 2 }",
        );
    });
    dylib.define(unit).unwrap();
    assert_eq!(run(dylib.lookup("f").unwrap()), 1);
    assert_eq!(run(dylib.lookup("more").unwrap()), 2);
    assert!(receiver.recv().unwrap(), "`taken` was defined twice");
}

#[test]
fn an_object_that_lacks_what_was_promised_fails_the_lookup() {
    let dylib = dylib();
    dylib
        .define(TestUnit::compiling(&["f"], constant("g", 1)))
        .unwrap();
    let error = dylib.lookup("f").unwrap_err();
    assert!(
        error.to_string().contains("efinitions in module"),
        "{error}"
    );
}

/// Fact: LLVM materializes on the thread of the lookup, not on one of its own.
#[test]
fn the_looking_up_thread_materializes() {
    let dylib = dylib();
    let (sender, receiver) = progress();
    let unit = TestUnit::new(&["f"], move |responsibility| {
        sender.send(thread::current().id()).unwrap();
        emit(responsibility, &constant("f", 1));
    });
    dylib.define(unit).unwrap();
    let looking = thread::scope(|scope| {
        scope
            .spawn(|| {
                dylib.lookup("f").unwrap();
                thread::current().id()
            })
            .join()
            .unwrap()
    });
    assert_eq!(receiver.recv().unwrap(), looking);
    assert_ne!(looking, thread::current().id());
}

/// Fact: a thread that looks something up also materializes what lookups of other threads have left to do. So it is
/// not for a lookup to be quick, nor for a unit to need a deep stack.
#[test]
fn a_looking_up_thread_helps_others() {
    let dylib = dylib();
    let ran_on = Arc::new(Mutex::new(Vec::new()));
    let (entered, waits) = progress();
    let (release, released) = progress::<()>();
    let released = Arc::new(Mutex::new(Some(released)));
    for name in ["first", "second"] {
        let (ran_on, entered, released) = (ran_on.clone(), entered.clone(), released.clone());
        let unit = TestUnit::new(&[name], move |responsibility| {
            ran_on.lock().unwrap().push(thread::current().id());
            // Only the one that comes first waits; it is that one before the helper starts.
            let released = released.lock().unwrap().take();
            entered.send(()).unwrap();
            if let Some(released) = released {
                released.recv().unwrap();
            }
            emit(responsibility, &constant(name, 1));
        });
        dylib.define(unit).unwrap();
    }
    dylib
        .define(TestUnit::compiling(&["other"], constant("other", 1)))
        .unwrap();
    thread::scope(|scope| {
        let busy = scope.spawn(|| {
            dylib.lookup_all(&["first", "second"]).unwrap();
            thread::current().id()
        });
        waits.recv().unwrap();
        let helper = scope.spawn(|| {
            dylib.lookup("other").unwrap();
            thread::current().id()
        });
        let helper = helper.join().unwrap();
        release.send(()).unwrap();
        let busy = busy.join().unwrap();
        assert_eq!(*ran_on.lock().unwrap(), [busy, helper]);
    });
}

#[test]
fn a_symbol_that_several_threads_want_is_materialized_once() {
    const THREADS: usize = 4;
    let dylib = dylib();
    let unit = TestUnit::compiling(&["f"], constant("f", 6));
    let events = unit.events.clone();
    dylib.define(unit).unwrap();
    let start = Barrier::new(THREADS);
    let addresses: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let address = dylib.lookup("f").unwrap();
                    assert_eq!(run(address), 6);
                    address
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(addresses.iter().all(|address| *address == addresses[0]));
    assert_eq!(events.list(), ["materialize", "drop"]);
}

#[test]
fn a_unit_may_look_up_what_it_needs() {
    let dylib = dylib();
    define(&dylib, &constant("first", 40));
    let inner = dylib.clone();
    let unit = TestUnit::new(&["f"], move |responsibility| {
        let first = run(inner.lookup("first").unwrap());
        emit(responsibility, &constant("f", first + 2));
    });
    dylib.define(unit).unwrap();
    assert_eq!(run(dylib.lookup("f").unwrap()), 42);
}

#[test]
fn a_panic_in_discard_changes_nothing() {
    struct Panicking;
    impl MaterializationUnit for Panicking {
        fn name(&self) -> &str {
            "panicking"
        }
        fn symbols(&self) -> Vec<(String, SymbolFlags)> {
            vec![weak("f")]
        }
        fn materialize(self: Box<Self>, responsibility: tjit_orc::Responsibility) {
            drop(responsibility);
        }
        fn discard(&mut self, _symbol: &str) {
            panic!("not me");
        }
    }
    let dylib = dylib();
    dylib.define(Box::new(Panicking)).unwrap();
    define(&dylib, &constant("f", 5));
    assert_eq!(run(dylib.lookup("f").unwrap()), 5);
}
