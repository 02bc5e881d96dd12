//! Tables of results that are written here.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Goal, Measure, Question, Results, figure, of};
use crate::bench::goals::Part;

const TIME: Measure = Measure::Time { parts: 2 };

fn question(ours: &'static str, peer: Option<&'static str>, goal: Goal) -> Question {
    Question {
        name: "a question",
        measure: TIME,
        ours,
        peer,
        goal,
    }
}

/// A directory of our own below that of the test binary.
fn home(name: &str) -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let home = exe.with_file_name(format!("xtask-bench-{}-{name}", std::process::id()));
    fs::create_dir_all(&home).unwrap();
    home
}

fn write(home: &Path, benchmark: &str, median: f64, deviation: f64) {
    let directory = home.join(benchmark).join("new");
    fs::create_dir_all(&directory).unwrap();
    let text = format!(
        r#"{{"median":{{"point_estimate":{median}}},"median_abs_dev":{{"point_estimate":{deviation}}}}}"#
    );
    fs::write(directory.join("estimates.json"), text).unwrap();
}

#[test]
fn ratios_are_compared_with_goals() {
    let home = home("ratios");
    write(&home, "group/ours", 2_804.0, 28.0);
    write(&home, "group/peer", 2_000.0, 20.0);
    let results = Results::since(SystemTime::UNIX_EPOCH, home.clone());
    let questions = [
        question("group/ours", Some("group/peer"), Goal::Ratio(1.4)),
        question("group/ours", Some("group/peer"), Goal::Ratio(1.25)),
        question("group/ours", None, Goal::Nanoseconds(1_000.0)),
        question("group/ours", None, Goal::Open),
        question("group/absent", None, Goal::Open),
        question("group/ours", Some("group/absent"), Goal::Open),
    ];
    let expected = "
               ours     peer  ratio       goal  met
a question  1.40 µs  1.00 µs  1.40×    ≤ 1.40×  yes
a question  1.40 µs  1.00 µs  1.40×    ≤ 1.25×   NO
a question  1.40 µs                  ≤ 1.00 µs   NO
a question  1.40 µs
";
    assert_eq!(of(&questions, &results).unwrap(), expected);
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn answers_from_samples_that_disagree_are_marked() {
    let home = home("unsteady");
    write(&home, "group/ours", 2_000.0, 20.0);
    write(&home, "group/peer", 4_000.0, 900.0);
    let results = Results::since(SystemTime::UNIX_EPOCH, home.clone());
    let questions = [question("group/ours", Some("group/peer"), Goal::Ratio(1.4))];
    let table = of(&questions, &results).unwrap();
    assert!(table.contains("0.50×  ≤ 1.40×  yes?\n?: "), "{table}");
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn results_of_an_earlier_run_do_not_count() {
    let home = home("earlier");
    write(&home, "group/ours", 1.0, 0.0);
    let later = SystemTime::now() + Duration::from_secs(60);
    let results = Results::since(later, home.clone());
    let questions = [question("group/ours", None, Goal::Open)];
    assert_eq!(of(&questions, &results).unwrap(), "");
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn a_file_without_the_number_is_an_error() {
    let home = home("broken");
    let directory = home.join("group/ours/new");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("estimates.json"), "{}").unwrap();
    let results = Results::since(SystemTime::UNIX_EPOCH, home.clone());
    let error = of(&[question("group/ours", None, Goal::Open)], &results).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("no number at `median.point_estimate`"),
        "{error}"
    );
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn figures_have_units() {
    assert_eq!(figure(0.36, TIME), "0.36 ns");
    assert_eq!(figure(31_400_000.0, TIME), "31.4 ms");
    assert_eq!(figure(f64::from(68 << 20), Measure::Memory), "68.0 MiB");
}

#[test]
fn long_ones_are_told_from_half_of_them() {
    let home = home("tails");
    let directory = home.join("group/ours");
    fs::create_dir_all(&directory).unwrap();
    let text = r#"{"p50_ns":150,"p999_ns":21000}"#;
    fs::write(directory.join("tail.json"), text).unwrap();
    let results = Results::since(SystemTime::UNIX_EPOCH, home.clone());
    let of_part = |part| Question {
        measure: Measure::Tail(part),
        ..question("group/ours", None, Goal::Nanoseconds(20_000.0))
    };
    let questions = [of_part(Part::Half), of_part(Part::Most)];
    let expected = "
                ours  peer  ratio       goal  met
a question  150.0 ns               ≤ 20.0 µs  yes
a question   21.0 µs               ≤ 20.0 µs   NO
";
    assert_eq!(of(&questions, &results).unwrap(), expected);
    fs::remove_dir_all(home).unwrap();
}
