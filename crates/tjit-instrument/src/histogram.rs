//! How long calls took: what timed functions write, and what to make of it.

/// Buckets per power of two: each is at most 1/32 as wide as what falls into it.
const FINE_BITS: u32 = 5;
/// Calls that take longer than 2⁴⁰ cycles, minutes, fall into the last bucket.
const LARGEST_BITS: u32 = 40;

/// Places for times in cycles, ever wider ones: 32 for each power of two. The layout of what a timed function writes is an array
/// of so many `i64`.
///
/// This is the log-linear histogram of Gil Tene's HdrHistogram, with 5 bits of precision.
pub const BUCKETS: usize = ((LARGEST_BITS - FINE_BITS + 1) << FINE_BITS) as usize;

/// Where a time falls. Generated code computes the same.
#[must_use]
pub fn bucket(cycles: u64) -> usize {
    // Below 2⁶ the buckets are one cycle wide.
    let shift = (cycles | 1 << FINE_BITS).ilog2() - FINE_BITS;
    let bucket = (u64::from(shift) << FINE_BITS) + (cycles >> shift);
    usize::try_from(bucket).map_or(BUCKETS - 1, |bucket| bucket.min(BUCKETS - 1))
}

/// The least time in cycles that falls into a bucket.
fn start(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> FINE_BITS).saturating_sub(1);
    (bucket - (shift << FINE_BITS)) << shift
}

/// How long calls took.
///
/// The times of calls have a long tail of interrupts, page faults and cold caches, so nothing here is a plain mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram(Vec<u64>);

impl Histogram {
    /// From what a timed function has written, read at any time; counts beyond [`BUCKETS`] are ignored.
    #[must_use]
    pub fn new(mut counts: Vec<u64>) -> Self {
        counts.resize(BUCKETS, 0);
        Self(counts)
    }

    /// How many calls were timed.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.0.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The time in cycles that a part `part` of the calls, 0 to 1, took at most; exact to 1/32. `None` without samples.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<f64> {
        let samples = self.samples();
        let rank = part.clamp(0.0, 1.0) * samples as f64;
        let mut below = 0.0;
        for (bucket, &count) in self.0.iter().enumerate() {
            if count > 0 && below + count as f64 >= rank {
                let (low, high) = (start(bucket) as f64, start(bucket + 1) as f64);
                return Some(low + (high - low) * ((rank - below) / count as f64));
            }
            below += count as f64;
        }
        None
    }

    /// The mean time in cycles of the middle half of the calls: the fastest quarter and the slowest are left out. `None` without
    /// samples.
    #[must_use]
    pub fn middle_mean(&self) -> Option<f64> {
        let samples = self.samples() as f64;
        let (first, last) = (samples / 4.0, samples * 3.0 / 4.0);
        let (mut below, mut sum) = (0.0, 0.0);
        for (bucket, &count) in self.0.iter().enumerate() {
            let upto = below + count as f64;
            let inside = (upto.min(last) - below.max(first)).max(0.0);
            sum += inside * f64::midpoint(start(bucket) as f64, start(bucket + 1) as f64 - 1.0);
            below = upto;
        }
        (last > first).then(|| sum / (last - first))
    }
}

#[cfg(test)]
mod tests;
