//! Linking and slicing text IR and compiled programs.

mod programs;
