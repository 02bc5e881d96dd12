//! Arguments and results of every class survive a first call.

use std::ffi::{CStr, c_char, c_int};
use std::mem::transmute;

use crate::support::every_way;

type Integers = extern "C" fn(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) -> i64;

extern "C" fn integers(
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    e: i64,
    f: i64,
    g: i64,
    h: i64,
    i: i64,
    j: i64,
    k: i64,
    l: i64,
) -> i64 {
    [a, b, c, d, e, f, g, h, i, j, k, l]
        .iter()
        .fold(0, |digits, digit| digits * 16 + digit)
}

#[test]
fn twelve_integers() {
    every_way(integers as Integers as *const (), |stub| {
        // SAFETY: the stub leads to `integers`.
        let call: Integers = unsafe { transmute(stub) };
        assert_eq!(
            call(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
            0x1234_5678_9abc
        );
    });
}

type Doubles = extern "C" fn(f64, f64, f64, f64, f64, f64, f64, f64, f64, f64) -> f64;

extern "C" fn doubles(
    a: f64,
    b: f64,
    c: f64,
    d: f64,
    e: f64,
    f: f64,
    g: f64,
    h: f64,
    i: f64,
    j: f64,
) -> f64 {
    [a, b, c, d, e, f, g, h, i, j]
        .iter()
        .fold(0.0, |digits, digit| digits * 10.0 + digit)
}

#[test]
fn ten_doubles() {
    every_way(doubles as Doubles as *const (), |stub| {
        // SAFETY: the stub leads to `doubles`.
        let call: Doubles = unsafe { transmute(stub) };
        assert_eq!(
            call(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 0.0),
            1_234_567_890.0
        );
    });
}

type Mixed = extern "C" fn(u8, f32, i128, f64, bool, u16) -> f64;

extern "C" fn mixed(a: u8, b: f32, c: i128, d: f64, e: bool, f: u16) -> f64 {
    f64::from(a) + f64::from(b) + (c >> 64) as f64 + d + f64::from(u8::from(e)) + f64::from(f)
}

#[test]
fn integers_and_floats_in_turn() {
    every_way(mixed as Mixed as *const (), |stub| {
        // SAFETY: the stub leads to `mixed`.
        let call: Mixed = unsafe { transmute(stub) };
        assert_eq!(call(1, 0.5, 1000 << 64, 0.25, true, 20), 1022.75);
    });
}

/// Too large for registers: returned through a hidden pointer (rdi; x8).
#[repr(C)]
#[derive(Debug, PartialEq)]
struct Large([u64; 8]);

type Sret = extern "C" fn(u64, f64, Large) -> Large;

extern "C" fn sret(a: u64, b: f64, mut on_stack: Large) -> Large {
    on_stack.0[0] += a;
    on_stack.0[7] += b as u64;
    on_stack
}

#[test]
fn struct_return_and_by_value() {
    every_way(sret as Sret as *const (), |stub| {
        // SAFETY: the stub leads to `sret`.
        let call: Sret = unsafe { transmute(stub) };
        assert_eq!(
            call(10, 20.0, Large([1, 2, 3, 4, 5, 6, 7, 8])),
            Large([11, 2, 3, 4, 5, 6, 7, 28])
        );
    });
}

type Variadic = unsafe extern "C" fn(*mut c_char, usize, *const c_char, ...) -> c_int;

#[test]
fn variadic_with_integers_and_doubles() {
    every_way(libc::snprintf as Variadic as *const (), |stub| {
        // SAFETY: the stub leads to `snprintf`.
        let call: Variadic = unsafe { transmute(stub) };
        let mut text = [0; 128];
        // SAFETY: the buffer has the length that is passed, and the arguments are what the format says.
        let length = unsafe {
            call(
                text.as_mut_ptr(),
                text.len(),
                c"%d %.1f %s %.2f %ld %.1f %d %d".as_ptr(),
                1 as c_int,
                2.5_f64,
                c"three".as_ptr(),
                4.25_f64,
                5_i64,
                6.5_f64,
                7 as c_int,
                8 as c_int,
            )
        };
        // SAFETY: `snprintf` terminates what it writes.
        let text = unsafe { CStr::from_ptr(text.as_ptr()) };
        assert_eq!(text, c"1 2.5 three 4.25 5 6.5 7 8");
        assert_eq!(length, 26);
    });
}

type Recursive = extern "C" fn(usize, u32) -> u32;

/// Calls the stub it was called through.
extern "C" fn factorial(stub: usize, n: u32) -> u32 {
    // SAFETY: the test passes the address of the stub that leads here.
    let call: Recursive = unsafe { transmute(stub) };
    if n == 0 { 1 } else { n * call(stub, n - 1) }
}

#[test]
fn recursion_through_a_stub() {
    every_way(factorial as Recursive as *const (), |stub| {
        // SAFETY: the stub leads to `factorial`.
        let call: Recursive = unsafe { transmute(stub) };
        assert_eq!(call(stub.addr(), 10), 3_628_800);
    });
}
