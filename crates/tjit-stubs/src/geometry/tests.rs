//! Properties of the arithmetic.

use proptest::prelude::*;

use super::*;

const PAGE_SIZES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

fn geometry() -> impl Strategy<Value = Geometry> {
    (prop::sample::select(&PAGE_SIZES), 1_u32..3_000_000)
        .prop_map(|(page, capacity)| Geometry::new(capacity, page).expect("below every maximum"))
}

proptest! {
    #[test]
    fn every_index_survives_the_round_trip(g in geometry(), seed: u32) {
        let index = seed % g.capacity;
        let stub = g.stub(index as usize);
        prop_assert_eq!(stub % STUB_SIZE, 0);
        prop_assert_eq!(g.index_of_stub(stub), Some(index));
        for off_grid in 1..STUB_SIZE {
            prop_assert_eq!(g.index_of_stub(stub + off_grid), None);
        }
    }

    #[test]
    fn an_offset_is_a_stub_only_if_the_index_leads_back(g in geometry(), seed: usize) {
        let offset = seed % (g.total() + 100);
        if let Some(index) = g.index_of_stub(offset) {
            prop_assert_eq!(g.stub(index as usize), offset);
        }
    }

    #[test]
    fn parts_are_inside_their_block(g in geometry(), seed: u32) {
        let index = (seed % g.capacity) as usize;
        let block = index / g.per_block();
        prop_assert!(g.block_indices(block).contains(&index));
        prop_assert!(g.block_code(block).contains(&g.stub(index)));
        prop_assert!(g.block_code(block).contains(&g.lazy_entry(index)));
        prop_assert!(g.block_code(block).contains(&(g.lazy_entry(index) + LAZY_ENTRY_SIZE - 1)));
        prop_assert!(g.block_slots(block).contains(&g.slot(index)));
        prop_assert!(g.lazy_entry(index) >= g.block_code(block).start + g.lane);
        prop_assert!(g.header().end <= g.block_code(block).start);
        prop_assert!(g.block_slots(block).end <= g.total());
        prop_assert_eq!(g.slot(index) - g.stub(index), g.stub_to_slot());
        prop_assert!(g.stub_to_slot() < 1 << 20, "AArch64 loads across ±1 MiB");
    }

    #[test]
    fn protection_boundaries_are_pages(g in geometry(), seed: u32) {
        let block = (seed % g.capacity) as usize / g.per_block();
        let page = g.header;
        for edge in [g.block_code(block).start, g.block_code(block).end, g.block_slots(block).end, g.total()] {
            prop_assert_eq!(edge % page, 0);
        }
    }
}

#[test]
fn slots_and_lazy_entries_are_not_stubs() {
    let g = Geometry::new(5_000, 4096).unwrap();
    for index in [0, 1, 2047, 2048, 4999] {
        assert_eq!(g.index_of_stub(g.slot(index)), None);
        assert_eq!(g.index_of_stub(g.lazy_entry(index)), None);
    }
    assert_eq!(g.index_of_stub(0), None, "the trampoline");
    assert_eq!(
        g.index_of_stub(g.stub(4999) + STUB_SIZE),
        None,
        "past the capacity"
    );
}

#[test]
fn capacity_has_limits() {
    let Err(Error::InvalidCapacity { maximum, .. }) = Geometry::new(u32::MAX, 4096) else {
        panic!("no jump reaches across 128 GiB")
    };
    assert!(maximum >= 1 << 21);
    let largest = Geometry::new(maximum, 4096).unwrap();
    assert!(largest.total() <= MAX_SPAN);
    assert!(Geometry::new(maximum + 1, 4096).is_err());
    assert!(Geometry::new(0, 4096).is_err());
}
