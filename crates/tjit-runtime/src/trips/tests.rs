//! Places, order and hold-off.

use super::*;

const ALL: Rank<'static> = &|_, _| Some(0);
const LONG: Duration = Duration::from_secs(3_600);

fn trips(capacity: usize, hold_off: HoldOff) -> (Trips, Clock) {
    (
        Trips::new(NonZeroUsize::new(capacity).unwrap(), hold_off),
        Clock::new(),
    )
}

fn push((trips, clock): (&Trips, &Clock), index: u32) -> bool {
    let place = trips.reserve();
    let has_place = place.is_some();
    if let Some(place) = place {
        Trips::push(place, FunctionId::new(index), clock);
    }
    has_place
}

#[test]
fn a_place_is_in_use_until_its_function_is_served() {
    let (trips, clock) = trips(2, HoldOff::NONE);
    assert!(push((&trips, &clock), 0) && push((&trips, &clock), 1));
    assert!(!push((&trips, &clock), 2));
    let first = trips.take(&clock, ALL);
    let function = FunctionId::new(0);
    assert_eq!(
        first,
        Look::Found(Taken {
            function,
            held: None
        })
    );
    assert!(push((&trips, &clock), 2), "the other was only looked at");
    assert!(!push((&trips, &clock), 3));
}

#[test]
fn those_that_do_not_wait_any_more_give_their_places_back() {
    let (trips, clock) = trips(2, HoldOff::NONE);
    assert!(push((&trips, &clock), 0) && push((&trips, &clock), 1));
    assert_eq!(trips.take(&clock, &|_, _| None), Look::Nothing);
    assert!(trips.is_empty());
    assert!(push((&trips, &clock), 2) && push((&trips, &clock), 3));
}

#[test]
fn trips_are_held_while_first_calls_come() {
    let hold_off = HoldOff {
        quiet: LONG,
        at_most: LONG,
    };
    let (trips, clock) = trips(2, hold_off);
    push((&trips, &clock), 0);
    let early = trips.take(&clock, ALL);
    assert!(matches!(early, Look::Found(_)), "nothing was called");
    push((&trips, &clock), 1);
    trips.note_first_call(&clock);
    let Look::Until(time) = trips.take(&clock, ALL) else {
        panic!("it is held")
    };
    assert!(time > LONG && time <= clock.now() + LONG);
}

#[test]
fn but_not_for_longer_than_the_limit_and_it_is_told() {
    let hold_off = HoldOff {
        quiet: LONG,
        at_most: Duration::ZERO,
    };
    let (trips, clock) = trips(2, hold_off);
    trips.note_first_call(&clock);
    push((&trips, &clock), 0);
    assert!(matches!(trips.take(&clock, ALL), Look::Found(_)));
}
