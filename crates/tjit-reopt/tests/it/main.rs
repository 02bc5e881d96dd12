//! Integration tests of `tjit-reopt`.

mod compiled;
mod round_trip;
