//! Comparing results.

use similar::TextDiff;

/// How many equal lines to show around a difference.
const CONTEXT: usize = 3;

/// A unified diff from `expected` to `actual`, or `None` if they are equal.
pub(crate) fn difference(expected: &str, actual: &str) -> Option<String> {
    if expected == actual {
        return None;
    }
    let diff = TextDiff::from_lines(expected, actual);
    Some(
        diff.unified_diff()
            .context_radius(CONTEXT)
            .header("expected", "actual")
            .to_string(),
    )
}

/// The text without trailing white space, each line ending in one newline: an editor may take such
/// space away.
pub(crate) fn normalise(text: &str) -> String {
    text.trim_end()
        .lines()
        .fold(String::new(), |all, line| all + line.trim_end() + "\n")
}

#[cfg(test)]
mod tests {
    use super::{difference, normalise};

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(difference("a\n", "a\n"), None);
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let difference = difference("a\nb\n", "a\nc\n").unwrap();
        assert!(difference.contains("-b\n+c\n"), "{difference}");
    }

    #[test]
    fn trailing_space_does_not_count() {
        assert_eq!(normalise("a  \n\nb\n\n\n"), "a\n\nb\n");
    }
}
