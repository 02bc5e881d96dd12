//! Linking and slicing text IR and compiled programs.

mod support;
mod thread_locals;

mod against_ld;
mod aliases;
mod bad_input;
mod labels;
mod lookup;
mod objects;
mod programs;
mod redefine;
mod refusals;
mod resolution;
mod sections;
mod slices;
mod units;
mod unload;
mod written;
