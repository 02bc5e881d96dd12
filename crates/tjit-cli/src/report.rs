//! `--stats`: what was compiled, told when the process ends.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use tiered_jit::link::demangle;
use tiered_jit::{FunctionRecord, Phase, PhaseTimes, Tier, TierStats, TieredJit, VersionInfo};

use crate::tier_names::TierNames;

/// How many of the promoted functions the text names; JSON has all.
const TOP: usize = 10;

/// Characters of a name that the text shows: names of template instances have hundreds.
const NAME: usize = 100;

/// The report. Its fields are the keys of the JSON object: more may come, none changes its meaning. Times are in
/// microseconds of wall clock.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    functions: Functions,
    /// Lowest first; only those that were used.
    tiers: Vec<TierReport>,
    /// Calls of counters into the runtime.
    trips: u64,
    /// Those among them that met a full queue.
    trips_dropped: u64,
    /// Requests from outside.
    requests: u64,
    /// Versions that were taken back because something they relied on no longer held.
    invalidations: u64,
    /// Versions above the baseline, the most expensive first.
    promoted: Vec<Promoted>,
    /// Functions whose last compilation failed.
    failures: Vec<Failure>,
    /// Compiling sources, before the program began.
    frontend_us: u64,
    /// From the start of the process.
    wall_us: u64,
}

#[derive(Debug, Default, Serialize)]
struct Functions {
    total: usize,
    /// Those with any version.
    compiled: usize,
    /// Those with a version above the baseline.
    optimized: usize,
    failed: usize,
}

#[derive(Debug, Serialize)]
struct TierReport {
    tier: u8,
    name: String,
    compiles: u64,
    failures: u64,
    code_bytes: u64,
    total_us: u64,
    phases_us: Phases,
}

#[derive(Debug, Serialize)]
struct Promoted {
    function: String,
    symbol: String,
    tier: u8,
    cause: String,
    code_bytes: usize,
    total_us: u64,
    phases_us: Phases,
}

#[derive(Debug, Serialize)]
struct Failure {
    function: String,
    symbol: String,
    reason: String,
}

/// Every phase by its name.
type Phases = BTreeMap<&'static str, u64>;

impl Report {
    /// What happened in `jit` up to now.
    pub(crate) fn new(jit: &TieredJit, frontend: Duration, wall: Duration) -> Self {
        let stats = jit.stats();
        let names = TierNames::of(jit);
        let tiers = stats.tiers.iter();
        let mut report = Self {
            functions: Functions::default(),
            tiers: tiers.map(|tier| TierReport::new(tier, &names)).collect(),
            trips: stats.trips,
            trips_dropped: stats.trips_dropped,
            requests: stats.requests,
            invalidations: stats.invalidations,
            promoted: Vec::new(),
            failures: Vec::new(),
            frontend_us: micros(frontend),
            wall_us: micros(wall),
        };
        jit.for_each_function(|record| report.add(record));
        report
            .promoted
            .sort_by_key(|version| std::cmp::Reverse(version.total_us));
        report
    }

    fn add(&mut self, record: &FunctionRecord) {
        let versions = record.versions();
        let promoted = versions
            .iter()
            .filter(|version| version.tier > Tier::BASELINE);
        let before = self.promoted.len();
        self.promoted
            .extend(promoted.map(|version| Promoted::new(record, version)));
        let functions = &mut self.functions;
        functions.total += 1;
        functions.compiled += usize::from(!versions.is_empty());
        functions.optimized += usize::from(self.promoted.len() > before);
        if let Some(reason) = record.failure() {
            functions.failed += 1;
            let symbol = record.symbol().to_string();
            self.failures.push(Failure {
                function: demangle(&symbol),
                symbol,
                reason: reason.to_string(),
            });
        }
    }

    /// The report as one JSON object on one line.
    pub(crate) fn json(&self) -> String {
        // There is nothing in it that JSON can't hold: no map with other keys than strings, no value that fails.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

impl TierReport {
    fn new(stats: &TierStats, names: &TierNames) -> Self {
        Self {
            tier: stats.tier.number(),
            name: names.name(stats.tier),
            compiles: stats.compiles,
            failures: stats.failures,
            code_bytes: stats.code_bytes,
            total_us: micros(stats.phases.total()),
            phases_us: phases(&stats.phases),
        }
    }
}

impl Promoted {
    fn new(record: &FunctionRecord, version: &VersionInfo) -> Self {
        Self {
            function: demangle(record.symbol()),
            symbol: record.symbol().to_string(),
            tier: version.tier.number(),
            cause: version.cause.to_string(),
            code_bytes: version.size,
            total_us: micros(version.phases.total()),
            phases_us: phases(&version.phases),
        }
    }
}

fn phases(times: &PhaseTimes) -> Phases {
    times
        .iter()
        .map(|(phase, time)| (phase.name(), micros(time)))
        .collect()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The start of a long name.
fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(NAME) {
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
        None => Cow::Borrowed(name),
    }
}

/// Milliseconds with two digits.
struct Ms(u64);

impl fmt::Display for Ms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padding is for the text as a whole.
        let ms = self.0 as f64 / 1_000.0;
        f.pad(&format!("{ms:.2}"))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Functions {
            total,
            compiled,
            optimized,
            failed,
        } = self.functions;
        writeln!(
            f,
            "tjit: {total} functions: {compiled} compiled, {optimized} optimized, {failed} failed"
        )?;
        write!(
            f,
            "      {} trips, {} dropped; {} ms in all",
            self.trips,
            self.trips_dropped,
            Ms(self.wall_us)
        )?;
        if self.frontend_us > 0 {
            write!(f, ", {} of them to compile sources", Ms(self.frontend_us))?;
        }
        if self.invalidations > 0 {
            write!(f, "; {} versions invalidated", self.invalidations)?;
        }
        writeln!(f, "\n")?;
        self.write_tiers(f)?;
        self.write_promoted(f)?;
        for Failure {
            function, reason, ..
        } in &self.failures
        {
            writeln!(f, "failed: {function}: {}", crate::error::one_line(reason))?;
        }
        Ok(())
    }
}

impl Report {
    fn write_tiers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let used = |phase: &Phase| {
            self.tiers
                .iter()
                .any(|tier| tier.phases_us[phase.name()] > 0)
        };
        let phases: Vec<_> = Phase::ALL
            .into_iter()
            .filter(used)
            .map(Phase::name)
            .collect();
        write!(
            f,
            "{:<10}{:>9}{:>8}{:>10}{:>11}",
            "tier", "versions", "failed", "bytes", "ms"
        )?;
        phases
            .iter()
            .try_for_each(|phase| write!(f, "{phase:>11}"))?;
        writeln!(f)?;
        for tier in &self.tiers {
            let TierReport {
                name,
                compiles,
                failures,
                code_bytes,
                ..
            } = tier;
            write!(
                f,
                "{name:<10}{compiles:>9}{failures:>8}{code_bytes:>10}{:>11}",
                Ms(tier.total_us)
            )?;
            phases
                .iter()
                .try_for_each(|phase| write!(f, "{:>11}", Ms(tier.phases_us[phase])))?;
            writeln!(f)?;
        }
        Ok(())
    }

    fn write_promoted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.promoted.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{:>8}{:>9}  {:<11} promoted", "ms", "bytes", "cause")?;
        for Promoted {
            function,
            cause,
            code_bytes,
            total_us,
            ..
        } in self.promoted.iter().take(TOP)
        {
            writeln!(
                f,
                "{:>8}{code_bytes:>9}  {cause:<11} {}",
                Ms(*total_us),
                shortened(function)
            )?;
        }
        match self.promoted.len().saturating_sub(TOP) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests;
