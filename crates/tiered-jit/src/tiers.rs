//! The list of tiers as text, and what a list must be.

use std::num::NonZeroU64;
use std::str::FromStr;

use tjit_runtime::{DefaultPolicy, Thresholds, Tier, TierPolicy, TierSpec};

#[cfg(test)]
mod tests;

/// A list of tiers, slowest code first, as it is written on the command line.
///
/// ```text
/// baseline:1000, quick=default<O1>:10000/600000, peak=default<O3>
/// ```
///
/// Each tier is a name, then `=` and its pipeline in the syntax of `opt -passes=`, then `:` and what it takes to leave it: calls, or
/// calls, `/` and turns of loops, either of which may be `never`. Without a number for loops it is [`DefaultPolicy::LOOPS`] for each
/// call. The first tier has no pipeline, the last no thresholds, and all between have thresholds. A pipeline with a comma or a
/// colon of its own is put in braces: `peak={sroa,default<O3>}`.
///
/// ```
/// let tiers: tiered_jit::Tiers = "baseline:1000,quick=default<O1>:10000,peak=default<O3>".parse()?;
/// assert_eq!(tiers.0[1].pipeline.as_deref(), Some("default<O1>"));
/// # Ok::<(), tiered_jit::TiersError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiers(pub Vec<TierSpec>);

/// Why a list of tiers is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tier `{tier}`: {reason}")]
pub struct TiersError {
    /// The tier, as far as it can be told.
    pub tier: String,
    /// What is wrong with it, and what to write instead.
    pub reason: String,
}

impl TiersError {
    fn new(tier: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            tier: tier.into(),
            reason: reason.into(),
        }
    }
}

impl FromStr for Tiers {
    type Err = TiersError;

    fn from_str(text: &str) -> Result<Self, TiersError> {
        let tiers: Vec<_> = parts(text, ',')
            .into_iter()
            .map(tier)
            .collect::<Result<_, _>>()?;
        check(&tiers)?;
        Ok(Self(tiers))
    }
}

/// Whether a policy may have these tiers.
pub(crate) fn check(tiers: &[TierSpec]) -> Result<(), TiersError> {
    let [first, between @ .., last] = tiers else {
        let only = tiers.first().map_or("", |tier| &*tier.name);
        return Err(TiersError::new(
            only,
            "there must be another tier, to be promoted to",
        ));
    };
    let most = usize::from(Tier::MAX.number()) + 1;
    if tiers.len() > most {
        return Err(TiersError::new(
            &*last.name,
            format!("there may be {most} tiers at most"),
        ));
    }
    if first.pipeline.is_some() {
        let reason = "the first tier has no pipeline of its own";
        return Err(TiersError::new(&*first.name, reason));
    }
    if last.thresholds.counts() {
        let reason = "the last tier is left for no other; leave out its thresholds";
        return Err(TiersError::new(&*last.name, reason));
    }
    for (index, tier) in tiers.iter().enumerate() {
        if tiers[..index].iter().any(|other| other.name == tier.name) {
            return Err(TiersError::new(
                &*tier.name,
                "there is another of that name",
            ));
        }
    }
    match between.iter().find(|tier| !tier.thresholds.counts()) {
        Some(tier) => {
            let reason = "it would never be left; add `:CALLS` or `:CALLS/LOOPS`";
            Err(TiersError::new(&*tier.name, reason))
        }
        None => Ok(()),
    }
}

/// Whether the tiers of `policy` are a list.
pub(crate) fn check_policy(policy: &dyn TierPolicy) -> Result<(), TiersError> {
    check(policy.tiers())
}

fn tier(text: &str) -> Result<TierSpec, TiersError> {
    let fail = |reason: &str| TiersError::new(text, reason);
    let (rest, thresholds) = match parts(text, ':')[..] {
        [rest] => (rest, Thresholds::NEVER),
        [rest, numbers] => (rest, thresholds(numbers).ok_or_else(|| fail(NUMBERS))?),
        _ => {
            return Err(fail(
                "there is more than one `:`; put the pipeline in braces",
            ));
        }
    };
    let (name, pipeline) = match rest.split_once('=') {
        None => (rest, None),
        Some((name, pipeline)) => (name.trim(), Some(unbraced(pipeline.trim()))),
    };
    let is_word = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if name.is_empty() || !name.chars().all(is_word) {
        return Err(fail(
            "a name has letters, digits, `-` and `_`; put a pipeline that has a comma in braces",
        ));
    }
    if pipeline.is_some_and(str::is_empty) {
        return Err(fail("there is no pipeline behind `=`"));
    }
    Ok(TierSpec {
        name: name.to_owned().into(),
        pipeline: pipeline.map(str::to_owned),
        thresholds,
    })
}

const NUMBERS: &str =
    "behind `:` come calls, or calls, `/` and turns of loops: each a number from 1, or `never`";

fn thresholds(text: &str) -> Option<Thresholds> {
    let (calls, loops) = match text.split_once('/') {
        None => (threshold(text)?, None),
        Some((calls, loops)) => (threshold(calls)?, Some(threshold(loops)?)),
    };
    let by_calls = || calls.map(|calls| calls.saturating_mul(DefaultPolicy::LOOPS));
    Some(Thresholds {
        calls,
        loops: loops.unwrap_or_else(by_calls),
    })
}

fn threshold(text: &str) -> Option<Option<NonZeroU64>> {
    match text.trim() {
        "never" => Some(None),
        number => number.parse().ok().map(Some),
    }
}

fn unbraced(pipeline: &str) -> &str {
    let inner = pipeline.strip_prefix('{');
    inner
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(pipeline)
}

/// Splits at each `separator` outside of brackets.
pub(crate) fn parts(text: &str, separator: char) -> Vec<&str> {
    let mut depth = 0_usize;
    let outside = |character: char| {
        match character {
            '{' | '(' | '<' => depth += 1,
            '}' | ')' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == separator && depth == 0
    };
    text.split(outside).map(str::trim).collect()
}
