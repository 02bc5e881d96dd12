//! Times of which the longest matter, kept beside criterion's estimates.

use std::fmt;
use std::fs;
use std::time::Duration;

use crate::memory::criterion_dir;

/// What single events took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    sorted: Vec<Duration>,
}

impl Tail {
    /// Of all events; `None` without any.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        (!times.is_empty()).then_some(Self { sorted: times })
    }

    /// What so many of 1,000 events took at most.
    #[must_use]
    pub fn per_mille(&self, part: usize) -> Duration {
        let last = self.sorted.len() - 1;
        let place = (self.sorted.len() * part).div_ceil(1_000);
        self.sorted[place.saturating_sub(1).min(last)]
    }

    /// The times of `iterations` events together, from all over the distribution: what criterion is to see.
    #[must_use]
    pub fn sample(&self, iterations: u64) -> Duration {
        let count = self.sorted.len();
        // A stride without common divisors visits each event before any twice.
        let events = (0..usize::try_from(iterations).unwrap_or(usize::MAX)).map(|event| {
            let place = event.wrapping_mul(7_919) % count;
            self.sorted[place]
        });
        events.sum()
    }

    /// Writes `tail.json` where criterion has the benchmark `id` of `group`.
    ///
    /// # Panics
    /// If the file can't be written.
    pub fn save(&self, group: &str, id: &str) {
        let directory = criterion_dir().join(group).join(id);
        let file = directory.join("tail.json");
        let [half, most] = [500, 999].map(|part| self.per_mille(part).as_nanos());
        let text = format!("{{\"p50_ns\":{half},\"p999_ns\":{most}}}\n");
        fs::create_dir_all(&directory)
            .and_then(|()| fs::write(&file, text))
            .unwrap_or_else(|error| panic!("writing `{}`: {error}", file.display()));
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most, all] = [500, 999, 1_000].map(|part| self.per_mille(part));
        let count = self.sorted.len();
        write!(
            f,
            "{count} times: p50 {half:?}, p99.9 {most:?}, longest {all:?}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use std::time::Duration;

    #[test]
    fn parts_are_of_the_events() {
        let times = (1..=2_000).map(Duration::from_nanos).collect();
        let tail = Tail::of(times).expect("there are some");
        let parts = [500, 999, 1_000].map(|part| tail.per_mille(part).as_nanos());
        assert_eq!(parts, [1_000, 1_998, 2_000]);
        assert_eq!(tail.sample(2_000).as_nanos(), 2_000 * 2_001 / 2);
        assert_eq!(Tail::of(Vec::new()), None);
    }
}
