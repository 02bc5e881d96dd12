//! Whole programs while compile jobs fail at random places: the output is that of the baseline all the same.
//!
//! Each run has a seed, which its failure names. `TJIT_FAULT_RUNS` says how many runs there are (50), `TJIT_FAULT_SEED` where
//! seeds begin (0): a single one is run again with both.

mod child;
mod entries;
mod generated;
mod outcomes;
mod promotions;
mod seeds;

use libtest_mimic::{Arguments, Trial};

fn main() {
    // Programs print and exit, so they have a process of their own, which is this one again.
    if let Some(program) = child::Program::of_environment() {
        program.run();
    }
    let trials = [
        (
            "promotions::fail_anywhere",
            promotions::fail_anywhere as fn(),
        ),
        (
            "promotions::fail_at_each_point",
            promotions::fail_at_each_point,
        ),
        ("programs::fail_anywhere", child::fail_anywhere),
        (
            "entries::a_fault_is_an_error_of_the_entry",
            entries::are_told,
        ),
        (
            "entries::a_group_is_tried_again_as_one_function",
            entries::are_tried_alone,
        ),
        (
            "entries::modules_that_fail_to_load_leave_nothing",
            entries::leave_nothing,
        ),
    ];
    let trials = trials.map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    });
    let mut arguments = Arguments::from_args();
    // Plans are for the whole process, and the faults of one test must not be those of another.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials.into()).exit();
}
