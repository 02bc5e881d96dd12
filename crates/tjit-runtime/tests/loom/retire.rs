//! Versions that are freed while somebody may be in them.

use crate::support::check;
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tjit_runtime::Retired;

/// A slot with versions behind it that are freed.
struct World {
    retired: Retired<usize>,
    slot: loom::sync::atomic::AtomicUsize,
    freed: [loom::sync::atomic::AtomicBool; 3],
}

impl World {
    fn call(&self) {
        let _pin = self.retired.pin();
        let version = self.slot.load(Ordering::Acquire);
        assert!(!self.freed[version].load(Ordering::Relaxed));
    }

    fn publish(&self, version: usize) {
        let old = self.slot.swap(version, Ordering::AcqRel);
        self.retired.retire(old);
    }

    fn reclaim(&self) {
        for version in self.retired.collect() {
            let twice = self.freed[version].swap(true, Ordering::Relaxed);
            assert!(!twice, "freed twice");
        }
    }
}

/// One thread calls, one publishes, one reclaims: whoever is inside never sees a version that is freed.
#[test]
fn no_call_enters_what_was_freed() {
    check(|| {
        let world = Arc::new(World {
            retired: Retired::default(),
            slot: loom::sync::atomic::AtomicUsize::new(0),
            freed: std::array::from_fn(|_| loom::sync::atomic::AtomicBool::new(false)),
        });
        let caller = thread::spawn({
            let world = world.clone();
            move || world.call()
        });
        let publisher = thread::spawn({
            let world = world.clone();
            move || {
                world.publish(1);
                world.publish(2);
            }
        });
        world.reclaim();
        caller.join().unwrap();
        publisher.join().unwrap();
        world.reclaim();
        assert!(world.retired.is_empty(), "a slow pin only delays");
        assert!(!world.freed[2].load(Ordering::Relaxed));
    });
}
