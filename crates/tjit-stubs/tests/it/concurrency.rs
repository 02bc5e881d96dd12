//! Stubs change and appear while other threads call.

use std::mem::transmute;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tjit_stubs::{CodePtr, Stub, StubId, StubManager, Target};

use crate::support::{code, manager};

type Version = extern "C" fn() -> u32;

extern "C" fn one() -> u32 {
    1
}
extern "C" fn two() -> u32 {
    2
}
extern "C" fn three() -> u32 {
    3
}

const VERSIONS: [Version; 3] = [one, two, three];
const CALLERS: usize = 4;
const CALLS: usize = 100_000;

fn version(index: usize) -> CodePtr {
    code(VERSIONS[index % VERSIONS.len()] as *const ())
}

fn as_version(stub: Stub) -> Version {
    // SAFETY: only versions are behind the stubs of these tests.
    unsafe { transmute(stub.address.as_ptr()) }
}

#[test]
fn every_call_sees_some_version_while_the_stub_changes() {
    let stubs = manager(|_| version(0));
    let stub = stubs.create("f", Target::Lazy).unwrap();
    let running = AtomicUsize::new(CALLERS);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let call = as_version(stub);
                let wrong = (0..CALLS)
                    .map(|_| call())
                    .find(|value| !(1..=3).contains(value));
                running.fetch_sub(1, Ordering::Relaxed);
                assert_eq!(wrong, None);
            });
        }
        scope.spawn(|| {
            for index in 0.. {
                match index % 3 {
                    0 => stubs.update(stub.id, version(index / 3)).unwrap(),
                    1 => stubs.update_pointer("f", version(index / 3)).unwrap(),
                    _ => stubs.reset_lazy(stub.id).unwrap(),
                }
                if running.load(Ordering::Relaxed) == 0 {
                    break;
                }
            }
        });
    });
    stubs.update(stub.id, version(2)).unwrap();
    assert_eq!(as_version(stub)(), 3, "a call after the update sees it");
}

#[test]
fn an_update_is_seen_by_calls_that_begin_after_it() {
    let stubs = manager(|_| version(0));
    let stub = stubs.create("f", Target::Lazy).unwrap();
    let (call, turn) = (as_version(stub), Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..1000 {
                turn.wait();
                assert_eq!(call() as usize, round % 3 + 1);
                turn.wait();
            }
        });
        for round in 0..1000 {
            stubs.update(stub.id, version(round)).unwrap();
            turn.wait();
            turn.wait();
        }
    });
}

#[test]
fn first_calls_on_several_threads_all_arrive() {
    let stubs = manager(|id| version(id.index() as usize));
    let lazy = stubs
        .create_batch((0..100).map(|i| (format!("f{i}"), Target::Lazy)))
        .unwrap();
    let start = Barrier::new(CALLERS);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                start.wait();
                for &stub in &lazy {
                    assert_eq!(as_version(stub)(), stub.id.index() % 3 + 1);
                }
            });
        }
    });
    assert!(
        lazy.iter()
            .all(|stub| stubs.target(stub.id) == Some(version(stub.id.index() as usize)))
    );
}

/// Creates, calls and removes stubs of one thread's own.
fn live_and_die(stubs: &StubManager, thread: usize) {
    for round in 0..500 {
        let name = format!("t{thread}r{round}");
        let stub = stubs.create(&name, version(round).into()).unwrap();
        assert_eq!(as_version(stub)() as usize, round % 3 + 1);
        assert_eq!(stubs.id_of_address(stub.address.addr()), Some(stub.id));
        assert_eq!(stubs.name(stub.id).as_deref(), Some(name.as_str()));
        stubs.remove(&name).unwrap();
        // SAFETY: only this thread ever knew of the stub.
        unsafe { stubs.recycle(stub.id) }.unwrap();
    }
}

#[test]
fn stubs_come_and_go_on_several_threads() {
    let stubs = manager(|id: StubId| -> CodePtr { unreachable!("{id} is not lazy") });
    thread::scope(|scope| {
        for thread in 0..CALLERS {
            let stubs = &stubs;
            scope.spawn(move || live_and_die(stubs, thread));
        }
    });
    assert!(stubs.is_empty());
    let next = stubs.create("next", version(0).into()).unwrap();
    assert!(
        (next.id.index() as usize) < CALLERS,
        "ids were recycled, so few were ever created"
    );
}
