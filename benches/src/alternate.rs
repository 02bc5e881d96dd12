//! Measuring peers in turn, so that what disturbs the machine disturbs all of them.

use std::collections::VecDeque;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, SamplingMode};

/// One of the peers: its name, and what takes the time of so many iterations.
pub type Way<'a> = (&'static str, Box<dyn FnMut(u64) -> Duration + 'a>);

/// Benchmarks `ways` in rounds, one sample of each per round, in the other order every other round.
///
/// Criterion measures one benchmark after the other. On a machine that is shared, or whose clock changes, two figures taken
/// seconds apart have no meaningful ratio. Here, the first benchmark that asks for a sample has one taken of each way, and the
/// others get theirs when they ask. Samples are handed over per iteration: the median is what it says, criterion's slope is not.
pub fn alternate(group: &mut BenchmarkGroup<'_, WallTime>, mut ways: Vec<Way<'_>>) {
    // A warm-up by time would use up samples of all ways but the first, which then would be of different rounds.
    group
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_nanos(1));
    for (_, time) in &mut ways {
        warm_up(time);
    }
    let names: Vec<_> = ways.iter().map(|(name, _)| *name).collect();
    let mut rounds = Rounds::new(names.len());
    for (index, name) in names.into_iter().enumerate() {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| rounds.sample(&mut ways, index, iterations));
        });
    }
}

/// Runs until one-time costs are over, such as the first call of a function that a JIT has yet to compile: criterion chooses
/// the length of all samples by the first iteration it sees.
fn warm_up(time: &mut dyn FnMut(u64) -> Duration) {
    const ENOUGH: Duration = Duration::from_millis(5);
    let mut iterations = 1;
    let _with_one_time_costs = time(iterations);
    while time(iterations) < ENOUGH {
        iterations *= 2;
    }
}

/// Samples that were taken and not asked for yet, in seconds per iteration, by way.
#[derive(Debug)]
struct Rounds {
    waiting: Vec<VecDeque<f64>>,
    backwards: bool,
}

impl Rounds {
    fn new(ways: usize) -> Self {
        Self {
            waiting: vec![VecDeque::new(); ways],
            backwards: false,
        }
    }

    /// The next sample of the way at `index`, scaled to `iterations`.
    fn sample(&mut self, ways: &mut [Way<'_>], index: usize, iterations: u64) -> Duration {
        let sample = loop {
            match self.waiting[index].pop_front() {
                Some(sample) => break sample,
                None => self.take(ways, iterations),
            }
        };
        Duration::from_secs_f64(sample * iterations as f64)
    }

    /// One sample of each way.
    fn take(&mut self, ways: &mut [Way<'_>], iterations: u64) {
        for step in 0..ways.len() {
            let index = if self.backwards {
                ways.len() - 1 - step
            } else {
                step
            };
            let time = ways[index].1(iterations);
            self.waiting[index].push_back(time.as_secs_f64() / iterations as f64);
        }
        self.backwards = !self.backwards;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use super::{Rounds, Way, warm_up};

    #[test]
    fn the_first_call_does_not_end_the_warm_up() {
        let calls = RefCell::new(Vec::new());
        let mut time = |iterations: u64| {
            let compiling = if calls.borrow().is_empty() { 50 } else { 0 };
            calls.borrow_mut().push(iterations);
            Duration::from_millis(compiling + iterations)
        };
        warm_up(&mut time);
        assert_eq!(*calls.borrow(), [1, 1, 2, 4, 8]);
    }

    #[test]
    fn peers_are_measured_in_the_same_rounds() {
        let calls = RefCell::new(String::new());
        let way = |name: &'static str, millis: u32| -> Way<'_> {
            let calls = &calls;
            let run = move |iterations: u64| {
                calls.borrow_mut().push_str(name);
                Duration::from_millis(u64::from(millis) * iterations)
            };
            (name, Box::new(run))
        };
        let mut ways = vec![way("a", 1), way("b", 3)];
        let mut rounds = Rounds::new(2);
        // Two of the first, then two of the second, which asks for another number of iterations.
        for (index, iterations, expected) in [(0, 10, 10), (0, 10, 10), (1, 7, 21), (1, 7, 21)] {
            let time = rounds.sample(&mut ways, index, iterations);
            assert_eq!(time.as_millis(), expected);
        }
        assert_eq!(*calls.borrow(), "abba");
    }
}
