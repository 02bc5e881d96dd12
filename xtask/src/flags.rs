//! The command line, typed.

use clap::Parser;

/// Developer commands of tiered-jit.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Install what is missing to build and test (LLVM 22, clang, a C++ compiler); silent when nothing is
    Setup {
        /// Also install what `cross` needs: the aarch64 cross compiler and qemu
        #[arg(long)]
        cross: bool,
    },
    /// Print what was found on this machine
    Doctor,
    /// Build `tjit` and run a program tiered: `run FILE… [-- args]`
    Run {
        /// Flags of `tjit run`, files, and after `--` the arguments of the program
        #[arg(
            value_name = "ARGS",
            required = true,
            trailing_var_arg = true,
            allow_hyphen_values = true
        )]
        args: Vec<String>,
    },
    /// Every check there is, in the order in which a failure is cheapest
    TestAll {
        /// Only these steps, by the names the table at the end shows
        #[arg(value_name = "STEP")]
        only: Vec<String>,
    },
    /// The tests in which chance plays a part, for long: models, faults, stress, sanitizers; ends with a table like `test-all`
    Torture {
        /// Only these parts: loom, shuttle, faults, stress, tsan, programs, miri
        #[arg(value_name = "PART")]
        only: Vec<String>,
        /// How long the stress test runs, and again under ThreadSanitizer
        #[arg(long, value_name = "MINUTES", default_value_t = 10)]
        minutes: u64,
    },
    /// The stress test with compiled code and ours watched by ThreadSanitizer (needs nightly)
    Tsan,
    /// The rules about this tree that no compiler checks
    Tidy,
    /// Tests of the LLVM-free crates on aarch64, under qemu
    Cross,
    /// Benchmarks, all of them or the named bench targets
    Bench {
        /// Bench targets
        names: Vec<String>,
        /// Arguments for criterion
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Run the filetests and write what they gave as the new expectation
    Bless {
        /// Arguments for the test binary, for example a filter
        args: Vec<String>,
    },
}

#[cfg(test)]
mod tests;
