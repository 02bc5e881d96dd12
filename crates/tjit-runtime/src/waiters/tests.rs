//! Order, refreshing and its bound.

use super::*;
use std::cell::Cell;
use std::collections::HashMap;

const FREE: fn(Duration) -> bool = |_| true;

fn id(index: u32) -> FunctionId {
    FunctionId::new(index)
}

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn taken(waiters: &mut Waiters) -> Vec<u32> {
    std::iter::from_fn(|| waiters.take(FREE))
        .map(|(function, _)| function.index())
        .collect()
}

#[test]
fn the_most_urgent_is_taken_and_of_equals_the_first() {
    let mut waiters = Waiters::default();
    for (index, priority) in [(0, 5), (1, 9), (2, 5), (3, 9), (4, 0)] {
        assert!(waiters.add(id(index), ms(0), &|_, _| Some(priority)));
    }
    assert_eq!(taken(&mut waiters), [1, 3, 0, 2, 4]);
}

#[test]
fn those_that_do_not_wait_any_more_are_dropped() {
    let mut waiters = Waiters::default();
    assert!(!waiters.add(id(0), ms(0), &|_, _| None));
    for index in 1..=4 {
        waiters.add(id(index), ms(0), &|_, _| Some(0));
    }
    let even = |function: FunctionId, _| function.index().is_multiple_of(2).then_some(1);
    assert_eq!(waiters.refresh(&even), 2);
    assert_eq!(taken(&mut waiters).len(), 2);
}

#[test]
fn the_times_of_those_that_are_not_free_are_told() {
    let mut waiters = Waiters::default();
    for (index, at) in [(0, 30), (1, 10), (2, 20)] {
        waiters.add(id(index), ms(at), &|_, _| Some(u64::from(index)));
    }
    assert_eq!(waiters.take(|at| at < ms(15)), Some((id(1), ms(10))));
    assert_eq!(waiters.take(|at| at < ms(15)), None);
    assert_eq!(waiters.oldest(), Some(ms(20)));
}

/// The cost of a take is bounded, and yet a function that becomes urgent is found within a round.
#[test]
fn a_take_asks_for_few_priorities_and_comes_to_all() {
    const MANY: u32 = if cfg!(miri) { 100 } else { 10_000 };
    let mut waiters = Waiters::default();
    for index in 0..MANY {
        waiters.add(id(index), ms(0), &|_, _| Some(0));
    }
    let asked = Cell::new(0);
    let seen = Cell::new(HashMap::new());
    let rank = |function: FunctionId, _: Duration| {
        asked.set(asked.get() + 1);
        let mut map = seen.take();
        *map.entry(function.index()).or_insert(0) += 1;
        seen.set(map);
        Some(u64::from(function == id(MANY - 1)))
    };
    let rounds = MANY as usize / REFRESHED + 1;
    let mut takes = 0;
    loop {
        let before = asked.get();
        waiters.refresh(&rank);
        assert!(asked.get() - before <= REFRESHED);
        takes += 1;
        if waiters.take(FREE).map(|(function, _)| function) == Some(id(MANY - 1)) {
            break;
        }
    }
    assert!(takes <= rounds, "{takes} takes, {rounds} in a round");
}
