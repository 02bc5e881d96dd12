//! Random interleavings of more threads than loom can try all of.
//!
//! Run with `RUSTFLAGS="--cfg tjit_shuttle" cargo test -p tjit-runtime --test shuttle --release`; `TJIT_SCHEDULES` says how many
//! schedules each model is run with (500). A failure prints its schedule, for `shuttle::replay`.
#![cfg(tjit_shuttle)]

mod crowd;
mod reclaim;
mod world;
