//! Versions that are freed while a crowd calls.

use crate::world::check;
use shuttle::sync::atomic::{AtomicBool, AtomicUsize};
use shuttle::thread;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tjit_runtime::Retired;

struct World {
    retired: Retired<usize>,
    slot: AtomicUsize,
    freed: [AtomicBool; 5],
}

impl World {
    fn call(&self) {
        let _pin = self.retired.pin();
        let version = self.slot.load(Ordering::Acquire);
        for _ in 0..2 {
            assert!(
                !self.freed[version].load(Ordering::Acquire),
                "called freed code"
            );
        }
    }

    fn publish(&self, version: usize) {
        let old = self.slot.swap(version, Ordering::AcqRel);
        self.retired.retire(old);
    }

    fn reclaim(&self) {
        for version in self.retired.collect() {
            assert!(
                !self.freed[version].swap(true, Ordering::AcqRel),
                "freed twice"
            );
        }
    }
}

#[test]
fn nobody_is_in_what_was_freed() {
    check(|| {
        let world = Arc::new(World {
            retired: Retired::default(),
            slot: AtomicUsize::new(0),
            freed: std::array::from_fn(|_| AtomicBool::new(false)),
        });
        let spawn = |part: fn(&World)| {
            let world = world.clone();
            thread::spawn(move || part(&world))
        };
        let threads = [
            spawn(|world| (0..3).for_each(|_| world.call())),
            spawn(|world| (0..3).for_each(|_| world.call())),
            spawn(|world| (0..3).for_each(|_| world.call())),
            spawn(|world| (1..5).for_each(|version| world.publish(version))),
            spawn(|world| (0..3).for_each(|_| world.reclaim())),
            spawn(|world| (0..2).for_each(|_| world.reclaim())),
        ];
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        world.reclaim();
        assert!(world.retired.is_empty(), "a slow pin only delays");
    });
}
