//! Copies of variables in several threads.

use std::collections::HashSet;
use std::ptr::{null, null_mut};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{Control, get_address};

// SAFETY: what the template points to is never written.
unsafe impl Sync for Control {}

const fn control(size: usize, align: usize, template: *const u8) -> Control {
    Control {
        size,
        align,
        number: AtomicUsize::new(0),
        template,
    }
}

fn address(control: &'static Control) -> *mut u8 {
    // SAFETY: it describes a variable and lives for ever.
    unsafe { get_address(control) }
}

#[test]
fn copies_start_with_the_template_or_zeros() {
    static TEMPLATE: [u8; 3] = [1, 2, 3];
    static INITIALISED: Control = control(3, 1, &raw const TEMPLATE as *const u8);
    static ZEROED: Control = control(1000, 8, null());
    let bytes = |control: &'static Control| {
        // SAFETY: a copy has that many bytes, and is this thread's only.
        unsafe { std::slice::from_raw_parts(address(control), control.size) }.to_vec()
    };
    assert_eq!(bytes(&INITIALISED), TEMPLATE);
    // SAFETY: this thread's own byte.
    unsafe { address(&INITIALISED).write(9) };
    assert_eq!(bytes(&INITIALISED), [9, 2, 3]);
    assert!(bytes(&ZEROED).iter().all(|&byte| byte == 0));
    let of_other = thread::spawn(move || bytes(&INITIALISED)).join();
    assert_eq!(of_other.expect("it does not panic"), TEMPLATE);
}

#[test]
fn copies_are_aligned_and_have_addresses_of_their_own() {
    static PAGE: Control = control(1, 4096, null());
    static NOTHING: Control = control(0, 1, null());
    static NOTHING_EITHER: Control = control(0, 1, null());
    assert_eq!(address(&PAGE).addr() % 4096, 0);
    assert_ne!(address(&NOTHING), address(&NOTHING_EITHER));
    assert_eq!(address(&PAGE), address(&PAGE));
}

#[test]
fn threads_that_start_together_agree_on_the_variable() {
    const THREADS: usize = 8;
    static CONTROLS: [Control; 50] = [const { control(8, 8, null()) }; 50];
    let barrier = Barrier::new(THREADS);
    let of_thread = || {
        barrier.wait();
        let all: Vec<_> = CONTROLS.iter().map(|c| address(c).addr()).collect();
        let again: Vec<_> = CONTROLS.iter().map(|c| address(c).addr()).collect();
        assert_eq!(all, again);
        // The others' are alive until all have theirs.
        barrier.wait();
        all
    };
    let all: Vec<usize> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(of_thread)).collect();
        let each = threads.into_iter().map(|thread| thread.join());
        each.flat_map(|all| all.expect("it does not panic"))
            .collect()
    });
    let distinct: HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), THREADS * CONTROLS.len());
}

/// What the destructor of a key saw in each of its rounds.
static SEEN: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
static COUNT: Control = control(8, 8, null());

unsafe extern "C" fn end(key: *mut libc::c_void) {
    let count = address(&COUNT).cast::<usize>();
    // SAFETY: this thread's copy, which is large enough and aligned.
    let round = unsafe { *count } - 40;
    // SAFETY: as above.
    unsafe { *count += 1 };
    SEEN[round].store(round + 1, Ordering::Relaxed);
    if round + 1 < SEEN.len() {
        // SAFETY: the value is the key plus 1, and the key lives.
        unsafe { libc::pthread_setspecific((key.addr() - 1) as libc::pthread_key_t, key) };
    }
}

#[test]
fn destructors_of_keys_find_the_copies() {
    let ended = thread::spawn(|| {
        let count = address(&COUNT).cast::<usize>();
        // SAFETY: this thread's copy, which is large enough and aligned.
        unsafe { *count = 40 };
        let mut key = 0;
        // SAFETY: the key is valid for writes, and the destructor takes any value.
        assert_eq!(unsafe { libc::pthread_key_create(&mut key, Some(end)) }, 0);
        let value = null_mut::<u8>().wrapping_add(key as usize + 1);
        // SAFETY: the key was just created.
        unsafe { libc::pthread_setspecific(key, value.cast()) };
    });
    ended.join().expect("it does not panic");
    let seen: Vec<_> = SEEN
        .iter()
        .map(|seen| seen.load(Ordering::Relaxed))
        .collect();
    assert_eq!(seen, [1, 2, 3]);
}
