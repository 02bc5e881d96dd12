//! Why a counter could not be inserted.

use inkwell::builder::BuilderError;

/// A name the counter needs means something else in the module, or LLVM's builder refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The function handed in does not belong to the module handed in.
    #[error("instrumenting `{function}`: no such function in this module")]
    NotInModule {
        /// Its IR name.
        function: String,
    },
    /// The symbol of the stub names a variable, an alias or an ifunc.
    #[error("instrumenting `{function}`: `{stub}` is not a function in this module")]
    StubTaken {
        /// The function that was to get a counter.
        function: String,
        /// The symbol of its stub.
        stub: String,
    },
    /// The counter is defined already, or its name means something that is not an `i64` variable.
    #[error("instrumenting `{function}`: `{counter}` is already taken in this module")]
    CounterTaken {
        /// The function that was to get a counter.
        function: String,
        /// The name of the counter.
        counter: String,
    },
    /// The module has something else under the name of the trip function.
    #[error(
        "instrumenting `{function}`: `{trip}` is not a function of the runtime's type in this module"
    )]
    TripTaken {
        /// The function that was to get a counter.
        function: String,
        /// The name of the trip function.
        trip: String,
    },
    /// The name holds a NUL byte, at which LLVM's C interface would cut it.
    #[error("instrumenting `{function}`: NUL byte in the name `{}`", name.escape_debug())]
    NulInName {
        /// The function that was to get a counter.
        function: String,
        /// The name with the NUL byte.
        name: String,
    },
    /// LLVM's instruction builder refused.
    #[error("instrumenting `{function}`: building the counter")]
    Build {
        /// The function that was to get a counter.
        function: String,
        /// What inkwell said.
        #[source]
        source: BuilderError,
    },
}
