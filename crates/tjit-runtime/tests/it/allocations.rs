//! A trip allocates nothing, with and without subscribers.

use crate::support::{baseline, runtime};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::num::NonZeroUsize;
use std::thread;
use tjit_runtime::{FunctionState, TripOutcome};

/// The system's allocator, counting per thread.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every method passes its arguments on to `System` unchanged and returns what it returns; the count beside it is a
// thread-local `Cell` without destructor, which neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises about `layout` are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: `pointer` came from `alloc` above, hence from `System`, with the same `layout`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn a_trip_neither_allocates_nor_frees() {
    let (runtime, _) = runtime(2);
    let ids = ["f", "g", "h"].map(|symbol| baseline(&runtime, symbol));
    let events = runtime.events().subscribe(NonZeroUsize::new(100).unwrap());
    thread::scope(|scope| {
        // A sleeping worker, so that the wake-up is on the measured path as well.
        scope.spawn(|| {
            let mut worker = runtime.worker().unwrap();
            while worker.next_job().is_some() {}
        });
        let before = ALLOCATIONS.get();
        let outcomes = ids.map(|id| runtime.trip(id));
        let again = runtime.trip(ids[0]);
        assert_eq!(ALLOCATIONS.get() - before, 0);
        assert!(
            outcomes
                .iter()
                .all(|outcome| matches!(outcome, TripOutcome::Queued | TripOutcome::Full))
        );
        assert!(matches!(
            again,
            TripOutcome::Settled(
                FunctionState::Queued | FunctionState::Compiling | FunctionState::Failed
            )
        ));
        runtime.shutdown();
    });
    assert!(events.try_iter().count() > 0);
}
