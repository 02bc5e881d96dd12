//! What measured code has written down so far.

use std::sync::atomic::{AtomicU64, Ordering};

use tjit_instrument::{BUCKETS, Histogram};

/// Where measured code writes. The addresses hold for as long as the code is not freed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measured {
    Nothing,
    Times(usize),
    Results {
        counts: usize,
        old: usize,
        new: usize,
        size: usize,
    },
}

/// How often results were compared, and the first that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Compared {
    pub(super) calls: u64,
    pub(super) difference: Option<(Vec<u8>, Vec<u8>)>,
}

/// As `shadow` of `tjit-instrument` has it: both results are written down.
const WRITTEN: u64 = 2;

impl Measured {
    /// The times of calls; empty if they are not measured.
    ///
    /// # Safety
    /// The code has not been freed.
    pub(super) unsafe fn times(self) -> Histogram {
        let Self::Times(address) = self else {
            return Histogram::new(Vec::new());
        };
        // SAFETY: the histogram is that long and aligned, and generated code writes it as atomics; it lives, says our caller.
        let places = unsafe { std::slice::from_raw_parts(address as *const AtomicU64, BUCKETS) };
        // Relaxed: each place counts for itself.
        let counts = places.iter().map(|place| place.load(Ordering::Relaxed));
        Histogram::new(counts.collect())
    }

    /// What became of the comparison; nothing if results are not compared.
    ///
    /// # Safety
    /// The code has not been freed.
    pub(super) unsafe fn compared(self) -> Compared {
        let Self::Results {
            counts,
            old,
            new,
            size,
        } = self
        else {
            return Compared {
                calls: 0,
                difference: None,
            };
        };
        // SAFETY: there are two, aligned, which generated code writes as atomics; they live, says our caller.
        let counts = unsafe { &*(counts as *const [AtomicU64; 2]) };
        let calls = counts[0].load(Ordering::Relaxed);
        // Acquire: pairs with the Release store after the results were written.
        let difference = (counts[1].load(Ordering::Acquire) == WRITTEN).then(|| {
            // SAFETY: written before, once, and never again.
            let old = unsafe { std::slice::from_raw_parts(old as *const u8, size) };
            // SAFETY: as for the old one.
            let new = unsafe { std::slice::from_raw_parts(new as *const u8, size) };
            (old.to_vec(), new.to_vec())
        });
        Compared { calls, difference }
    }
}
