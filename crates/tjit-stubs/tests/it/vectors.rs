//! Vector arguments keep all their lanes over a first call. (ORC's own resolver saves the lowest 16 bytes only.)

#[cfg(target_arch = "x86_64")]
#[expect(
    improper_ctypes_definitions,
    reason = "the psABI defines how vectors are passed"
)]
mod x86_64 {
    use std::arch::x86_64::*;
    use std::mem::transmute;

    use crate::support::every_way;

    type Fold<V> = unsafe extern "C" fn(V, V, V, V, V, V, V, V) -> V;

    macro_rules! vector_test {
        ($test:ident, $target:ident, $caller:ident, $feature:tt, $vector:ty, $lanes:literal, $add:ident) => {
            /// Shifts what it has by 4 bits, lane by lane, before it adds the next.
            #[target_feature(enable = $feature)]
            unsafe extern "C" fn $target(
                a: $vector,
                b: $vector,
                c: $vector,
                d: $vector,
                e: $vector,
                f: $vector,
                g: $vector,
                h: $vector,
            ) -> $vector {
                [b, c, d, e, f, g, h].into_iter().fold(a, |mut sum, next| {
                    for _ in 0..4 {
                        sum = $add(sum, sum);
                    }
                    $add(sum, next)
                })
            }

            #[target_feature(enable = $feature)]
            fn $caller(stub: *const ()) {
                // SAFETY: the stub leads to `$target`.
                let call: Fold<$vector> = unsafe { transmute(stub) };
                let vector = |argument: i64| -> $vector {
                    let lanes: [i64; $lanes] =
                        std::array::from_fn(|lane| argument + ((lane as i64) << 40));
                    // SAFETY: a vector is its lanes.
                    unsafe { transmute(lanes) }
                };
                // SAFETY: the caller made sure of the CPU feature.
                let sum = unsafe {
                    call(
                        vector(1),
                        vector(2),
                        vector(3),
                        vector(4),
                        vector(5),
                        vector(6),
                        vector(7),
                        vector(8),
                    )
                };
                // SAFETY: a vector is its lanes.
                let lanes: [i64; $lanes] = unsafe { transmute(sum) };
                let expected =
                    std::array::from_fn(|lane| 0x1234_5678 + ((lane as i64 * 0x1111_1111) << 40));
                assert_eq!(lanes, expected);
            }

            #[test]
            fn $test() {
                if is_x86_feature_detected!($feature) {
                    every_way($target as Fold<$vector> as *const (), |stub| {
                        // SAFETY: the CPU has the feature.
                        unsafe { $caller(stub) }
                    });
                }
            }
        };
    }

    vector_test!(
        m128_arguments,
        fold128,
        call128,
        "sse2",
        __m128i,
        2,
        _mm_add_epi64
    );
    vector_test!(
        m256_arguments,
        fold256,
        call256,
        "avx2",
        __m256i,
        4,
        _mm256_add_epi64
    );
    vector_test!(
        m512_arguments,
        fold512,
        call512,
        "avx512f",
        __m512i,
        8,
        _mm512_add_epi64
    );

    type Doubles = unsafe extern "C" fn(__m256d, f64, __m256d) -> __m256d;

    #[target_feature(enable = "avx")]
    unsafe extern "C" fn doubles256(a: __m256d, factor: f64, b: __m256d) -> __m256d {
        _mm256_add_pd(_mm256_mul_pd(a, _mm256_set1_pd(factor)), b)
    }

    #[target_feature(enable = "avx")]
    fn call_doubles256(stub: *const ()) {
        // SAFETY: the stub leads to `doubles256`.
        let call: Doubles = unsafe { transmute(stub) };
        let (a, b) = (_mm256_set_pd(4.0, 3.0, 2.0, 1.0), _mm256_set1_pd(0.5));
        // SAFETY: the caller made sure of AVX.
        let sum = unsafe { call(a, 10.0, b) };
        // SAFETY: a vector is its lanes.
        let lanes: [f64; 4] = unsafe { transmute(sum) };
        assert_eq!(lanes, [10.5, 20.5, 30.5, 40.5]);
    }

    #[test]
    fn m256d_and_a_scalar() {
        if is_x86_feature_detected!("avx") {
            every_way(doubles256 as Doubles as *const (), |stub| {
                // SAFETY: the CPU has AVX.
                unsafe { call_doubles256(stub) }
            });
        }
    }
}

#[cfg(target_arch = "aarch64")]
#[expect(
    improper_ctypes_definitions,
    reason = "AAPCS64 defines how vectors are passed"
)]
mod aarch64 {
    use std::arch::aarch64::*;
    use std::mem::transmute;

    use crate::support::every_way;

    type Fold = extern "C" fn(
        uint32x4_t,
        uint32x4_t,
        uint32x4_t,
        uint32x4_t,
        uint32x4_t,
        uint32x4_t,
        uint32x4_t,
        uint32x4_t,
    ) -> uint32x4_t;

    extern "C" fn fold(
        a: uint32x4_t,
        b: uint32x4_t,
        c: uint32x4_t,
        d: uint32x4_t,
        e: uint32x4_t,
        f: uint32x4_t,
        g: uint32x4_t,
        h: uint32x4_t,
    ) -> uint32x4_t {
        let lanes = |vector: uint32x4_t| -> [u32; 4] {
            // SAFETY: a vector is its lanes.
            unsafe { transmute(vector) }
        };
        let rest = [b, c, d, e, f, g, h].map(lanes);
        let sum: [u32; 4] = std::array::from_fn(|i| {
            rest.iter()
                .fold(lanes(a)[i], |sum, next| sum.wrapping_mul(16) + next[i])
        });
        // SAFETY: a vector is its lanes.
        unsafe { transmute(sum) }
    }

    #[test]
    fn eight_q_registers() {
        every_way(fold as Fold as *const (), |stub| {
            // SAFETY: the stub leads to `fold`.
            let call: Fold = unsafe { transmute(stub) };
            let vector = |argument: u32| -> uint32x4_t {
                // SAFETY: a vector is its lanes.
                unsafe { transmute([argument, argument + 1, argument + 2, argument + 3]) }
            };
            let sum = call(
                vector(1),
                vector(2),
                vector(3),
                vector(4),
                vector(5),
                vector(6),
                vector(7),
                vector(8),
            );
            // SAFETY: a vector is its lanes.
            let lanes: [u32; 4] = unsafe { transmute(sum) };
            assert_eq!(lanes, [0x1234_5678, 0x2345_6789, 0x3456_789a, 0x4567_89ab]);
        });
    }
}
