//! The knobs of the JIT: a flag and a variable of the environment for each.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use tiered_jit::link::ImportBudget;
use tiered_jit::{Builder, HoldOff, Tiers};

/// How the program is compiled while it runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tiers")]
pub(crate) struct Knobs {
    /// Which tiers the program runs at
    #[arg(long, value_enum, value_name = "TIER", default_value_t = Tier::Auto, env = "TJIT_TIER")]
    pub(crate) tier: Tier,

    /// Calls after which a function is optimised
    #[arg(long, value_name = "CALLS", env = "TJIT_THRESHOLD")]
    pub(crate) threshold: Option<NonZeroU64>,

    /// Turns of its loops after which a function is optimised [default: 60 for each call of --threshold]
    #[arg(long, value_name = "TURNS", env = "TJIT_LOOP_THRESHOLD")]
    loop_threshold: Option<NonZeroU64>,

    /// More than two tiers, slowest code first: NAME[=PIPELINE][:CALLS[/TURNS]], with commas between them, as
    /// `baseline:1000,quick=default<O1>:10000,peak=default<O3>`. CALLS and TURNS (of loops), or `never`, are what it takes to
    /// leave a tier; the first has no pipeline, the last no numbers. A pipeline with a comma is put in braces
    #[arg(
        long,
        value_name = "LIST",
        env = "TJIT_TIERS",
        conflicts_with_all = ["threshold", "loop_threshold"]
    )]
    tiers: Option<Tiers>,

    /// What is said of single functions: a TOML file of [[function]] entries with the keys name (a pattern with * and ?), never,
    /// eager, pin, calls, loops, pipeline
    #[arg(long, value_name = "FILE", env = "TJIT_DIRECTIVES")]
    directives: Option<PathBuf>,

    /// Hot functions wait until no function was called for the first time for so many milliseconds, five times as long at most
    #[arg(long, value_name = "MS", env = "TJIT_HOLD_OFF")]
    hold_off: Option<u32>,

    /// Functions that may wait to be optimised; those that become hot then are told to come again
    #[arg(long, value_name = "FUNCTIONS", env = "TJIT_QUEUE_CAPACITY")]
    queue_capacity: Option<NonZeroUsize>,

    /// Background compile threads
    #[arg(long, value_name = "THREADS", env = "TJIT_WORKERS")]
    workers: Option<NonZeroUsize>,

    /// Let the program wait for each optimised version, so that all runs are alike
    #[arg(
        long,
        env = "TJIT_FOREGROUND",
        value_parser = BoolishValueParser::new(),
        num_args = 0,
        default_value_t = false,
        default_missing_value = "true"
    )]
    foreground: bool,

    /// Functions that a first call compiles together [default: 16]
    #[arg(long, value_name = "FUNCTIONS", env = "TJIT_BASELINE_GROUP")]
    baseline_group: Option<NonZeroUsize>,

    /// Functions that each first call has compiled ahead in the background [default: 0]
    #[arg(long, value_name = "FUNCTIONS", env = "TJIT_COMPILE_AHEAD")]
    compile_ahead: Option<usize>,

    /// Instructions of callees that an optimised function takes along to be inlined [default: 4000]
    #[arg(long, value_name = "INSTRUCTIONS", env = "TJIT_IMPORTS")]
    imports: Option<usize>,

    /// A function that is larger than this, together with what it takes along, is not optimised when it becomes hot [default: 100000]
    #[arg(long, value_name = "INSTRUCTIONS", env = "TJIT_UNIT_LIMIT")]
    unit_limit: Option<NonZeroUsize>,

    /// Optimising a function is given up after so many milliseconds [default: 30000]
    #[arg(long, value_name = "MS", env = "TJIT_COMPILE_DEADLINE")]
    compile_deadline: Option<u64>,

    /// Memory for optimised versions; when it is used up no more are made [default: 240]
    #[arg(long, value_name = "MIB", env = "TJIT_CODE_BUDGET")]
    code_budget: Option<u64>,

    /// Use only those instructions of the processor that the files were compiled for
    #[arg(
        long,
        env = "TJIT_PORTABLE",
        value_parser = BoolishValueParser::new(),
        num_args = 0,
        default_value_t = false,
        default_missing_value = "true"
    )]
    portable: bool,
}

impl Knobs {
    /// Turns the knobs of a JIT that have been given.
    pub(crate) fn configure(&self, builder: Builder) -> Builder {
        let builder = builder
            .tiering(self.tier.into())
            .foreground(self.foreground)
            .host_cpu(!self.portable);
        self.bound(self.schedule(self.promote(builder)))
    }

    /// What is optimised, and when.
    fn promote(&self, builder: Builder) -> Builder {
        let builder = given(builder, self.threshold, Builder::threshold);
        let builder = given(builder, self.loop_threshold, Builder::loop_threshold);
        let tiers = self.tiers.clone().map(|tiers| tiers.0);
        let builder = given(builder, tiers, Builder::tiers);
        given(builder, self.directives.as_ref(), Builder::directives_file)
    }

    /// Who compiles, and what comes first.
    fn schedule(&self, builder: Builder) -> Builder {
        let hold_off = self.hold_off.map(|ms| {
            let quiet = Duration::from_millis(ms.into());
            let at_most = 5 * quiet;
            HoldOff { quiet, at_most }
        });
        let builder = given(builder, hold_off, Builder::hold_off);
        let builder = given(builder, self.queue_capacity, Builder::queue_capacity);
        let builder = given(builder, self.workers, Builder::workers);
        let builder = given(builder, self.baseline_group, Builder::baseline_group);
        given(builder, self.compile_ahead, Builder::compile_ahead)
    }

    /// How much it may be.
    fn bound(&self, builder: Builder) -> Builder {
        let imports = self.imports.map(|instructions| ImportBudget {
            instructions,
            ..ImportBudget::default()
        });
        let builder = given(builder, imports, Builder::imports);
        let builder = given(builder, self.unit_limit, Builder::unit_limit);
        let deadline = self.compile_deadline.map(Duration::from_millis);
        let builder = given(builder, deadline, Builder::compile_deadline);
        let bytes = self.code_budget.map(|mib| mib.saturating_mul(1 << 20));
        given(builder, bytes, Builder::code_budget)
    }
}

/// Sets what was given.
fn given<T>(
    builder: Builder,
    value: Option<T>,
    set: impl FnOnce(Builder, T) -> Builder,
) -> Builder {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

/// The tiers a program runs at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tier {
    /// Baseline first; what is hot is optimised
    Auto,
    /// Fast compilation, slow code, nothing is recompiled
    Baseline,
    /// Each function is optimised on its first call
    Optimized,
}

impl From<Tier> for tiered_jit::Tiering {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Auto => Self::Auto,
            Tier::Baseline => Self::Baseline,
            Tier::Optimized => Self::Optimized,
        }
    }
}

#[cfg(test)]
mod tests;
