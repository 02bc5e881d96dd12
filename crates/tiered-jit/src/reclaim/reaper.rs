//! The thread that retires and frees.

use std::sync::PoisonError;
use std::time::Duration;

use crossbeam::channel::{Receiver, TryRecvError};

use crate::engine::Engine;
use crate::fork;

/// How long it waits before it looks again whether those are gone who may be in a retired version. Doubled each time that they are
/// not, up to [`LONGEST`]: a thread that stays in the program for hours costs one look per second.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(1);

/// Works until nobody holds the other end of `stopped`, whose owner unparks this thread then.
pub(crate) fn work(engine: &Engine, stopped: &Receiver<()>) {
    let reclaim = &engine.reclaim;
    {
        let _inside = fork::enter();
        let mut reaper = reclaim
            .reaper
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *reaper = Some(std::thread::current());
    }
    let mut pause = SHORTEST;
    while stopped.try_recv() != Err(TryRecvError::Disconnected) {
        let before = reclaim.retired.len();
        if reclaim.has_work() {
            // Whoever compiles, links or frees does so while nobody forks.
            let _inside = fork::enter();
            let _sorting = reclaim.sort();
            reclaim.settle(engine);
            reclaim.turn(engine);
            reclaim.collect(engine);
        }
        pause = match reclaim.retired.len() < before {
            true => SHORTEST,
            false => (pause * 2).min(LONGEST),
        };
        match reclaim.has_work() {
            true => std::thread::park_timeout(pause),
            false => {
                pause = SHORTEST;
                std::thread::park();
            }
        }
    }
}
