//! No page is ever writable and executable at once, and a manager uses no memory for stubs it does not have.

use std::fs;
use std::ops::Range;

use tjit_stubs::Target;

use crate::support::{CAPACITY, code, manager};

/// A line of `/proc/self/maps`.
#[derive(Debug)]
struct Region {
    range: Range<usize>,
    permissions: String,
}

fn regions() -> Vec<Region> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let region = |line: &str| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let bound = |text| usize::from_str_radix(text, 16).ok();
        Some(Region {
            range: bound(start)?..bound(end)?,
            permissions: fields.next()?.to_owned(),
        })
    };
    maps.lines()
        .map(|line| region(line).unwrap_or_else(|| panic!("{line}")))
        .collect()
}

fn inside(range: &Range<usize>) -> Vec<Region> {
    let mut all = regions();
    all.retain(|region| region.range.start < range.end && range.start < region.range.end);
    all
}

#[test]
fn pages_are_writable_or_executable() {
    let target = code(pages_are_writable_or_executable as fn() as *const ());
    let stubs = manager(move |_| target);
    let range = stubs.reserved_range();
    for name in 0..CAPACITY {
        let stub = stubs.create(&format!("f{name}"), Target::Lazy).unwrap();
        stubs.update(stub.id, target).unwrap();
        if name.is_multiple_of(1000) {
            for region in inside(&range) {
                let (write, execute) = (
                    region.permissions.contains('w'),
                    region.permissions.contains('x'),
                );
                assert!(!(write && execute), "{region:?}");
                if region.range.contains(&stub.address.addr()) {
                    assert!(execute, "{region:?}");
                }
            }
        }
    }
}

#[test]
fn a_fresh_manager_uses_one_page() {
    let stubs = manager(|_| code(regions as fn() -> _ as *const ()));
    let accessible: usize = inside(&stubs.reserved_range())
        .iter()
        .filter(|region| !region.permissions.starts_with("---"))
        .map(|region| region.range.len())
        .sum();
    assert!(
        accessible <= 64 << 10,
        "{accessible} bytes before the first stub"
    );
}
