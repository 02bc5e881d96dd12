//! Directives from the source of a function: `eager;calls=500`.
//!
//! The keys are those of the directives file: `never`, `eager`, `pin`, `calls=N`, `loops=N` and `pipeline=TEXT`, with `;` between
//! them. One within brackets is of a pipeline. What can't be is told and passed over: whoever runs a program need not be who
//! wrote it.

use std::num::NonZeroU64;

use tjit_runtime::Directive;

use crate::Error;
use crate::tiers::parts;

/// Reads all that is said of one function. What is wrong goes to `warn`, with the text that it is wrong of.
pub(crate) fn parse(
    texts: &[String],
    check: impl Fn(&str) -> Result<(), Error>,
    mut warn: impl FnMut(&str, &str),
) -> Directive {
    let mut directive = Directive::default();
    let items = texts.iter().flat_map(|text| parts(text, ';'));
    for item in items.filter(|item| !item.is_empty()) {
        if let Err(reason) = read(item, &mut directive, &check) {
            warn(item, &reason);
        }
    }
    if directive.never && directive.eager {
        warn("never;eager", "they exclude each other");
        directive.never = false;
        directive.eager = false;
    }
    directive
}

fn read(
    item: &str,
    directive: &mut Directive,
    check: impl Fn(&str) -> Result<(), Error>,
) -> Result<(), String> {
    let (key, value) = match item.split_once('=') {
        Some((key, value)) => (key.trim_end(), Some(value.trim_start())),
        None => (item, None),
    };
    match (key, value) {
        ("never", None) => directive.never = true,
        ("eager", None) => directive.eager = true,
        ("pin", None) => directive.pin = true,
        ("calls", Some(value)) => directive.calls = Some(number(value)?),
        ("loops", Some(value)) => directive.loops = Some(number(value)?),
        ("pipeline", Some(value)) => {
            check(value).map_err(|error| error.to_string())?;
            directive.pipeline = Some(value.into());
        }
        ("never" | "eager" | "pin", Some(_)) => return Err("it has no value".to_owned()),
        ("calls" | "loops" | "pipeline", None) => return Err("there is no value".to_owned()),
        _ => return Err("it is unknown".to_owned()),
    }
    Ok(())
}

fn number(text: &str) -> Result<NonZeroU64, String> {
    text.parse()
        .map_err(|_| "the value is to be a number from 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(texts: &[&str]) -> (Directive, Vec<String>) {
        let texts: Vec<_> = texts.iter().map(|&text| text.to_owned()).collect();
        let check = |pipeline: &str| match pipeline.contains("no-such") {
            true => Err(Error::NoEntry(pipeline.to_owned())),
            false => Ok(()),
        };
        let mut warnings = Vec::new();
        let directive = parse(&texts, check, |item, _| warnings.push(item.to_owned()));
        (directive, warnings)
    }

    #[test]
    fn all_that_is_said_holds_together() {
        let pipeline = "simplifycfg<bonus-inst-threshold=1;sink-common-insts>,sroa";
        let first = format!("eager; calls = 500;pipeline={pipeline};");
        let (directive, warnings) = parsed(&[&first, "pin", "loops=7"]);
        let expected = Directive {
            eager: true,
            pin: true,
            calls: NonZeroU64::new(500),
            loops: NonZeroU64::new(7),
            pipeline: Some(pipeline.into()),
            ..Directive::default()
        };
        assert_eq!((directive, warnings), (expected, Vec::new()));
    }

    #[test]
    fn what_can_not_be_is_passed_over() {
        let bad = [
            "calls=0",
            "loops=-1",
            "calls",
            "pin=1",
            "hurry",
            "pipeline=no-such",
            "=",
        ];
        let text = bad.join(";");
        let (directive, warnings) = parsed(&[&text, "calls=3"]);
        assert_eq!(warnings, bad);
        let calls = Directive {
            calls: NonZeroU64::new(3),
            ..Directive::default()
        };
        assert_eq!(directive, calls);
        let (directive, warnings) = parsed(&["never", "eager"]);
        assert!(directive.is_empty());
        assert_eq!(warnings, ["never;eager"]);
    }
}
