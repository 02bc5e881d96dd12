//! The JIT as an embedder uses it.

mod ahead;
mod canary;
mod directives;
mod ending;
mod eviction;
mod facts;
#[cfg(target_arch = "x86_64")]
mod folded_code;
mod fork;
mod ifuncs;
mod landing;
mod lifecycle;
mod linking;
mod objects;
mod options;
mod promotion;
mod reclaim;
mod redefine;
mod requests;
mod support;
mod threads;
mod tickets;
mod tiers;
mod transactions;
mod triggers;
mod unload;
mod versions;
