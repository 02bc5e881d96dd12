//! The tier suffix: how a version's name tells the function it is a version of, and how it was compiled.
//!
//! The only place in the project that spells the suffixes. A body's name is
//!
//! ```text
//! symbol [ "_v" n ] ( "_baseline" | "_optimized" )
//! ```
//!
//! where `n` counts the versions of one function at one tier from 1, and is written where it is 2 or more:
//! `foo_baseline`, `foo_optimized`, `foo_v2_optimized`, `foo_v3_optimized`. A function that the user called `foo_v3`
//! would have its first optimised version named like the third of `foo`; there, and only there, the 1 is written too:
//! `foo_v3_v1_optimized`. So [`body_name`] never gives two bodies one name and [`split_body_name`] undoes it exactly,
//! for every symbol.
//!
//! These are names in the IR. Decorations of the linker come on top of them, see [`Mangler`](crate::Mangler).

use alloc::{format, string::String};

#[cfg(test)]
mod tests;

/// The suffix of a body that was compiled at the optimised tier.
pub const OPTIMIZED_SUFFIX: &str = "_optimized";

/// The suffix of a body that was compiled at the baseline tier.
pub const BASELINE_SUFFIX: &str = "_baseline";

/// What stands between the symbol and the number of a version.
const VERSION_INFIX: &str = "_v";

/// How a version was compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Fast to compile, with counters.
    Baseline,
    /// Fast to run, without counters.
    Optimized,
}

impl Tier {
    /// All tiers, slowest code first.
    pub const ALL: [Self; 2] = [Self::Baseline, Self::Optimized];

    /// What names of bodies of this tier end in.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Baseline => BASELINE_SUFFIX,
            Self::Optimized => OPTIMIZED_SUFFIX,
        }
    }
}

/// The number of a version among those of one function at one tier, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u32);

impl Version {
    /// The first version of a function at a tier.
    pub const FIRST: Self = Self(1);

    /// The version with that number; `None` for 0.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match number {
            0 => None,
            number => Some(Self(number)),
        }
    }

    /// The number, 1 or more.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The version after this one; `None` after 2³² − 1 of them.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

/// The parts of a body's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyName<'a> {
    /// The function that the body is a version of, as the program calls it.
    pub symbol: &'a str,
    /// Which of its versions at that tier.
    pub version: Version,
    /// How it was compiled.
    pub tier: Tier,
}

/// The name of a body of the function `symbol`.
///
/// `symbol` may be any name, also one that ends in a suffix or in a version: a user's own `bar_optimized` becomes
/// `bar_optimized_baseline`. It must not be empty: no function is called that, and the result would not be the name of
/// a body.
#[must_use]
pub fn body_name(symbol: &str, version: Version, tier: Tier) -> String {
    let suffix = tier.suffix();
    if version == Version::FIRST && !looks_versioned(symbol) {
        format!("{symbol}{suffix}")
    } else {
        format!("{symbol}{VERSION_INFIX}{}{suffix}", version.0)
    }
}

/// Undoes [`body_name`]; `None` if `name` is not that of a body, having no suffix or nothing in front of it.
#[must_use]
pub fn split_body_name(name: &str) -> Option<BodyName<'_>> {
    let (rest, tier) = split_tier(name)?;
    let first = BodyName {
        symbol: rest,
        version: Version::FIRST,
        tier,
    };
    let Some((symbol, version)) = split_version(rest) else {
        return Some(first);
    };
    // A written 1 is part of the user's name unless it is there to tell one.
    if version == Version::FIRST && !looks_versioned(symbol) {
        return Some(first);
    }
    Some(BodyName {
        symbol,
        version,
        tier,
    })
}

/// The tier that a body's name tells; `None` if it is not the name of a body.
#[must_use]
pub fn tier_of(body_name: &str) -> Option<Tier> {
    split_tier(body_name).map(|(_, tier)| tier)
}

fn split_tier(name: &str) -> Option<(&str, Tier)> {
    Tier::ALL
        .into_iter()
        .find_map(|tier| Some((name.strip_suffix(tier.suffix())?, tier)))
        .filter(|(rest, _)| !rest.is_empty())
}

/// Whether `symbol` with a suffix would be read as a later version of another function: it ends in `_v2` or a higher
/// number, or in that and any number of the `_v1` that tell such names apart.
fn looks_versioned(mut symbol: &str) -> bool {
    while let Some((rest, version)) = split_version(symbol) {
        if version != Version::FIRST {
            return true;
        }
        symbol = rest;
    }
    false
}

/// Splits a version off, if it is written the way [`body_name`] writes it.
fn split_version(name: &str) -> Option<(&str, Version)> {
    let (symbol, digits) = name.rsplit_once(VERSION_INFIX)?;
    // `parse` takes `+2` and `02` for 2; names that differ must stay different.
    if symbol.is_empty() || !digits.starts_with(|digit: char| matches!(digit, '1'..='9')) {
        return None;
    }
    Some((symbol, Version::new(digits.parse().ok()?)?))
}
