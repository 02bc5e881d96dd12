//! Changes to the processor's features that somebody asks for.

use std::fmt;

use tjit_orc::{Host, Subtarget};

use super::ROUNDS_OTHERWISE;
use crate::error::{Error, ErrorKind};

/// Features that are no instructions but other ways to pass arguments, or other machines.
const CHANGES_CALLS: &[&str] = &["soft-float", "16bit-mode", "32bit-mode", "64bit-mode"];

/// As those, of 64-bit Arm: registers that functions may not count on any more.
const CHANGES_CALLS_PREFIXES: &[&str] = &["reserve-x", "call-saved-x"];

/// Changes to the features that code is generated with, such as `+avx2,-avx512f`, of which this processor has what is asked for.
///
/// They hold for functions that can do with other features than those of their source, on top of the processor's own if code
/// is generated for that; what the source itself switched on or off stays so. They never change what a function computes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FeatureChanges(String);

impl FeatureChanges {
    /// Checks changes in LLVM's syntax: names with `+` or `-` in front of each, separated by commas.
    ///
    /// # Errors
    /// [`ErrorKind::Features`] for what is not in that syntax, names that LLVM does not know, and features that can't be
    /// switched because callers rely on them, or because results would be others. [`ErrorKind::MissingFeature`] for what this
    /// processor does not have.
    pub fn new(changes: &str) -> Result<Self, Error> {
        let host = Subtarget::host()?;
        let every = Subtarget::new("", "")?;
        let lacks = Lacks::of_host()?;
        let checked = changes
            .split(',')
            .map(str::trim)
            .filter(|change| !change.is_empty());
        let checked: Vec<_> = checked.collect();
        for change in &checked {
            let fail = |kind, message: String| {
                let operation = format!("changing the features of the processor by `{change}`");
                Err(Error::new(kind, operation, message))
            };
            let (name, on) = match change.split_at_checked(1) {
                Some(("+", name)) => (name, true),
                Some(("-", name)) => (name, false),
                _ => {
                    let message = "write `+` or `-` in front of the name of a feature";
                    return fail(ErrorKind::Features, message.to_owned());
                }
            };
            if !host.knows(name) {
                let message = format!("LLVM knows no feature `{name}` of this kind of processor");
                return fail(ErrorKind::Features, message);
            }
            if changes_calls(name) || (!on && every.has(name)) {
                let message = "functions could not call one another any more";
                return fail(ErrorKind::Features, message.to_owned());
            }
            if on && ROUNDS_OTHERWISE.contains(&name) {
                let message = "its instructions round otherwise, so that results would change";
                return fail(ErrorKind::Features, message.to_owned());
            }
            if on && let Some(missing) = lacks.by(name)? {
                let message = format!("this processor lacks {missing}");
                return fail(ErrorKind::MissingFeature, message);
            }
        }
        Ok(Self(checked.join(",")))
    }

    /// The changes in LLVM's syntax.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FeatureChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn changes_calls(name: &str) -> bool {
    let mut prefixes = CHANGES_CALLS_PREFIXES.iter();
    CHANGES_CALLS.contains(&name) || prefixes.any(|prefix| name.starts_with(prefix))
}

/// What the processor says it does not have. Features it says nothing of are mostly hints for scheduling.
struct Lacks(Vec<&'static str>);

impl Lacks {
    fn of_host() -> Result<Self, Error> {
        let changes = Host::get()?.features.split(',');
        let lacks = changes.filter_map(|change| change.strip_prefix('-'));
        Ok(Self(lacks.collect()))
    }

    /// What of a feature, and of those that it implies, is missing.
    fn by(&self, name: &str) -> Result<Option<&'static str>, Error> {
        let with = Subtarget::new("", &format!("+{name}"))?;
        Ok(self.0.iter().copied().find(|&lacking| with.has(lacking)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(changes: &str) -> ErrorKind {
        FeatureChanges::new(changes).expect_err(changes).kind()
    }

    #[test]
    fn what_every_processor_of_the_kind_could_have_is_checked() {
        assert_eq!(refused("+no-such-feature"), ErrorKind::Features);
        assert_eq!(refused("avx2"), ErrorKind::Features);
        assert_eq!(refused("+"), ErrorKind::Features);
        assert_eq!(refused("é"), ErrorKind::Features);
        assert!(FeatureChanges::new("").is_ok());
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_calls_or_results_depend_on_stays() {
        for changes in ["-sse2", "-x87", "+soft-float", "+32bit-mode", "-64bit-mode"] {
            assert_eq!(refused(changes), ErrorKind::Features, "{changes}");
        }
        assert_eq!(refused("-avx512f,+avx512fp16"), ErrorKind::Features);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_the_processor_lacks_can_be_switched_off_only() {
        let lacks = Lacks::of_host().expect("the host has a target");
        let host = Subtarget::host().expect("the host has a target");
        let usual = |name: &&&str| {
            host.knows(name) && !changes_calls(name) && !ROUNDS_OTHERWISE.contains(name)
        };
        for missing in lacks.0.iter().filter(usual) {
            assert_eq!(refused(&format!("+{missing}")), ErrorKind::MissingFeature);
            assert!(FeatureChanges::new(&format!("-{missing}")).is_ok());
        }
        let changes = FeatureChanges::new(" -avx2 , -avx512f,").expect("both can be done without");
        assert_eq!(changes.as_str(), "-avx2,-avx512f");
    }
}
