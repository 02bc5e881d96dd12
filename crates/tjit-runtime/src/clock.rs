//! What time it is, for what waits for time to pass.

pub(crate) use imp::Clock;

#[cfg(not(any(tjit_loom, tjit_shuttle)))]
mod imp {
    use std::time::{Duration, Instant};

    /// Time since the clock was made; never goes back. Reading it is one call of `clock_gettime`, safe in a signal handler.
    #[derive(Debug)]
    pub(crate) struct Clock(Instant);

    impl Clock {
        pub(crate) fn new() -> Self {
            Self(Instant::now())
        }

        pub(crate) fn now(&self) -> Duration {
            self.0.elapsed()
        }
    }
}

#[cfg(any(tjit_loom, tjit_shuttle))]
mod imp {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    /// A clock that the model moves on. Not modelled itself: who waits for it looks at it under the lock that moving it on
    /// takes before it wakes them.
    #[derive(Debug)]
    pub(crate) struct Clock(AtomicU64);

    impl Clock {
        pub(crate) fn new() -> Self {
            Self(AtomicU64::new(0))
        }

        pub(crate) fn now(&self) -> Duration {
            Duration::from_nanos(self.0.load(Ordering::SeqCst))
        }

        /// Lets time pass. Whoever waits for it is to be told: see `Parker::tick`.
        pub(crate) fn advance(&self, time: Duration) {
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            self.0.fetch_add(nanos, Ordering::SeqCst);
        }
    }
}
