//! What becomes of a resolution: who is asked, how often, and what is published.

use std::io;
use std::mem::transmute;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use tjit_stubs::{CodePtr, Config, LazyResolver, Resolution, Stub, StubId, StubManager, Target};

use crate::support::{code, manager};

type Function = extern "C" fn(u32) -> u32;

extern "C" fn baseline(x: u32) -> u32 {
    x + 1
}
extern "C" fn optimized(x: u32) -> u32 {
    x + 2
}

fn at(function: Function) -> CodePtr {
    code(function as *const ())
}

fn call(stub: Stub, argument: u32) -> u32 {
    // SAFETY: only functions of this type are behind the stubs of these tests.
    let function: Function = unsafe { transmute(stub.address.as_ptr()) };
    function(argument)
}

/// A manager whose resolver runs `during` with it and returns `baseline`, and how often that happened.
fn with_resolver(
    during: impl Fn(&StubManager, StubId) + Send + Sync + 'static,
) -> (Arc<StubManager>, Arc<AtomicU32>) {
    let this: Arc<OnceLock<Weak<StubManager>>> = Arc::default();
    let count: Arc<AtomicU32> = Arc::default();
    let (this_too, count_too) = (Arc::clone(&this), Arc::clone(&count));
    let stubs = Arc::new(manager(move |id| {
        count_too.fetch_add(1, Ordering::Relaxed);
        let stubs = this_too
            .get()
            .and_then(Weak::upgrade)
            .expect("the manager lives");
        during(&stubs, id);
        at(baseline)
    }));
    this.set(Arc::downgrade(&stubs)).expect("set once");
    (stubs, count)
}

fn asked(count: &AtomicU32) -> u32 {
    count.load(Ordering::Relaxed)
}

#[test]
fn the_resolver_is_asked_once() {
    let (stubs, count) = with_resolver(|_, _| ());
    let f = stubs.create("f", Target::Lazy).unwrap();
    assert_eq!([call(f, 1), call(f, 2), call(f, 3)], [2, 3, 4]);
    assert_eq!(asked(&count), 1);
    stubs.reset_lazy(f.id).unwrap();
    assert_eq!(call(f, 1), 2);
    assert_eq!(asked(&count), 2);
}

#[test]
fn an_updated_stub_never_asks() {
    let (stubs, count) = with_resolver(|_, _| ());
    let f = stubs.create("f", Target::Lazy).unwrap();
    stubs.update_pointer("f", at(optimized)).unwrap();
    assert_eq!((call(f, 1), asked(&count)), (3, 0));
}

#[test]
fn an_update_during_resolution_wins() {
    let (stubs, _) = with_resolver(|stubs, id| stubs.update(id, at(optimized)).unwrap());
    let f = stubs.create("f", Target::Lazy).unwrap();
    assert_eq!(
        call(f, 1),
        2,
        "the waiting call goes where the resolver says"
    );
    assert_eq!(call(f, 1), 3, "later calls go where the update says");
}

#[test]
fn a_reset_during_resolution_wins() {
    let (stubs, count) = with_resolver(|stubs, id| stubs.reset_lazy(id).unwrap());
    let f = stubs.create("f", Target::Lazy).unwrap();
    assert_eq!([call(f, 1), call(f, 1)], [2, 2]);
    assert!(stubs.is_lazy(f.id));
    assert_eq!(asked(&count), 2);
}

#[test]
fn a_removal_during_resolution_wins() {
    let (stubs, _) = with_resolver(|stubs, _| {
        stubs.remove("f").unwrap();
    });
    let f = stubs.create("f", Target::Lazy).unwrap();
    assert_eq!(call(f, 1), 2, "the waiting call still arrives");
    assert_eq!(stubs.target(f.id), None);
    assert!(stubs.update(f.id, at(optimized)).is_err());
}

#[test]
fn a_resolver_may_call_lazy_stubs() {
    let (stubs, count) = with_resolver(|stubs, id| {
        let next = StubId::from_index(id.index() + 1);
        if let Some(address) = stubs.address(next) {
            assert_eq!(call(Stub { id: next, address }, 40), 41);
        }
    });
    let chain = stubs
        .create_batch(["a", "b", "c", "d"].map(|name| (name, Target::Lazy)))
        .unwrap();
    assert_eq!(call(chain[0], 1), 2);
    assert_eq!(asked(&count), 4);
    assert!(chain.iter().all(|stub| !stubs.is_lazy(stub.id)));
}

#[test]
fn a_resolver_may_create_stubs() {
    let (stubs, _) = with_resolver(|stubs, id| {
        let name = format!("helper of {}", stubs.name(id).expect("it is being called"));
        stubs.create(&name, Target::Lazy).unwrap();
    });
    let f = stubs.create("f", Target::Lazy).unwrap();
    assert_eq!(call(f, 1), 2);
    assert!(stubs.find("helper of f").is_some());
}

#[test]
fn stubs_of_several_managers_ask_their_own() {
    let managers: Vec<_> = (0..3).map(|_| with_resolver(|_, _| ())).collect();
    for (asked_before, (stubs, count)) in managers.iter().enumerate() {
        let f = stubs.create("f", Target::Lazy).unwrap();
        assert_eq!(call(f, 1), 2);
        assert_eq!(asked(count), 1, "manager {asked_before}");
    }
}

#[test]
fn the_last_stub_of_every_block_is_lazy_too() {
    let (stubs, count) = with_resolver(|_, _| ());
    let all = stubs
        .create_batch((0..crate::support::CAPACITY).map(|i| (format!("f{i}"), Target::Lazy)))
        .unwrap();
    for &stub in &all {
        assert_eq!(call(stub, stub.id.index()), stub.id.index() + 1);
    }
    assert_eq!(asked(&count), crate::support::CAPACITY);
}

/// Sends every call on a detour and notes where it came from.
struct Detours(Arc<AtomicUsize>);

impl LazyResolver for Detours {
    fn resolve(&self, _id: StubId, return_address: usize) -> Resolution {
        self.0.store(return_address, Ordering::Relaxed);
        Resolution::Detour(at(optimized))
    }
}

#[inline(never)]
fn calls_and_adds(stub: Stub) -> u32 {
    call(stub, 1) + 100
}

#[test]
fn a_detour_is_not_published_and_says_where_it_returns_to() {
    let returns_to: Arc<AtomicUsize> = Arc::default();
    let resolver = Box::new(Detours(Arc::clone(&returns_to)));
    let stubs = StubManager::new(Config::default(), resolver).expect("a reservation");
    let f = stubs.create("f", Target::Lazy).unwrap();
    assert_eq!(calls_and_adds(f), 103);
    assert!(stubs.is_lazy(f.id));
    assert_eq!(stubs.target(f.id), None);

    let mut info = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    let address = returns_to.load(Ordering::Relaxed) as *const libc::c_void;
    // SAFETY: any address may be asked for, and `info` is valid for writes.
    let known = unsafe { libc::dladdr(address, &raw mut info) };
    let mut ours = info;
    // SAFETY: as above.
    unsafe {
        libc::dladdr(
            calls_and_adds as *const () as *const libc::c_void,
            &raw mut ours,
        )
    };
    assert!(
        known != 0 && info.dli_fbase == ours.dli_fbase,
        "the caller is in this binary"
    );
}

extern "C" fn errno_of(_: u32) -> u32 {
    io::Error::last_os_error()
        .raw_os_error()
        .unwrap_or(0)
        .cast_unsigned()
}

#[test]
fn errno_survives_a_first_call() {
    let stubs = manager(|_| {
        // SAFETY: an invalid descriptor is an error, nothing else.
        assert_eq!(unsafe { libc::close(-1) }, -1);
        at(errno_of)
    });
    let f = stubs.create("f", Target::Lazy).unwrap();
    // SAFETY: the address of this thread's own `errno`.
    unsafe { libc::__errno_location().write(libc::ERANGE) };
    assert_eq!(call(f, 0), libc::ERANGE.cast_unsigned());
}
