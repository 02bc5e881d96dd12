//! Why a file test failed.

/// A file that cannot be read or run, or whose result is not the expected one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file or directory cannot be read or written.
    #[error("{operation} `{path}`")]
    Io {
        /// What was being done.
        operation: &'static str,
        /// To which file or directory.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The `;!` lines are not TOML, or not what the subtest understands.
    #[error("reading the `;!` lines: {0}")]
    Header(#[from] toml::de::Error),
    /// There is no `;! test = "…"` line.
    #[error("no `;! test = \"…\"` line at the top")]
    NoSubTest,
    /// The subtest named does not exist.
    #[error("unknown subtest `{0}`")]
    UnknownSubTest(String),
    /// LLVM rejects the module, before or after the rewrite.
    #[error("{stage}: {message}")]
    Module {
        /// `parsing` or `verifying the result`.
        stage: &'static str,
        /// What LLVM said.
        message: String,
    },
    /// The result is not the expected one.
    #[error("the result differs; if it is right, run again with TJIT_BLESS=1\n{0}")]
    Differs(String),
}
