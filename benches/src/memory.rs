//! Peaks of memory, kept beside criterion's estimates of time.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use tjit_test_util::target_dir;

/// The peaks of several runs of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The median, in bytes.
    pub median: u64,
    /// The largest, in bytes.
    pub largest: u64,
}

impl Memory {
    /// Of the peaks of each run, in bytes; `None` without any.
    #[must_use]
    pub fn of(mut peaks: Vec<u64>) -> Option<Self> {
        peaks.sort_unstable();
        Some(Self {
            median: *peaks.get(peaks.len() / 2)?,
            largest: *peaks.last()?,
        })
    }

    /// Writes `peak_memory.json` where criterion has the benchmark `id` of `group`.
    ///
    /// # Panics
    /// If the file can't be written.
    pub fn save(&self, group: &str, id: &str) {
        let directory = criterion_dir().join(group).join(id);
        let file = directory.join("peak_memory.json");
        let Self { median, largest } = self;
        let text = format!("{{\"median_bytes\":{median},\"largest_bytes\":{largest}}}\n");
        fs::create_dir_all(&directory)
            .and_then(|()| fs::write(&file, text))
            .unwrap_or_else(|error| panic!("writing `{}`: {error}", file.display()));
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebi = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let (median, largest) = (mebi(self.median), mebi(self.largest));
        write!(f, "median {median:.1} MiB, largest {largest:.1} MiB")
    }
}

/// Where criterion keeps its results.
pub(crate) fn criterion_dir() -> PathBuf {
    match std::env::var_os("CRITERION_HOME") {
        Some(home) => home.into(),
        None => target_dir().join("criterion"),
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn the_median_is_of_the_runs() {
        let memory = Memory::of(vec![5, 1, 9]).map(|memory| (memory.median, memory.largest));
        assert_eq!(memory, Some((5, 9)));
        assert_eq!(Memory::of(Vec::new()), None);
    }
}
