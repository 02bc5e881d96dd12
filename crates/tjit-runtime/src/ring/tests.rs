//! The ring is bounded, keeps order and loses nothing.

use super::*;
use std::sync::Mutex as StdMutex;
use std::thread;

fn ring(capacity: usize) -> Ring<usize> {
    Ring::new(NonZeroUsize::new(capacity).unwrap())
}

#[test]
fn places_are_bounded_and_come_back() {
    let ring = ring(2);
    let first = ring.reserve().unwrap();
    let second = ring.reserve().unwrap();
    assert!(ring.reserve().is_none());
    drop(second);
    ring.reserve().unwrap().fill(1);
    // The first place was taken earlier and is filled later: a push does not wait for it.
    assert_eq!(ring.pop(), Some(1));
    first.fill(2);
    ring.reserve().unwrap().fill(3);
    assert!(ring.reserve().is_none() && !ring.is_empty());
    assert_eq!(
        (ring.pop(), ring.pop(), ring.pop()),
        (Some(2), Some(3), None)
    );
    assert!(ring.is_empty());
}

/// Failure means that an item got lost or came twice when pushes and pops went round the ring many times.
#[test]
fn every_item_arrives_once() {
    let ring = ring(3);
    let total = if cfg!(miri) { 60 } else { 20_000 };
    let got = StdMutex::new(Vec::new());
    thread::scope(|scope| {
        for producer in 0..2 {
            let ring = &ring;
            scope.spawn(move || {
                for item in (producer..total).step_by(2) {
                    let place = loop {
                        match ring.reserve() {
                            Some(place) => break place,
                            None => thread::yield_now(),
                        }
                    };
                    place.fill(item);
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                while got.lock().unwrap().len() < total {
                    match ring.pop() {
                        Some(item) => got.lock().unwrap().push(item),
                        None => thread::yield_now(),
                    }
                }
            });
        }
    });
    let mut got = got.into_inner().unwrap();
    got.sort_unstable();
    assert!(got.into_iter().eq(0..total));
}
