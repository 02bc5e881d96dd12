//! A clock for single calls.

use std::time::{Duration, Instant};

/// The processor's own counter, which takes less time to read than the system's clock; and that clock where there is none that
/// we know.
#[derive(Debug, Clone, Copy)]
pub struct CycleClock {
    per_second: f64,
}

impl Default for CycleClock {
    fn default() -> Self {
        Self::new()
    }
}

impl CycleClock {
    /// Compares the counter with the system's clock for 50 ms.
    #[must_use]
    pub fn new() -> Self {
        const COMPARED: Duration = Duration::from_millis(50);
        let (start, ticks) = (Instant::now(), Self::now());
        while start.elapsed() < COMPARED {
            std::hint::spin_loop();
        }
        let passed = (Self::now() - ticks) as f64;
        Self {
            per_second: passed / start.elapsed().as_secs_f64(),
        }
    }

    /// The counter. Not ordered with what is around it: an out-of-order processor may read it dozens of cycles early or late.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    #[must_use]
    pub fn now() -> u64 {
        // SAFETY: every x86-64 processor has the instruction, and Linux lets programs use it.
        unsafe { core::arch::x86_64::_rdtsc() }
    }

    /// Nanoseconds since the first call.
    #[cfg(not(target_arch = "x86_64"))]
    #[inline]
    #[must_use]
    pub fn now() -> u64 {
        use std::sync::OnceLock;
        static START: OnceLock<Instant> = OnceLock::new();
        let passed = START.get_or_init(Instant::now).elapsed();
        u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
    }

    /// How long so many ticks take.
    #[must_use]
    pub fn time(&self, ticks: u64) -> Duration {
        Duration::from_secs_f64(ticks as f64 / self.per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::CycleClock;
    use std::time::Duration;

    #[test]
    fn ticks_are_time() {
        let clock = CycleClock::new();
        let ticks = CycleClock::now();
        std::thread::park_timeout(Duration::from_millis(1));
        assert!(clock.time(CycleClock::now() - ticks) < Duration::from_secs(60));
        assert!(clock.time(1_000_000_000) > Duration::ZERO);
    }
}
