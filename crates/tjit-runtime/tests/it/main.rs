//! What an embedder sees: one binary, one module per subject.
#![cfg(not(tjit_loom))]

mod allocations;
mod events;
mod first_call;
mod invalidation;
mod order;
mod policies;
mod promotion;
mod rebase;
mod removal;
mod requests;
mod signals;
mod stress;
mod support;
mod tiers;
mod transactions;
mod versions;
