//! Modules that are removed from a program that runs.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use tiered_jit::{
    Builder, Error, EventKind, FunctionState, LinkError, Module, ModuleSource, TieredJit,
};
use tjit_test_util::{Lang, compile_to_bitcode};

use crate::support::{Nullary, TALLY, add, bodies, nullary, unary, with_threshold};

/// What the programs of these tests say, which they call `note` for.
static NOTES: Mutex<Vec<i64>> = Mutex::new(Vec::new());

/// One test after another: they share the notes.
pub(crate) static TURN: Mutex<()> = Mutex::new(());

extern "C" fn note(value: i64) {
    NOTES.lock().expect("nobody panics in it").push(value);
}

pub(crate) fn notes() -> Vec<i64> {
    std::mem::take(&mut *NOTES.lock().expect("nobody panics in it"))
}

pub(crate) fn builder(threshold: u64) -> Builder {
    let function = note as extern "C" fn(i64) as *const ();
    // SAFETY: the programs declare it with that type.
    unsafe { with_threshold(threshold).define("note", function) }
}

#[track_caller]
fn add_ir(jit: &TieredJit, name: &str, ir: &str) -> Module {
    // SAFETY: the tests' own modules.
    unsafe { jit.add_module(ModuleSource::bytes(name, ir)) }.expect("it links")
}

#[track_caller]
fn add_cpp(jit: &TieredJit, name: &str, source: &str) -> Module {
    let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(source, Lang::Cxx, &flags);
    // SAFETY: the tests' own modules.
    unsafe { jit.add_module(ModuleSource::bytes(name, bitcode)) }.expect("it links")
}

pub(crate) fn remove(jit: &TieredJit, modules: &[Module]) -> Result<(), Error> {
    // SAFETY: the tests run none of their code at the time, or later.
    unsafe { jit.remove_modules(modules) }
}

#[track_caller]
pub(crate) fn users(result: Result<(), Error>) -> Vec<(String, String)> {
    match result {
        Err(Error::Link(error)) => match &*error {
            LinkError::InUse { users, .. } => users.clone(),
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_module_goes_and_comes_back_as_new() {
    let jit = builder(3).build().expect("it starts");
    let stays = add_ir(&jit, "stays.ll", "define i64 @stays() {\n  ret i64 5\n}\n");
    let mut stub = None;
    for round in 0..3 {
        let tally = add_ir(&jit, "tally.ll", TALLY);
        assert_eq!(tally.name(), "tally.ll");
        let names: Vec<_> = jit.modules().iter().map(|m| m.name().to_owned()).collect();
        assert_eq!(names, ["stays.ll", "tally.ll"]);
        for call in 1..=20 {
            assert_eq!(nullary(&jit, "tally"), call, "round {round}");
        }
        let ticket = jit.reoptimize("twice").expect("it exists").submit();
        ticket.wait().expect("it compiles");
        assert_eq!(bodies(&jit, "twice").len(), 1);
        let function = jit.function::<Nullary>("tally").expect("it exists");
        let address = function.address();
        assert_eq!(*stub.get_or_insert(address), address);

        let request = jit.reoptimize("tally").expect("it exists");
        remove(&jit, std::slice::from_ref(&tally)).expect("nobody uses it");
        let late = request.wait();
        assert!(matches!(late, Err(Error::Removed(_))), "{late:?}");
        assert!(jit.function::<Nullary>("tally").is_err());
        assert!(jit.reoptimize("twice").is_err());
        assert!(bodies(&jit, "twice").is_empty());
        assert_eq!(jit.stats().functions.removed, 2);
        let again = remove(&jit, &[tally]);
        assert!(matches!(again, Err(Error::NoModule(_))), "{again:?}");
    }
    assert_eq!(nullary(&jit, "stays"), 5);
    remove(&jit, &[stays]).expect("nobody uses it");
    // Another kind of thing under the same name.
    add(&jit, "@tally = global i64 7\n@twice = external global i64\ndefine i64 @read() {\n  %v = load i64, ptr @tally\n  ret i64 %v\n}\n")
        .expect("it links");
    assert_eq!(nullary(&jit, "read"), 7);
}

#[test]
fn a_module_of_another_jit_is_not_taken() {
    let (one, two) = (
        builder(3).build().expect("it starts"),
        builder(3).build().expect("it starts"),
    );
    let of_one = add_ir(&one, "tally.ll", TALLY);
    add_ir(&two, "tally.ll", TALLY);
    let result = remove(&two, &[of_one]);
    assert!(matches!(result, Err(Error::NoModule(_))), "{result:?}");
    assert_eq!(nullary(&two, "tally"), 1);
}

#[test]
fn users_are_named_and_go_first_or_together() {
    let jit = builder(3).build().expect("it starts");
    let base = add_ir(&jit, "base.ll", TALLY);
    let user = add_ir(
        &jit,
        "user.ll",
        "declare i64 @twice(i64)\ndefine i64 @user(i64 %x) {\n  %y = call i64 @twice(i64 %x)\n  ret i64 %y\n}\n",
    );
    for x in 0..20 {
        assert_eq!(unary(&jit, "user", x), 2 * x);
    }
    let refused = remove(&jit, std::slice::from_ref(&base));
    assert_eq!(users(refused), [("user.ll".to_owned(), "twice".to_owned())]);
    assert_eq!(unary(&jit, "user", 4), 8, "nothing has changed");
    remove(&jit, &[base, user]).expect("they go together");
    assert!(jit.modules().is_empty());
    add(&jit, TALLY).expect("its names are free");
    assert_eq!(nullary(&jit, "tally"), 1);
}

/// A module that notes what is done to it. Its numbers begin with `digit`.
pub(crate) fn noisy(digit: u32, uses: &str) -> String {
    format!(
        "#include <cstdlib>\nextern \"C\" void note(long);\n{uses}\n\
         namespace {{\n\
         struct Noisy {{ long n; explicit Noisy(long n) : n(n) {{}} ~Noisy() {{ note(n); }} }};\n\
         Noisy global({digit}1);\n\
         __attribute__((destructor)) void last() {{ note({digit}8); }}\n\
         __attribute__((destructor(200))) void very_last() {{ note({digit}9); }}\n\
         void handler() {{ note({digit}3); }}\n\
         void at_quick() {{ note({digit}99); }}\n\
         void forking() {{ note({digit}77); }}\n\
         }}\n\
         extern \"C\" int pthread_atfork(void (*)(), void (*)(), void (*)());\n\
         extern \"C\" long start{digit}() {{\n\
           static Noisy local({digit}2);\n\
           std::atexit(handler);\n\
           std::at_quick_exit(at_quick);\n\
           pthread_atfork(forking, nullptr, nullptr);\n\
           return {digit};\n\
         }}\n\
         extern \"C\" void again{digit}() {{ std::atexit([] {{ note({digit}4); }}); }}\n"
    )
}

pub(crate) fn fork_once() {
    // SAFETY: the child does nothing but end.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::_exit(0);
        }
        libc::waitpid(child, std::ptr::null_mut(), 0);
    }
}

#[test]
fn a_module_ends_alone_and_in_order() {
    let _turn = TURN.lock();
    let jit = builder(1).build().expect("it starts");
    let one = add_cpp(&jit, "one.cpp", &noisy(1, ""));
    let two = add_cpp(&jit, "two.cpp", &noisy(2, ""));
    let _kept = add_cpp(&jit, "three.cpp", &noisy(3, ""));
    for start in ["start1", "start3", "start2"] {
        nullary(&jit, start);
    }
    for again in ["again1", "again2", "again3", "again1"] {
        let again = jit
            .function::<unsafe extern "C" fn()>(again)
            .expect("it exists");
        // SAFETY: a function of that type.
        unsafe { again.call() };
    }
    notes();
    fork_once();
    assert_eq!(notes(), [277, 377, 177]);
    remove(&jit, &[one]).expect("nobody uses it");
    assert_eq!(notes(), [14, 14, 13, 12, 11, 18, 19]);
    fork_once();
    assert_eq!(notes(), [277, 377], "its fork handler is gone");
    // It comes back, and begins at the beginning.
    let one = add_cpp(&jit, "one.cpp", &noisy(1, ""));
    nullary(&jit, "start1");
    // Several together: one order.
    remove(&jit, &[two, one]).expect("nobody uses them");
    assert_eq!(notes(), [13, 12, 11, 18, 19, 24, 23, 22, 21, 28, 29]);
    drop(jit);
    assert_eq!(notes(), [34, 33, 32, 31, 38, 39]);
    fork_once();
    assert_eq!(notes(), []);
}

#[test]
fn what_is_left_ends_in_one_order_with_the_jit() {
    let _turn = TURN.lock();
    let jit = builder(1).build().expect("it starts");
    add_cpp(&jit, "one.cpp", &noisy(1, ""));
    add_cpp(&jit, "two.cpp", &noisy(2, ""));
    nullary(&jit, "start1");
    nullary(&jit, "start2");
    let again = jit
        .function::<unsafe extern "C" fn()>("again1")
        .expect("it exists");
    // SAFETY: a function of that type.
    unsafe { again.call() };
    notes();
    drop(again);
    drop(jit);
    assert_eq!(notes(), [14, 23, 22, 13, 12, 21, 28, 29, 11, 18, 19]);
}

#[test]
fn inline_functions_go_over_with_their_literals() {
    let module = |number: u32| {
        format!(
            "inline __attribute__((noinline)) const char *shared(int i) {{ return &\"shared text\"[i]; }}\n\
             template <class T> T twice(T x) {{ return x + x; }}\n\
             extern \"C\" long use{number}() {{ return shared(3)[1] + twice({number}); }}\n\
             extern \"C\" void *address{number}() {{ return (void *)(const char *(*)(int))shared; }}\n"
        )
    };
    for threshold in [1, 3, 1_000_000] {
        let jit = builder(threshold).build().expect("it starts");
        let one = add_cpp(&jit, "one.cpp", &module(1));
        let two = add_cpp(&jit, "two.cpp", &module(2));
        let events = jit.subscribe(NonZeroUsize::new(4096).expect("not zero"));
        for _ in 0..20 {
            assert_eq!(nullary(&jit, "use1"), i64::from(b'e') + 2);
            assert_eq!(nullary(&jit, "use2"), i64::from(b'e') + 4);
        }
        jit.reoptimize("use2")
            .expect("it exists")
            .wait()
            .expect("it compiles");
        jit.reoptimize("shared")
            .expect("it exists")
            .wait()
            .expect("it compiles");
        let before = nullary(&jit, "address2");
        assert_eq!(nullary(&jit, "address1"), before);
        remove(&jit, &[one]).expect("the other has them too");
        for _ in 0..20 {
            assert_eq!(nullary(&jit, "use2"), i64::from(b'e') + 4);
        }
        assert_eq!(nullary(&jit, "address2"), before, "it keeps its address");
        jit.reoptimize("shared")
            .expect("it exists")
            .wait()
            .expect("it compiles");
        assert_eq!(nullary(&jit, "use2"), i64::from(b'e') + 4);
        let kinds: Vec<_> = events
            .try_iter()
            .map(|event| (event.symbol, event.kind))
            .collect();
        let has =
            |symbol: &str, kind: &EventKind| kinds.iter().any(|(s, k)| &**s == symbol && k == kind);
        assert!(has("use1", &EventKind::Removed));
        assert!(has("_Z6sharedi", &EventKind::Reset), "{kinds:?}");
        remove(&jit, &[two]).expect("nobody uses it");
    }
}

#[test]
fn variables_that_are_shared_are_in_use() {
    let module = |number: u32| {
        format!(
            "inline int counter = 0;\nextern \"C\" long count{number}() {{ return ++counter; }}\n"
        )
    };
    let jit = builder(1).build().expect("it starts");
    let one = add_cpp(&jit, "one.cpp", &module(1));
    let two = add_cpp(&jit, "two.cpp", &module(2));
    assert_eq!((nullary(&jit, "count1"), nullary(&jit, "count2")), (1, 2));
    let refused = users(remove(&jit, std::slice::from_ref(&one)));
    assert_eq!(refused, [("two.cpp".to_owned(), "counter".to_owned())]);
    remove(&jit, &[two]).expect("its copy is no definition");
    assert_eq!(nullary(&jit, "count1"), 3);
    remove(&jit, &[one]).expect("nobody uses it");
}

#[test]
fn thread_locals_keep_their_module() {
    let _turn = TURN.lock();
    let source = "extern \"C\" void note(long);\n\
         namespace { struct Noisy { long n = 0; ~Noisy() { note(n); } }; thread_local Noisy noisy; }\n\
         extern \"C\" long touch(long n) { return noisy.n = n; }\n";
    let jit = builder(1).build().expect("it starts");
    let module = add_cpp(&jit, "thread.cpp", source);
    let function = jit
        .function::<unsafe extern "C" fn(i64) -> i64>("touch")
        .expect("it exists");
    let (touched, is_touched) = channel();
    let (end, may_end) = channel::<()>();
    let thread = std::thread::spawn(move || {
        // SAFETY: a function of that type.
        unsafe { function.call(5) };
        drop(function);
        touched.send(()).expect("somebody waits");
        let _closed = may_end.recv();
    });
    is_touched.recv().expect("it is touched");
    notes();
    let pending = remove(&jit, std::slice::from_ref(&module));
    assert!(
        matches!(&pending, Err(Error::ThreadExits { module, pending: 1 }) if module == "thread.cpp"),
        "{pending:?}"
    );
    assert_eq!(unary(&jit, "touch", 7), 7, "nothing has changed");
    drop(end);
    thread.join().expect("it ends");
    assert_eq!(notes(), [5]);
    // This thread's own are destroyed.
    remove(&jit, std::slice::from_ref(&module)).expect("no other thread has any");
    assert_eq!(notes(), [7]);
    add_cpp(&jit, "thread.cpp", source);
    assert_eq!(unary(&jit, "touch", 9), 9);
    drop(jit);
    assert_eq!(notes(), [9]);
}

#[test]
fn transformations_can_not_remove() {
    let jit = builder(1_000).build().expect("it starts");
    let module = add_ir(&jit, "tally.ll", TALLY);
    let (sender, receiver) = channel();
    let inner = jit.downgrade();
    let request = jit.reoptimize("twice").expect("it exists");
    let request = request.transform(move |_, _| {
        let jit = inner.upgrade().expect("it is waited for");
        sender.send(remove(&jit, std::slice::from_ref(&module)))?;
        Ok(())
    });
    request.wait().expect("it compiles");
    let result = receiver.recv().expect("it was tried");
    assert!(matches!(result, Err(Error::Inside)), "{result:?}");
    assert_eq!(unary(&jit, "twice", 2), 4);
}

#[test]
fn an_error_of_a_handler_leaves_the_module() {
    let _turn = TURN.lock();
    let jit = builder(1_000).build().expect("it starts");
    let module = add_cpp(
        &jit,
        "broken.cpp",
        "#include <cstdlib>\nextern \"C\" void note(long);\n\
         static void good() { note(1); }\n\
         static void broken() { __asm__ volatile(\"frobnicate %eax\"); }\n\
         extern \"C\" long start() { std::atexit(good); std::atexit(broken); return 4; }\n",
    );
    assert_eq!(nullary(&jit, "start"), 4);
    notes();
    let failed = remove(&jit, std::slice::from_ref(&module));
    assert!(matches!(failed, Err(Error::Compile { .. })), "{failed:?}");
    assert_eq!(notes(), []);
    remove(&jit, std::slice::from_ref(&module)).expect("what is left runs");
    assert_eq!(notes(), [1]);
}

#[test]
fn functions_that_were_undefined_are_again() {
    let jit = builder(2).build().expect("it starts");
    let user = "declare i64 @twice(i64)\ndefine i64 @user(i64 %x) {\n  %y = call i64 @twice(i64 %x)\n  ret i64 %y\n}\n";
    let user = add_ir(&jit, "user.ll", user);
    let base = add_ir(&jit, "base.ll", TALLY);
    assert_eq!(unary(&jit, "user", 4), 8);
    remove(&jit, std::slice::from_ref(&base)).expect_err("it is in use by now");
    remove(&jit, &[user]).expect("nobody uses it");
    remove(&jit, &[base]).expect("nobody uses it");
}

#[test]
fn addresses_of_removed_functions_trap() {
    let jit = builder(3).build().expect("it starts");
    let module = add_ir(&jit, "tally.ll", TALLY);
    assert_eq!(nullary(&jit, "tally"), 1);
    let tally = jit.function::<Nullary>("tally").expect("it exists");
    remove(&jit, &[module]).expect("nobody uses it");
    // SAFETY: the child calls what is not there any more, which is what is to be seen, and nothing else.
    let status = unsafe {
        let child = libc::fork();
        if child == 0 {
            tally.call();
            libc::_exit(0);
        }
        let mut status = 0;
        libc::waitpid(child, &raw mut status, 0);
        status
    };
    assert!(libc::WIFSIGNALED(status), "{status:#x}");
    assert_eq!(libc::WTERMSIG(status), libc::SIGILL);
}

fn mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("there is one");
    maps.lines().count()
}

fn functions(jit: &TieredJit) -> usize {
    let mut count = 0;
    jit.for_each_function(|function| {
        assert_ne!(function.state(), FunctionState::Removed);
        count += 1;
    });
    count
}

#[test]
fn a_thousand_rounds_leave_nothing_behind() {
    let source = "extern \"C\" void note(long);\n\
         static long hidden;\n\
         struct Noisy { ~Noisy() {} };\n\
         static __attribute__((noinline)) void thrower(long n) { if (n % 2) throw n; hidden += n; }\n\
         extern \"C\" long round_of(long n) { static Noisy noisy; try { thrower(n); return hidden; } catch (long m) { return -m; } }\n";
    let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
    let bitcode = compile_to_bitcode(source, Lang::Cxx, &flags);
    let jit = builder(1_000_000).build().expect("it starts");
    let mut after_some = (0, 0);
    for round in 1..=1_000 {
        // SAFETY: the test's own module.
        let module = unsafe { jit.add_module(ModuleSource::bytes("round.cpp", bitcode.clone())) };
        let module = module.expect("it links");
        assert_eq!(unary(&jit, "round_of", 4), 4);
        assert_eq!(unary(&jit, "round_of", 3), -3);
        if round % 100 == 0 {
            let request = jit.reoptimize("round_of").expect("it exists");
            request.wait().expect("it compiles");
            assert_eq!(unary(&jit, "round_of", 3), -3);
        }
        remove(&jit, &[module]).expect("nobody uses it");
        assert_eq!(functions(&jit), 0);
        let now = (mappings(), jit.stats().functions.removed);
        if round == 200 {
            after_some = now;
        }
        if round > 200 {
            // Other tests run at the same time.
            assert!(
                now.0 < after_some.0 + 100,
                "{round}: {now:?} {after_some:?}"
            );
            assert_eq!(now.1, after_some.1, "stubs and records are used again");
        }
    }
}

/// Each object's unwind tables name the personality routine through a pointer, and ORC has objects share definitions.
#[test]
fn exceptions_are_caught_after_the_first_module_that_caught_some_is_gone() {
    let _turn = TURN.lock();
    let source = |name: &str| {
        format!(
            "extern \"C\" long {name}(long value) {{ try {{ if (value) throw value; }} catch (long caught) {{ return caught; }} \
             return -1; }}"
        )
    };
    let jit = builder(1_000).build().expect("a JIT");
    let first = add_cpp(&jit, "first", &source("first"));
    let second = add_cpp(&jit, "second", &source("second"));
    drop(second);
    for name in ["first", "second"] {
        jit.reoptimize(name)
            .expect("it exists")
            .wait()
            .expect("it compiles");
        assert_eq!(unary(&jit, name, 7), 7);
    }
    remove(&jit, &[first]).expect("nobody uses it");
    assert_eq!(unary(&jit, "second", 8), 8);
}
