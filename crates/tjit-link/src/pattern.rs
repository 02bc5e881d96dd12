//! Patterns of names: `*` stands for any characters, `?` for one.

/// Whether the whole text is of the pattern.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` was, and where what it stands for ends at present. Only that one is ever extended: what came before
    // matched as early as it can.
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, end)) => {
                    star = Some((at, end + 1));
                    p = at + 1;
                    t = end + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_anything_and_question_marks_for_one() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "Shape::area() const"),
            ("Shape::*", "Shape::area"),
            ("*::area", "ns::Shape::area"),
            ("a*b*c", "a-b-b-c"),
            ("f?o", "foo"),
            ("f?", "fé"),
            ("**x", "xx"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "f"),
            ("?", ""),
            ("Shape::*", "Shape"),
            ("*::area", "ns::Shape::areas"),
            ("a*b*c", "a-c-b"),
            ("f", "foo"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    /// Failure may indicate a search that tries every split.
    #[test]
    fn many_stars_take_no_longer() {
        let text = "a".repeat(2_000);
        assert!(!matches(&format!("{}b", "*a".repeat(500)), &text));
    }
}
