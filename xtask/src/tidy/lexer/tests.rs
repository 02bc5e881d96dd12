//! Comments in strings, strings in comments, and everything that looks like a quote.

use super::Source;

/// The code of `text` with runs of blanks made one.
#[track_caller]
fn check(text: &str, code: &str, comments: &str, strings: &str) {
    let squeeze = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    let source = Source::new(text);
    assert_eq!(squeeze(&source.code), code, "code of {text}");
    assert_eq!(squeeze(&source.comments), comments, "comments of {text}");
    assert_eq!(squeeze(&source.strings), strings, "strings of {text}");
}

#[test]
fn comments() {
    check("a // b\nc", "a c", "// b", "");
    check("a /* b /* c */ d */ e", "a e", "/* b /* c */ d */", "");
    check("a /* never closed", "a", "/* never closed", "");
}

#[test]
fn strings() {
    check(r#"f("a // b", 'c')"#, "f( , )", "", r#""a // b" 'c'"#);
    check(r#"f("a \" b") g"#, "f( ) g", "", r#""a \" b""#);
    check(r##"f(r#"a " b"#) g"##, "f( ) g", "", r##"r#"a " b"#"##);
    check(r#"f(br"a\", c"b") g"#, "f(b , c ) g", "", r#"r"a\" "b""#);
    check(r#"a "never closed"#, "a", "", r#""never closed"#);
}

#[test]
fn quotes_that_open_nothing() {
    check(
        "fn f<'a>(x: &'a str) -> char { '\\'' }",
        "fn f<'a>(x: &'a str) -> char { }",
        "",
        "'\\''",
    );
    check("let r#type = r; // it's", "let r#type = r;", "// it's", "");
    check("'\\u{1b}' '\"' \"x\"", "", "", "'\\u{1b}' '\"' \"x\"");
    check("br(\"x\"); for\"y\"", "br( ); for", "", "\"x\" \"y\"");
}

#[test]
fn lines_stay_where_they_are() {
    let source = Source::new("a\n\"b\nc\"\n// d\ne");
    for part in [&source.code, &source.comments, &source.strings] {
        assert_eq!(part.lines().count(), 5);
    }
}
