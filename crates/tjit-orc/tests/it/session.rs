//! How long things live.

use std::sync::Arc;

use tjit_orc::{SymbolString, ThreadSafeContext};

use crate::support::{TestUnit, constant, define, dylib, run, session};

#[test]
fn any_handle_keeps_the_session() {
    let dylib = dylib();
    define(&dylib, &constant("f", 1));
    let address = dylib.lookup("f").unwrap();
    let tracker = dylib.create_tracker();
    let symbol = SymbolString::intern(dylib.session(), "f").unwrap();
    let layer = dylib.session().object_layer();
    drop(dylib);
    assert_eq!(run(address), 1);
    drop(layer);
    assert_eq!(run(address), 1);
    drop(tracker);
    assert_eq!((symbol.as_str(), run(address)), ("f", 1));
}

#[test]
fn a_session_ends_with_everything_in_it() {
    let dylib = dylib();
    let token = Arc::new(());
    let held = token.clone();
    dylib.add_generator(Box::new(move |_| {
        let _held = &held;
        None
    }));
    let held = token.clone();
    let unit = TestUnit::new(&["f"], move |responsibility| {
        let _held = held;
        drop(responsibility);
    });
    let events = unit.events.clone();
    dylib.define(unit).unwrap();
    assert_eq!(Arc::strong_count(&token), 3);
    drop(dylib);
    assert_eq!(Arc::strong_count(&token), 1);
    assert_eq!(events.list(), ["drop"]);
}

#[test]
fn sessions_are_independent() {
    let addresses: Vec<_> = (0..4)
        .map(|value| {
            let dylib = dylib();
            define(&dylib, &constant("f", value));
            (dylib.lookup("f").unwrap(), dylib)
        })
        .collect();
    for (value, (address, _dylib)) in (0..4).zip(&addresses) {
        assert_eq!(run(*address), value);
    }
}

#[test]
fn equal_names_are_one_symbol() {
    let session = session();
    let first = SymbolString::intern(&session, "name").unwrap();
    let second = SymbolString::intern(&session, "name").unwrap();
    assert_eq!(first, second);
    assert_eq!(first.clone().as_str(), "name");
    assert_ne!(first, SymbolString::intern(&session, "other").unwrap());
}

/// A module goes on living when the handle of its context is gone, and the other way round.
#[test]
fn modules_and_contexts_keep_one_another() {
    let context = ThreadSafeContext::new();
    let module = context
        .parse("a.ll", b"define i32 @f() { ret i32 1 }")
        .unwrap();
    drop(context);
    module.verify().unwrap();
    let context = module.context().clone();
    drop(module);
    let other = context
        .parse("b.ll", b"define i32 @g() { ret i32 1 }")
        .unwrap();
    other.verify().unwrap();
    assert!(other.context().is(&context));
}

#[test]
fn modules_of_one_context_are_used_in_turn() {
    const THREADS: usize = 4;
    let context = ThreadSafeContext::new();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let context = context.clone();
            scope.spawn(move || {
                for round in 0..20 {
                    let name = format!("f{thread}_{round}");
                    let ir = constant(&name, 1);
                    let module = context.parse(&name, ir.as_bytes()).unwrap();
                    module.verify().unwrap();
                    let found = module.with_module(|module| module.get_function(&name).is_some());
                    assert!(found);
                }
            });
        }
    });
}

/// Failure, most likely a deadlock or the end of the process, may indicate that a panic crossed LLVM's frames.
#[test]
fn a_panic_under_the_lock_releases_it() {
    let context = ThreadSafeContext::new();
    let module = context
        .parse("a.ll", b"define i32 @f() { ret i32 1 }")
        .unwrap();
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        module.with_module(|_| panic!("under the lock"))
    }));
    assert!(result.is_err());
    std::thread::scope(|scope| {
        scope.spawn(|| module.verify().unwrap());
    });
}
