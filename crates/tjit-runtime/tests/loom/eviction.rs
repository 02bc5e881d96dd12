//! Versions that are probed and make room while they are called and replaced.

use crate::support::{BASELINE, OPTIMIZED, check, code, with_baselines};
use loom::sync::atomic::{AtomicBool, AtomicUsize};
use loom::thread;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tjit_runtime::{Error, FunctionId, Retired, Runtime, UnitId};

const NEWER: usize = OPTIMIZED + 1;

/// What a slot has that asks.
const LAZY: usize = 1 << 32;

/// A function, its slot, and which of its versions were freed.
struct World {
    runtime: Arc<Runtime<u32>>,
    id: FunctionId,
    slot: AtomicUsize,
    retired: Arc<Retired<usize>>,
    freed: [AtomicBool; 2],
}

impl World {
    /// The optimised version runs; returns its unit as well.
    fn new() -> (Arc<Self>, UnitId) {
        let (runtime, ids) = with_baselines(1, 1);
        let retired = Arc::new(Retired::default());
        let heard = retired.clone();
        runtime.on_displaced(move |_, version| {
            if version.unit.is_some() {
                heard.retire(version.address);
            }
        });
        let world = Arc::new(Self {
            runtime,
            id: ids[0],
            slot: AtomicUsize::new(BASELINE),
            retired,
            freed: std::array::from_fn(|_| AtomicBool::new(false)),
        });
        let unit = world.promote(OPTIMIZED);
        (world, unit)
    }

    fn promote(&self, address: usize) -> UnitId {
        self.runtime.request(self.id, 1).unwrap();
        let mut worker = self.runtime.worker().unwrap();
        let job = worker.next_job().unwrap();
        let unit = job.unit();
        let install = |address| {
            self.set(address);
            Ok::<_, Infallible>(())
        };
        job.publish(code(address), install).unwrap();
        unit
    }

    /// A swap, since loom would let a plain store come in between the halves of a compare-and-swap.
    fn set(&self, slot: usize) {
        self.slot.swap(slot, Ordering::AcqRel);
    }

    /// As a stub and the resolver do it.
    fn call(&self) {
        let _pin = self.retired.pin();
        let seen = self.slot.load(Ordering::Acquire);
        let target = if seen < LAZY {
            seen
        } else {
            let record = self.runtime.table().get(self.id).unwrap();
            let code = record.code().expect("something runs");
            record.touch();
            let _lost = self
                .slot
                .compare_exchange(seen, code, Ordering::AcqRel, Ordering::Relaxed);
            code
        };
        assert!(target == BASELINE || !self.freed[target - OPTIMIZED].load(Ordering::Relaxed));
    }

    fn probe(&self, unit: UnitId) -> bool {
        let make_lazy = || {
            self.set(LAZY);
            Ok::<_, Error>(())
        };
        self.runtime.probe((self.id, unit), make_lazy).unwrap()
    }

    fn evict(&self, unit: UnitId) -> bool {
        let install = |baseline: Option<usize>| {
            assert_eq!(baseline, Some(BASELINE));
            self.set(BASELINE);
            Ok::<_, Error>(())
        };
        self.runtime.evict((self.id, unit), install).unwrap()
    }

    fn reclaim(&self) {
        for version in self.retired.collect() {
            let twice = self.freed[version - OPTIMIZED].swap(true, Ordering::Relaxed);
            assert!(!twice, "freed twice");
        }
    }

    /// What new calls enter, now that nothing is under way.
    fn runs(&self) -> usize {
        self.call();
        let slot = self.slot.load(Ordering::Acquire);
        let record = self.runtime.table().get(self.id).unwrap();
        assert_eq!(Some(slot), record.code(), "the slot leads elsewhere");
        slot
    }
}

/// Somebody calls while the hand comes round: he enters what is there, and what was called since the probe stays.
#[test]
fn a_call_keeps_what_it_enters() {
    check(|| {
        let (world, unit) = World::new();
        let caller = thread::spawn({
            let world = world.clone();
            move || world.call()
        });
        assert!(world.probe(unit));
        let evicted = world.evict(unit);
        world.reclaim();
        caller.join().unwrap();
        let expected = if evicted { BASELINE } else { OPTIMIZED };
        assert_eq!(world.runs(), expected);
        world.reclaim();
        assert_eq!(world.freed[0].load(Ordering::Relaxed), evicted);
    });
}

/// A newer version is published while one is evicted and a call asks: the newer one runs then, whoever came first.
#[test]
fn a_newer_version_is_neither_evicted_nor_overwritten() {
    check(|| {
        let (world, unit) = World::new();
        let caller = thread::spawn({
            let world = world.clone();
            move || world.call()
        });
        let clock = thread::spawn({
            let world = world.clone();
            move || world.probe(unit) && world.evict(unit)
        });
        world.promote(NEWER);
        caller.join().unwrap();
        clock.join().unwrap();
        assert_eq!(world.runs(), NEWER);
        world.reclaim();
        assert!(world.freed[0].load(Ordering::Relaxed) && !world.freed[1].load(Ordering::Relaxed));
    });
}
