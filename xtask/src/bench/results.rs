//! What criterion and the benches left on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use super::goals::{Measure, Part};
use crate::error::{Context, Error, Result};

/// How much of its median the median absolute deviation of a steady benchmark is at most. On an idle machine nearly all of
/// ours stay below; waking a thread, which takes either a short or a long time, does not.
const STEADY: f64 = 0.05;

/// A median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    /// Nanoseconds or bytes.
    pub(super) value: f64,
    /// Whether the samples agree. If half of them were disturbed by something else, the median is of neither kind.
    pub(super) steady: bool,
}

/// The results of one run.
#[derive(Debug)]
pub(super) struct Results {
    start: SystemTime,
    home: PathBuf,
}

impl Results {
    /// Those below `home` that were written after `start`: a ratio of figures of two runs would mean nothing.
    pub(super) fn since(start: SystemTime, home: PathBuf) -> Self {
        Self { start, home }
    }

    /// What the run has of a benchmark (`group/function`); `None` when it left it out.
    pub(super) fn get(&self, benchmark: &str, measure: Measure) -> Result<Option<Figure>> {
        let directory = self.home.join(benchmark);
        match measure {
            Measure::Time { parts } => {
                let file = directory.join("new").join("estimates.json");
                let median = self.read(&file, &["median", "point_estimate"])?;
                let deviation = self.read(&file, &["median_abs_dev", "point_estimate"])?;
                Ok(median.zip(deviation).map(|(median, deviation)| Figure {
                    value: median / f64::from(parts),
                    steady: deviation <= STEADY * median,
                }))
            }
            Measure::Memory => {
                let file = directory.join("peak_memory.json");
                let median = self.read(&file, &["median_bytes"])?;
                Ok(median.map(|value| Figure {
                    value,
                    steady: true,
                }))
            }
            Measure::Tail(part) => {
                let key = match part {
                    Part::Half => "p50_ns",
                    Part::Most => "p999_ns",
                };
                let time = self.read(&directory.join("tail.json"), &[key])?;
                Ok(time.map(|value| Figure {
                    value,
                    steady: true,
                }))
            }
        }
    }

    /// The number at a path of keys in a JSON file.
    fn read(&self, file: &Path, keys: &[&str]) -> Result<Option<f64>> {
        let modified = fs::metadata(file).and_then(|metadata| metadata.modified());
        if !modified.is_ok_and(|modified| modified >= self.start) {
            return Ok(None);
        }
        let text = fs::read(file).context(|| format!("reading {}", file.display()))?;
        let value: Value =
            serde_json::from_slice(&text).context(|| format!("reading {}", file.display()))?;
        let found = keys.iter().try_fold(&value, |value, key| value.get(key));
        let number = found.and_then(Value::as_f64);
        let keys = keys.join(".");
        number
            .map(Some)
            .ok_or_else(|| Error::new(format!("reading {}: no number at `{keys}`", file.display())))
    }
}
