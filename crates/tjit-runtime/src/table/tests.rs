//! Index arithmetic and growth of the table.

use super::*;
use std::thread;

#[test]
fn locate_covers_every_index_once() {
    let mut expected = (0, 0);
    for index in 0..10_000 {
        assert_eq!(locate(index), expected, "index {index}");
        let len = 64 << expected.0;
        expected = if expected.1 + 1 == len {
            (expected.0 + 1, 0)
        } else {
            (expected.0, expected.1 + 1)
        };
    }
    let (chunk, offset) = locate(u32::MAX);
    assert_eq!(
        (chunk, offset),
        (CHUNKS - 1, 63),
        "the last index is in the last chunk"
    );
}

#[test]
fn ids_are_dense_and_records_do_not_move() {
    let table = FunctionTable::new();
    assert!(table.is_empty() && table.get(FunctionId::new(0)).is_none());
    let first = table.push(FunctionInfo::new("f0", 0x1000)).unwrap();
    let before: *const FunctionRecord = table.get(first).unwrap();
    for n in 1..200 {
        let id = table
            .push(FunctionInfo::new(format!("f{n}"), 0x1000 + n))
            .unwrap();
        assert_eq!(id.index() as usize, n);
    }
    assert!(std::ptr::eq(before, table.get(first).unwrap()));
    assert_eq!(table.len(), 200);
    assert!(table.iter().enumerate().all(|(n, record)| record.stub() == 0x1000 + n && **record.symbol() == *format!("f{n}")));
    assert!(
        table.get(FunctionId::new(200)).is_none() && table.get(FunctionId::new(u32::MAX)).is_none()
    );
}

#[test]
fn readers_see_whole_records_while_others_append() {
    let table = FunctionTable::new();
    let total = if cfg!(miri) { 100 } else { 5_000 };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..total / 2 {
                    table.push(FunctionInfo::new("g", 7)).unwrap();
                }
            });
        }
        while table.len() < total {
            assert!(table.iter().all(|record| record.stub() == 7));
            thread::yield_now();
        }
    });
    assert!(
        table
            .iter()
            .enumerate()
            .all(|(n, record)| record.id().index() as usize == n)
    );
}
