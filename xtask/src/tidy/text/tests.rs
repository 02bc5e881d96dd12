//! Each rule on a text that keeps it and on one that breaks it.

use super::{backlog_words, final_line_break, find_backlog, machine_paths, trailing_space};
use crate::tidy::Findings;

const NONE: [usize; 0] = [];

fn lines(findings: &Findings) -> Vec<usize> {
    findings.iter().map(|(line, _)| *line).collect()
}

#[test]
fn white_space() {
    assert_eq!(lines(&trailing_space("a.rs", "a\nb \nc\t\n")), [2, 3]);
    assert_eq!(lines(&trailing_space("a.stdout", "a \n")), NONE);
    assert_eq!(lines(&final_line_break("a.md", "a\nb")), [2]);
    assert_eq!(lines(&final_line_break("a.md", "a\n")), NONE);
}

#[test]
fn backlog() {
    let text = format!(
        "fine\n# {} later\nenough {}\n",
        concat!("TO", "DO"),
        concat!("for", " now")
    );
    assert_eq!(lines(&backlog_words("a.toml", &text)), [2, 3]);
    assert_eq!(lines(&backlog_words("a.rs", &text)), NONE);
    assert_eq!(lines(&find_backlog("TODOS and a_FIXME_b and 0xXXXX")), NONE);
}

#[test]
fn paths_of_one_machine() {
    let (home, tmp) = (concat!("/ho", "me/me/x"), concat!("/tm", "p/x"));
    assert_eq!(
        lines(&machine_paths("a.md", &format!("a\n{home}\n\"{tmp}\"\n"))),
        [2, 3]
    );
    assert_eq!(
        lines(&machine_paths(
            "a.md",
            &format!("https://example.org{home} $HOME{tmp}")
        )),
        NONE
    );
}
