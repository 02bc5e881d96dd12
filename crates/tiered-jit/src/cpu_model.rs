//! What compilers' run-time libraries know of the processor, behind `__builtin_cpu_supports`, `__builtin_cpu_init`, and the
//! resolvers of functions that are compiled for several processors.
//!
//! A static linker finds it in `libgcc.a`, hidden, so that every program has its own. `libgcc_s.so` still has most of it, for
//! programs linked against GCC 4.8's, under that version, which a look-up by name alone passes by.

#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
mod imp {
    use std::ffi::CStr;
    use std::sync::LazyLock;

    /// The version of the symbols of `libgcc_s.so.1` (libgcc's `config/i386/libgcc-glibc.ver`).
    const VERSION: &CStr = c"GCC_4.8.0";

    /// What `libgcc_s.so.1` lacks: bits 32 and up of the features.
    const MORE_FEATURES: &str = "__cpu_features2";

    pub(crate) fn address_of(name: &str) -> Option<u64> {
        let versioned = match name {
            "__cpu_model" => c"__cpu_model",
            "__cpu_indicator_init" => c"__cpu_indicator_init",
            MORE_FEATURES => return Some((&raw const *FEATURES).addr() as u64),
            _ => return None,
        };
        // SAFETY: both are strings that end in NUL, and any symbol may be asked for.
        let found =
            unsafe { libc::dlvsym(libc::RTLD_DEFAULT, versioned.as_ptr(), VERSION.as_ptr()) };
        (!found.is_null()).then(|| found.addr() as u64)
    }

    /// `__cpu_features2`, whose bit `n` stands for feature `32 + n`.
    static FEATURES: LazyLock<[u32; 3]> = LazyLock::new(|| {
        let mut words = [0; 3];
        for (feature, _) in detected().into_iter().filter(|(_, is_there)| *is_there) {
            words[feature / 32 - 1] |= 1 << (feature % 32);
        }
        words
    });

    /// Features by the numbers that GCC and LLVM agreed on (`enum processor_features` of GCC's
    /// `common/config/i386/i386-cpuinfo.h`, `X86TargetParser.def` of LLVM), from 32.
    fn detected() -> Vec<(usize, bool)> {
        macro_rules! has {
            ($($feature:tt)+) => { $(is_x86_feature_detected!($feature))&&+ };
        }
        let v2 = has!("cmpxchg16b" "popcnt" "sse3" "ssse3" "sse4.1" "sse4.2");
        let v3 = v2 && has!("avx" "avx2" "bmi1" "bmi2" "f16c" "fma" "lzcnt" "movbe");
        let v4 = v3 && has!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl");
        vec![
            (32, has!("gfni")),
            (33, has!("vpclmulqdq")),
            (34, has!("avx512vnni")),
            (35, has!("avx512bitalg")),
            (36, has!("avx512bf16")),
            (37, has!("avx512vp2intersect")),
            (40, has!("adx")),
            (46, has!("cmpxchg16b")),
            (49, has!("f16c")),
            (51, has!("fxsr")),
            (57, has!("lzcnt")),
            (58, has!("movbe")),
            (69, has!("rdrand")),
            (70, has!("rdseed")),
            (71, has!("rtm")),
            (74, has!("sha")),
            (78, has!("vaes")),
            (81, has!("xsave")),
            (82, has!("xsavec")),
            (83, has!("xsaveopt")),
            (84, has!("xsaves")),
            (93, has!("avxvnni")),
            (94, has!("avx512fp16")),
            (95, true),
            (96, v2),
            (97, v3),
            (98, v4),
        ]
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_symbols_have_addresses_and_others_have_none() {
            for name in ["__cpu_model", "__cpu_indicator_init", MORE_FEATURES] {
                assert!(address_of(name).is_some(), "{name}");
            }
            assert_eq!(address_of("__cpu"), None);
        }

        /// The features' table and the one of `libgcc_s.so` start at the same bit.
        #[test]
        fn features_are_those_of_this_processor() {
            assert_eq!(
                FEATURES[0] >> 14 & 1 == 1,
                is_x86_feature_detected!("cmpxchg16b")
            );
            assert_eq!(FEATURES[2] >> 31 & 1, 0, "feature 127 does not exist");
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_env = "gnu")))]
mod imp {
    pub(crate) fn address_of(_name: &str) -> Option<u64> {
        None
    }
}

pub(crate) use imp::address_of;
