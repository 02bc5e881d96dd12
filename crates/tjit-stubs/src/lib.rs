//! Indirect call stubs whose target can change while other threads call through them.
