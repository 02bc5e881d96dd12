//! Adds up what the test runners say in their summaries.

use std::fmt;

/// Tests that passed and tests that failed, over all runners.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// Reads one line of a runner's output; only summaries count.
    pub(crate) fn read(&mut self, line: &str) {
        let line = without_colours(line);
        if !line.contains("test result:") && !line.trim_start().starts_with("Summary [") {
            return;
        }
        for part in line.split([',', ';', '.', ':']) {
            let mut words = part.split_whitespace();
            let (Some(count), Some(what)) = (
                words.next().and_then(|word| word.parse::<u64>().ok()),
                words.next(),
            ) else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                // nextest counts tests that hang or don't start apart.
                "failed" | "timed" | "exec" => self.failed += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tests: {} passed, {} failed", self.passed, self.failed)
    }
}

/// Takes out terminal escapes of the form `ESC [ … letter`.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut escaped = false;
    for c in line.chars() {
        match c {
            '\u{1b}' => escaped = true,
            _ if escaped => escaped = !c.is_ascii_alphabetic(),
            _ => plain.push(c),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[track_caller]
    fn check(lines: &[&str], passed: u64, failed: u64) {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read(line));
        assert_eq!(tally, Tally { passed, failed });
    }

    #[test]
    fn libtest() {
        check(
            &[
                "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            ],
            3,
            0,
        );
        check(
            &[
                "test result: FAILED. 3 passed; 2 failed; 0 ignored",
                "test result: ok. 4 passed; 0 failed",
            ],
            7,
            2,
        );
        check(
            &["test a_test_that_says_9 passed ... ok", "running 8 tests"],
            0,
            0,
        );
    }

    #[test]
    fn nextest() {
        check(
            &["     Summary [   0.512s] 12 tests run: 12 passed (1 slow), 3 skipped"],
            12,
            0,
        );
        check(
            &[
                "     Summary [   0.512s] 12/20 tests run: 10 passed, 1 failed, 1 timed out, 3 skipped",
            ],
            10,
            2,
        );
        check(
            &[
                "\u{1b}[32m     Summary\u{1b}[0m [   0.1s] 2 tests run: \u{1b}[1m2 passed\u{1b}[0m, 0 skipped",
            ],
            2,
            0,
        );
    }

    #[test]
    fn the_line_a_machine_reads() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 3 passed; 0 failed");
        assert_eq!(tally.to_string(), "tests: 3 passed, 0 failed");
    }
}
