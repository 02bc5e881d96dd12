//! The tier suffix: examples, then the round trip for every symbol.

use alloc::string::{String, ToString};

use proptest::prelude::*;

use super::*;

fn version(number: u32) -> Version {
    Version::new(number).unwrap_or(Version::FIRST)
}

/// Body name, symbol, version, tier.
const BODIES: &[(&str, &str, u32, Tier)] = &[
    ("foo_baseline", "foo", 1, Tier::Baseline),
    ("foo_optimized", "foo", 1, Tier::Optimized),
    ("foo_v2_optimized", "foo", 2, Tier::Optimized),
    ("foo_v3_optimized", "foo", 3, Tier::Optimized),
    ("foo_v2_baseline", "foo", 2, Tier::Baseline),
    (
        "foo_v4294967295_optimized",
        "foo",
        u32::MAX,
        Tier::Optimized,
    ),
    // A user's own names, which look like those of bodies.
    ("bar_optimized_baseline", "bar_optimized", 1, Tier::Baseline),
    (
        "bar_optimized_optimized",
        "bar_optimized",
        1,
        Tier::Optimized,
    ),
    ("bar_baseline_optimized", "bar_baseline", 1, Tier::Optimized),
    (
        "bar_v2_optimized_baseline",
        "bar_v2_optimized",
        1,
        Tier::Baseline,
    ),
    (
        "bar_v2_optimized_v2_optimized",
        "bar_v2_optimized",
        2,
        Tier::Optimized,
    ),
    ("bar_v3_v1_optimized", "bar_v3", 1, Tier::Optimized),
    ("bar_v3_v2_optimized", "bar_v3", 2, Tier::Optimized),
    ("bar_v3_v1_v1_optimized", "bar_v3_v1", 1, Tier::Optimized),
    // A 1 on its own tells nothing apart, so it is the user's.
    ("bar_v1_optimized", "bar_v1", 1, Tier::Optimized),
    ("bar_v1_v2_optimized", "bar_v1", 2, Tier::Optimized),
    ("bar_v1_v1_optimized", "bar_v1_v1", 1, Tier::Optimized),
    // Not numbers that `body_name` writes.
    ("bar_v_optimized", "bar_v", 1, Tier::Optimized),
    ("bar_v0_optimized", "bar_v0", 1, Tier::Optimized),
    ("bar_v02_optimized", "bar_v02", 1, Tier::Optimized),
    ("bar_v+2_optimized", "bar_v+2", 1, Tier::Optimized),
    ("bar_v2x_optimized", "bar_v2x", 1, Tier::Optimized),
    (
        "bar_v4294967296_optimized",
        "bar_v4294967296",
        1,
        Tier::Optimized,
    ),
    // Without anything in front, a version is a name.
    ("_v2_optimized", "_v2", 1, Tier::Optimized),
    ("_optimized_optimized", "_optimized", 1, Tier::Optimized),
    // Names of other languages.
    (
        "_ZN3foo3barEv_optimized",
        "_ZN3foo3barEv",
        1,
        Tier::Optimized,
    ),
    ("?f@@YAXXZ_baseline", "?f@@YAXXZ", 1, Tier::Baseline),
    ("\u{1}raw_optimized", "\u{1}raw", 1, Tier::Optimized),
    ("größe_baseline", "größe", 1, Tier::Baseline),
];

#[test]
fn bodies_are_named_and_read_back() {
    for &(name, symbol, number, tier) in BODIES {
        let version = version(number);
        assert_eq!(body_name(symbol, version, tier), name);
        let body = BodyName {
            symbol,
            version,
            tier,
        };
        assert_eq!(split_body_name(name), Some(body), "{name}");
        assert_eq!(tier_of(name), Some(tier), "{name}");
    }
}

#[test]
fn other_names_are_not_bodies() {
    let others = [
        "",
        "foo",
        "optimized",
        "foo_Optimized",
        "foo_optimized2",
        // What LLVM makes of parts of a body and of names that clash.
        "foo_optimized.cold.1",
        "foo_optimized.1",
        "_optimized",
        "_baseline",
    ];
    for name in others {
        assert_eq!(split_body_name(name), None, "{name}");
        assert_eq!(tier_of(name), None, "{name}");
    }
}

#[test]
fn versions_count_from_one() {
    assert_eq!(Version::new(0), None);
    assert_eq!(Version::new(1), Some(Version::FIRST));
    assert_eq!(Version::FIRST.next().map(Version::number), Some(2));
    assert_eq!(version(u32::MAX).next(), None);
}

/// Symbols made of the pieces that could confuse the reading, and of anything else.
fn symbols() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("_optimized".to_string()),
        Just("_baseline".to_string()),
        Just("_v".to_string()),
        Just("_v1".to_string()),
        Just("_v2".to_string()),
        Just("_".to_string()),
        (0u64..6_000_000_000).prop_map(|number| number.to_string()),
        proptest::collection::vec(any::<char>(), 1..4)
            .prop_map(|chars| chars.into_iter().collect()),
        Just("foo".to_string()),
    ];
    proptest::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

fn versions() -> impl Strategy<Value = Version> {
    prop_oneof![1u32..4, any::<u32>()].prop_map(version)
}

fn tiers() -> impl Strategy<Value = Tier> {
    prop_oneof![Just(Tier::Baseline), Just(Tier::Optimized)]
}

proptest! {
    /// Whatever a user calls a function, its bodies say which it is. As this holds for all arguments, no two bodies
    /// share a name.
    #[test]
    fn splitting_undoes_naming(symbol in symbols(), version in versions(), tier in tiers()) {
        let name = body_name(&symbol, version, tier);
        let body = BodyName { symbol: &symbol, version, tier };
        prop_assert_eq!(split_body_name(&name), Some(body));
        prop_assert_eq!(tier_of(&name), Some(tier));
    }

    /// Every name with a suffix is that of exactly one body.
    #[test]
    fn naming_undoes_splitting(start in symbols(), tier in tiers()) {
        let name = start + tier.suffix();
        let body = split_body_name(&name);
        prop_assert!(body.is_some());
        if let Some(BodyName { symbol, version, tier }) = body {
            prop_assert_eq!(body_name(symbol, version, tier), name.as_str());
        }
    }

    /// Versions of versions: names nest and come apart again in order.
    #[test]
    fn bodies_of_bodies(
        symbol in symbols(),
        layers in proptest::collection::vec((versions(), tiers()), 1..5),
    ) {
        let mut name = symbol.clone();
        for &(version, tier) in &layers {
            name = body_name(&name, version, tier);
        }
        let mut rest = name.as_str();
        for &layer in layers.iter().rev() {
            let body = split_body_name(rest);
            prop_assert_eq!(body.map(|body| (body.version, body.tier)), Some(layer));
            rest = body.map_or("", |body| body.symbol);
        }
        prop_assert_eq!(rest, symbol);
    }
}
