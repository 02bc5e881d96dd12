//! The places where something can fail, and the failure.

use std::error::Error;
use std::fmt;

/// A place where something can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Point {
    /// Reading a module.
    Parse,
    /// Cutting a unit out of the program.
    Slice,
    /// Running the embedder's transformations.
    Transform,
    /// Checking a module.
    Verify,
    /// Running a pass pipeline.
    Optimize,
    /// Code generation.
    Emit,
    /// Linking an object file, before it has memory.
    Link,
    /// Getting memory for linked code.
    Allocate,
    /// Making linked code executable.
    Protect,
    /// Registering unwind tables.
    Register,
    /// Storing the address of a version into its slot.
    Publish,
}

impl Point {
    /// All of them, in the order in which a unit meets them.
    pub const ALL: [Self; 11] = [
        Self::Parse,
        Self::Slice,
        Self::Transform,
        Self::Verify,
        Self::Optimize,
        Self::Emit,
        Self::Link,
        Self::Allocate,
        Self::Protect,
        Self::Register,
        Self::Publish,
    ];

    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Slice => "slice",
            Self::Transform => "transform",
            Self::Verify => "verify",
            Self::Optimize => "optimize",
            Self::Emit => "emit",
            Self::Link => "link",
            Self::Allocate => "allocate",
            Self::Protect => "protect",
            Self::Register => "register",
            Self::Publish => "publish",
        }
    }

    /// Its place in [`Point::ALL`], for those who pass points through C.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fault that a plan asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Injected {
    /// Where.
    pub point: Point,
    /// Which hit of the point failed, from 0.
    pub hit: u64,
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "injected fault at {} {}", self.point, self.hit)
    }
}

impl Error for Injected {}
