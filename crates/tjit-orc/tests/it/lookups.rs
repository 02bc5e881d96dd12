//! Dylibs, their symbols and generators.

use std::sync::{Arc, Mutex};

use tjit_orc::{ErrorKind, EvaluatedSymbol, MemoryBuffer, SymbolFlags};

use crate::support::{constant, define, dylib, object, run, session};

fn at(address: u64) -> EvaluatedSymbol {
    EvaluatedSymbol {
        address,
        flags: SymbolFlags::DATA,
    }
}

#[test]
fn missing_symbols_are_named() {
    let dylib = dylib();
    define(&dylib, &constant("there", 1));
    let error = dylib.lookup("nowhere").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Link);
    assert_eq!(error.operation(), "looking up `nowhere`");
    assert!(error.message().contains("nowhere"), "{error}");

    let error = dylib.lookup_all(&["there", "gone", "lost"]).unwrap_err();
    assert_eq!(error.operation(), "looking up 3 symbols");
    assert!(
        error.message().contains("gone") && error.message().contains("lost"),
        "{error}"
    );
    assert!(!error.message().contains("there"), "{error}");
}

#[test]
fn symbols_that_code_needs_are_named_too() {
    let dylib = dylib();
    define(
        &dylib,
        "declare i32 @gone()\n@lost = external global i32
        define i32 @f() { %a = call i32 @gone() %b = load i32, ptr @lost %c = add i32 %a, %b ret i32 %c }",
    );
    let error = dylib.lookup("f").unwrap_err();
    assert!(
        error.message().contains("gone") && error.message().contains("lost"),
        "{error}"
    );
    // A lookup of another thread is told the same.
    define(&dylib, &constant("g", 3));
    assert_eq!(run(dylib.lookup("g").unwrap()), 3);
}

#[test]
fn several_symbols_at_once() {
    let dylib = dylib();
    define(&dylib, &constant("f", 1));
    define(&dylib, &constant("g", 2));
    let found = dylib.lookup_all(&["f", "g"]).unwrap();
    assert_eq!((run(found["f"]), run(found["g"])), (1, 2));
    assert!(dylib.lookup_all(&[]).unwrap().is_empty());
}

#[test]
fn duplicate_definitions() {
    let dylib = dylib();
    define(&dylib, &constant("f", 1));
    let layer = dylib.session().object_layer();
    let error = layer
        .add(&dylib.create_tracker(), object(&constant("f", 2)))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Link);
    assert_eq!(
        error.operation(),
        "adding an object file to dylib `program`"
    );
    assert!(error.message().contains('f'), "{error}");
    let error = dylib
        .define_absolute([("g", at(1)), ("f", at(2))])
        .unwrap_err();
    assert_eq!(
        error.operation(),
        "defining `absolute symbols` in dylib `program`"
    );
    assert_eq!(run(dylib.lookup("f").unwrap()), 1);
    assert!(
        dylib.lookup("g").is_err(),
        "defined although another was not"
    );
}

#[test]
fn objects_that_are_none() {
    let dylib = dylib();
    let layer = dylib.session().object_layer();
    for bytes in [&b""[..], b"\x7fELF", b"neither of these"] {
        let result = layer.add(&dylib.create_tracker(), MemoryBuffer::copy_of(bytes));
        assert_eq!(
            result.map_err(|error| error.kind()),
            Err(ErrorKind::Link),
            "{bytes:?}"
        );
    }
}

#[test]
fn symbols_that_are_taken_out_can_be_defined_again() {
    let dylib = dylib();
    let answers = std::sync::atomic::AtomicU64::new(1);
    dylib.add_generator(Box::new(move |name| {
        let next = || answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (name == "generated").then(|| at(next()))
    }));
    dylib.define_absolute([("defined", at(7))]).unwrap();
    assert_eq!(dylib.lookup("generated").unwrap(), 1);
    assert_eq!(dylib.lookup("generated").unwrap(), 1);
    dylib
        .undefine(["generated", "defined", "never there"])
        .unwrap();
    assert_eq!(dylib.lookup("generated").unwrap(), 2);
    assert!(dylib.lookup("defined").is_err());
    dylib.define_absolute([("defined", at(8))]).unwrap();
    assert_eq!(dylib.lookup("defined").unwrap(), 8);
    let error = dylib.undefine(["a\0b"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
}

#[test]
fn absolute_symbols() {
    let dylib = dylib();
    let value = Box::new(77_i32);
    let address = (&raw const *value).expose_provenance() as u64;
    dylib
        .define_absolute([("host_value", at(address)), ("zero", at(0))])
        .unwrap();
    assert_eq!(dylib.lookup("host_value").unwrap(), address);
    assert_eq!(dylib.lookup("zero").unwrap(), 0);
    define(
        &dylib,
        "@host_value = external global i32
        define i32 @f() { %v = load i32, ptr @host_value ret i32 %v }",
    );
    assert_eq!(run(dylib.lookup("f").unwrap()), *value);
    let error = dylib.define_absolute([("a\0b", at(1))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
}

#[test]
fn generators_are_asked_for_what_is_missing() {
    let dylib = dylib();
    define(&dylib, &constant("defined", 1));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    dylib.add_generator(Box::new(move |name| {
        log.lock().unwrap().push(name.to_owned());
        name.strip_prefix("number_")?.parse().ok().map(at)
    }));
    assert_eq!(dylib.lookup("number_12").unwrap(), 12);
    assert_eq!(dylib.lookup("number_12").unwrap(), 12);
    dylib.lookup("defined").unwrap();
    let error = dylib.lookup("number_x").unwrap_err();
    assert!(error.message().contains("number_x"), "{error}");
    assert_eq!(*asked.lock().unwrap(), ["number_12", "number_x"]);
}

#[test]
fn generators_are_asked_in_turn() {
    let dylib = dylib();
    dylib.add_generator(Box::new(|name| (name == "a").then(|| at(1))));
    dylib.add_generator(Box::new(|name| (name == "b").then(|| at(2))));
    let found = dylib.lookup_all(&["a", "b"]).unwrap();
    assert_eq!((found["a"], found["b"]), (1, 2));
}

#[test]
fn a_generator_that_panics_fails_the_lookup() {
    let dylib = dylib();
    dylib.add_generator(Box::new(|name| panic!("what is {name}?")));
    let error = dylib.lookup("this").unwrap_err();
    assert!(
        error.message().contains("panicked: what is this?"),
        "{error}"
    );
}

#[test]
fn dylibs_do_not_see_one_another() {
    let session = session();
    let first = session.create_dylib("first").unwrap();
    let second = session.create_dylib("second").unwrap();
    define(&first, &constant("f", 1));
    assert!(second.lookup("f").is_err());
    // Nor the process, until a generator shows it.
    assert!(first.lookup("malloc").is_err());
    define(&second, &constant("f", 2));
    assert_eq!(run(first.lookup("f").unwrap()), 1);
    assert_eq!(run(second.lookup("f").unwrap()), 2);
}

#[test]
fn names_of_dylibs() {
    let session = session();
    let dylib = session.create_dylib("a").unwrap();
    assert_eq!(dylib.name(), "a");
    assert_eq!(format!("{dylib:?}"), "Dylib(\"a\")");
    let error = session.create_dylib("a").unwrap_err();
    assert_eq!(error.to_string(), "creating dylib `a`: the name is taken");
    assert_eq!(
        session.create_dylib("a\0b").unwrap_err().kind(),
        ErrorKind::Name
    );
}

#[test]
fn removed_code_can_be_replaced() {
    let dylib = dylib();
    let layer = dylib.session().object_layer();
    for value in 1..=3 {
        let tracker = dylib.create_tracker();
        layer.add(&tracker, object(&constant("f", value))).unwrap();
        assert_eq!(run(dylib.lookup("f").unwrap()), value);
        // SAFETY: the call has returned, and nobody keeps the address.
        unsafe { tracker.remove() }.unwrap();
        assert!(dylib.lookup("f").is_err());
    }
}

#[test]
fn removing_one_tracker_keeps_the_others() {
    let dylib = dylib();
    let layer = dylib.session().object_layer();
    let (first, second) = (dylib.create_tracker(), dylib.create_tracker());
    layer.add(&first, object(&constant("f", 1))).unwrap();
    layer.add(&second, object(&constant("g", 2))).unwrap();
    let g = dylib.lookup("g").unwrap();
    dylib.lookup("f").unwrap();
    // SAFETY: nobody runs `f` or will.
    unsafe { first.remove() }.unwrap();
    assert_eq!(run(g), 2);
    drop(second);
    assert_eq!(run(dylib.lookup("g").unwrap()), 2);
}
