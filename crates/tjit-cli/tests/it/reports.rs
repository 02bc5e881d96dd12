//! `--stats` and `--print-compilation`.

use serde_json::Value;

use crate::support::{Files, output, tjit, tjit_run};

/// A hot function and a static one; ends by `exit` from a callee when it has an argument. Waits for the promotion of the hot
/// function by watching its own calls get no slower than they are: it just calls it many times.
const PROGRAM: &str = "#include <cstdio>\n#include <cstdlib>\n\
    struct Circle { int r; __attribute__((noinline)) long area() const { return 3L * r * r; } };\n\
    static void leave(int code) { std::exit(code); }\n\
    int main(int argc, char **) {\n\
      long sum = 0;\n\
      for (int i = 0; i < 200000; ++i) sum += Circle{i & 7}.area();\n\
      std::printf(\"%ld\\n\", sum);\n\
      if (argc > 1) leave(11);\n\
      return 12;\n\
    }\n";
const PROGRAM_OUTPUT: &str = "10500000\n";

fn stats(text: &str) -> Value {
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn json_has_stable_keys() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let output = tjit_run([
        "--stats=json".as_ref(),
        "--tier=optimized".as_ref(),
        source.as_os_str(),
    ]);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (PROGRAM_OUTPUT, 12),
        "{output:?}"
    );
    let stats = stats(&output.stderr);
    let keys: Vec<&String> = stats.as_object().unwrap().keys().collect();
    let expected = [
        "failures",
        "frontend_us",
        "functions",
        "invalidations",
        "promoted",
        "requests",
        "tiers",
        "trips",
        "trips_dropped",
        "wall_us",
    ];
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    // main, the method, and `leave`, which is not called.
    assert_eq!(
        (
            &stats["functions"]["total"],
            &stats["functions"]["optimized"]
        ),
        (&3.into(), &2.into()),
        "{stats}"
    );
    let promoted = stats["promoted"].as_array().unwrap();
    let area = promoted
        .iter()
        .find(|version| version["function"] == "Circle::area() const")
        .unwrap();
    assert_eq!(area["symbol"], "_ZNK6Circle4areaEv");
    for key in ["tier", "cause", "code_bytes", "total_us", "phases_us"] {
        assert!(!area[key].is_null(), "{key} in {area}");
    }
    assert!(
        stats["wall_us"].as_u64() > stats["frontend_us"].as_u64(),
        "{stats}"
    );
}

#[test]
fn trips_are_counted() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let output = tjit_run([
        "--stats=json".as_ref(),
        "--threshold=10".as_ref(),
        source.as_os_str(),
    ]);
    assert_eq!(output.code, 12, "{output:?}");
    let stats = stats(&output.stderr);
    assert!(stats["trips"].as_u64() >= Some(1), "{stats}");
    assert_eq!(stats["tiers"][0]["name"], "baseline", "{stats}");
    assert!(
        stats["tiers"][0]["code_bytes"].as_u64() > Some(0),
        "{stats}"
    );
}

#[test]
fn the_report_comes_also_when_the_program_calls_exit() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let output = tjit_run([
        "--stats=json".as_ref(),
        source.as_os_str(),
        "--".as_ref(),
        "leave".as_ref(),
    ]);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (PROGRAM_OUTPUT, 11),
        "{output:?}"
    );
    assert_eq!(stats(&output.stderr)["functions"]["total"], 3);
}

#[test]
fn text_is_a_table() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let output = tjit_run([
        "--stats=text".as_ref(),
        "--tier=optimized".as_ref(),
        source.as_os_str(),
    ]);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (PROGRAM_OUTPUT, 12),
        "{output:?}"
    );
    assert!(
        output
            .stderr
            .starts_with("tjit: 3 functions: 2 compiled, 2 optimized, 0 failed\n"),
        "{}",
        output.stderr
    );
    for word in [
        "trips",
        "codegen",
        "Circle::area() const",
        "to compile sources",
        "ms in all",
    ] {
        assert!(
            output.stderr.contains(word),
            "`{word}` in {}",
            output.stderr
        );
    }
}

/// Waits for the child, as a program that forks does: only the parent reports.
#[test]
fn a_forked_child_does_not_report() {
    let files = Files::new();
    let source = files.write(
        "fork.c",
        "#include <stdio.h>\n#include <stdlib.h>\n#include <sys/wait.h>\n#include <unistd.h>\n\
         int main(void) {\n\
           int status;\n\
           if (fork() == 0) exit(7);\n\
           wait(&status);\n\
           return WEXITSTATUS(status);\n\
         }\n",
    );
    let output = tjit_run(["--stats=json".as_ref(), source.as_os_str()]);
    assert_eq!(output.code, 7, "{output:?}");
    stats(&output.stderr);
}

#[test]
fn each_compilation_is_a_line() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let output = tjit_run([
        "--print-compilation".as_ref(),
        "--tier=optimized".as_ref(),
        source.as_os_str(),
    ]);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (PROGRAM_OUTPUT, 12),
        "{output:?}"
    );
    let area = output
        .stderr
        .lines()
        .find(|line| line.contains("Circle::area() const ("))
        .unwrap_or_else(|| panic!("{output:?}"));
    let mut words = area.split_whitespace();
    assert!(
        words.next().is_some_and(|ms| ms.parse::<f64>().is_ok()),
        "{area}"
    );
    assert!(
        words.next().is_some_and(|id| id.parse::<u32>().is_ok()),
        "{area}"
    );
    assert_eq!(words.next(), Some("optimized"), "{area}");
    assert!(
        area.contains(" bytes), ") && area.ends_with(" µs"),
        "{area}"
    );
    assert_eq!(output.stderr.lines().count(), 2, "{output:?}");
}

#[test]
fn both_tiers_of_a_function_are_lines() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let mut command = tjit(["run".as_ref(), source.as_os_str()]);
    command
        .env("TJIT_PRINT_COMPILATION", "1")
        .env("TJIT_THRESHOLD", "1");
    let output = output(command);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (PROGRAM_OUTPUT, 12),
        "{output:?}"
    );
    assert!(
        output.stderr.contains("baseline  Circle::area() const ("),
        "{output:?}"
    );
    assert!(output.stderr.contains("baseline  main ("), "{output:?}");
}

/// When the reader of standard error is gone, the program still ends as it should.
#[test]
fn nobody_has_to_read_the_report() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let mut shell = std::process::Command::new("sh");
    shell
        .args([
            "-c",
            "\"$0\" run --stats=text --print-compilation \"$1\" 2>&-",
            env!("CARGO_BIN_EXE_tjit"),
        ])
        .arg(source);
    let output = output(shell);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (PROGRAM_OUTPUT, 12),
        "{output:?}"
    );
}

#[test]
fn events_are_written_one_object_per_line() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let events = source.with_file_name("events.jsonl");
    let mut flag = std::ffi::OsString::from("--events=");
    flag.push(&events);
    let arguments = ["--threshold=7".as_ref(), "--foreground".as_ref(), &*flag];
    let output = tjit_run(arguments.into_iter().chain([source.as_os_str()]));
    assert_eq!((output.stdout.as_str(), output.code), (PROGRAM_OUTPUT, 12));
    assert_eq!(output.stderr, "");
    let text = std::fs::read_to_string(&events).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, lines) = lines.split_last().unwrap();
    assert_eq!(*last, serde_json::json!({ "event": "end", "lost": 0 }));
    assert!(lines.iter().all(|line| line["sequence"].is_u64()
        && line["at_us"].is_u64()
        && line["function"].is_u64()
        && line["name"].is_string()));
    let of_area = lines
        .iter()
        .filter(|line| line["name"] == "Circle::area() const");
    let mut of_area: Vec<_> = of_area.collect();
    of_area.sort_by_key(|line| line["sequence"].as_u64());
    let kinds: Vec<_> = of_area.iter().map(|line| &line["event"]).collect();
    let expected = [
        "baseline_compiled",
        "tripped",
        "promotion_started",
        "promoted",
    ];
    assert_eq!(kinds, expected);
    let version = &of_area[3]["version"];
    assert_eq!(
        (&version["tier"], &version["cause"]),
        (&"optimized".into(), &"trip".into())
    );
    assert!(version["code_bytes"].as_u64() > Some(0));
    assert!(version["phases_us"]["codegen"].is_u64());
}

#[test]
fn a_file_of_events_that_can_not_be_made_is_an_error() {
    let files = Files::new();
    let source = files.write("program.cpp", PROGRAM);
    let output = tjit_run([
        "--events=/no/such/directory/events".as_ref(),
        source.as_os_str(),
    ]);
    crate::support::check_refused(&output, &["/no/such/directory/events"]);
}
