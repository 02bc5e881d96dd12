//! Results, iterators, integer overflow rules, slices and statics with atomics.

use std::sync::atomic::{AtomicUsize, Ordering};

static CALLS: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug, PartialEq)]
enum Error {
    Empty,
    Bad(char),
}

fn parse(text: &str) -> Result<i32, Error> {
    CALLS.fetch_add(1, Ordering::Relaxed);
    if text.is_empty() {
        return Err(Error::Empty);
    }
    text.chars().try_fold(0i32, |n, c| {
        let digit = c.to_digit(10).ok_or(Error::Bad(c))?;
        Ok(n.wrapping_mul(10).wrapping_add(digit as i32))
    })
}

fn sum_of(texts: &[&str]) -> Result<i32, Error> {
    texts.iter().map(|t| parse(t)).sum()
}

fn median<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

fn main() {
    let mut good = 0i64;
    let mut bad = 0;
    for i in 0..1000 {
        let text = i.to_string();
        let texts = ["1", "22", if i % 5 == 0 { "x" } else { &text }];
        match sum_of(&texts) {
            Ok(n) => good += i64::from(n),
            Err(_) => bad += 1,
        }
    }
    let values: Vec<u8> = (0..200u32).map(|i| (i * 37 % 256) as u8).collect();
    println!(
        "{good} {bad} {} {:?}",
        CALLS.load(Ordering::Relaxed),
        median(&values)
    );
    println!(
        "{:?} {:?} {:?}",
        parse(""),
        parse("4z"),
        i32::MAX.checked_add(1)
    );
    println!(
        "{:?}",
        values
            .chunks(50)
            .map(|c| c.iter().map(|x| u32::from(*x)).sum::<u32>())
            .collect::<Vec<_>>()
    );
    std::process::exit(30);
}
