//! Each rule on source that keeps it and on source that breaks it.

use super::*;

const NONE: [usize; 0] = [];

fn lines(rule: Rule, path: &str, text: &str) -> Vec<usize> {
    rule(path, &Source::new(text))
        .into_iter()
        .map(|(line, _)| line)
        .collect()
}

#[test]
fn a_file_starts_by_saying_what_it_is_for() {
    assert_eq!(lines(module_doc, "a.rs", "//! Says it.\n"), NONE);
    assert_eq!(lines(module_doc, "a.rs", "#![no_std]\n//! Says it.\n"), [1]);
    assert_eq!(lines(module_doc, "a.rs", ""), [1]);
    assert_eq!(
        lines(
            module_doc,
            "a.rs",
            "#![doc = include_str!(\"../README.md\")]\n"
        ),
        NONE
    );
}

#[test]
fn long_files_are_tests() {
    let long = "\n".repeat(601);
    assert_eq!(lines(length, "crates/a/src/a.rs", &long), [601]);
    assert_eq!(lines(length, "crates/a/src/a.rs", &long[1..]), NONE);
    assert_eq!(lines(length, "crates/a/tests/it/a.rs", &long), NONE);
    assert_eq!(lines(length, "crates/a/src/a/tests.rs", &long), NONE);
}

#[test]
fn long_functions() {
    let function = |lines: usize| {
        format!(
            "\nfn f() {{{}}}\nfn g();\nstruct A {{}}\n",
            "\n".repeat(lines - 1)
        )
    };
    let path = "crates/a/src/a.rs";
    assert_eq!(lines(function_length, path, &function(80)), NONE);
    assert_eq!(lines(function_length, path, &function(81)), [2]);
    assert_eq!(
        lines(function_length, "crates/a/tests/it/a.rs", &function(81)),
        NONE
    );
    assert_eq!(
        lines(
            function_length,
            path,
            &function(81).replace("fn f", "type A = fn();\n//")
        ),
        NONE
    );
}

#[test]
fn unfinished_code_and_switched_off_tests() {
    let text = "#[ignore]\nfn a() { todo!() }\n#[should_panic(expected = \"x\")]\n// todo! is banned\nnot_todo!(\"dbg!\")";
    assert_eq!(lines(banned_code, "a.rs", text), [1, 3, 2]);
}

#[test]
fn a_comment_is_no_backlog_but_a_literal_is_data() {
    let text = format!("let a = \"{0}\";\n// {0}: more\n", concat!("FIX", "ME"));
    assert_eq!(lines(backlog_comments, "a.rs", &text), [2]);
}

#[test]
fn every_unsafe_block_has_its_own_argument() {
    let one = "// SAFETY: checked above.\nunsafe { f() }\n";
    assert_eq!(lines(safety_comments, "a.rs", one), NONE);
    assert_eq!(lines(safety_comments, "a.rs", "unsafe { f() }"), [0]);
    assert_eq!(
        lines(
            safety_comments,
            "a.rs",
            &format!("{one}unsafe impl Send for A {{}}")
        ),
        [0]
    );
    assert_eq!(
        lines(
            safety_comments,
            "a.rs",
            &format!("{one}// SAFETY: of nothing\n")
        ),
        [0]
    );
    assert_eq!(
        lines(
            safety_comments,
            "a.rs",
            "unsafe fn f();\nlet a = \"unsafe {\"; // unsafe {"
        ),
        NONE
    );
    let attribute = "#[unsafe(no_mangle)]\npub unsafe extern \"C\" fn f() {}";
    assert_eq!(lines(safety_comments, "a.rs", attribute), NONE);
    assert_eq!(
        lines(
            safety_comments,
            "a.rs",
            &format!("// SAFETY: the only one.\n{attribute}")
        ),
        NONE
    );
}

#[test]
fn crates_that_promise_safety() {
    let path = "crates/tjit-mangle/src/lib.rs";
    assert_eq!(lines(forbid_unsafe, path, "#![forbid(unsafe_code)]"), NONE);
    assert_eq!(
        lines(forbid_unsafe, path, "// #![forbid(unsafe_code)]"),
        [0]
    );
    assert_eq!(lines(forbid_unsafe, "crates/tjit-orc/src/lib.rs", ""), NONE);
}

#[test]
fn tier_suffixes_have_one_home() {
    let path = "crates/tjit-link/src/lib.rs";
    assert_eq!(
        lines(
            tier_suffixes,
            path,
            "\nlet a = \"_optimized\";\nformat!(\"{a}_baseline\")"
        ),
        [2, 3]
    );
    assert_eq!(
        lines(
            tier_suffixes,
            path,
            "// `foo_optimized`\nfn is_optimized() { \"_optimized_at\" }"
        ),
        NONE
    );
    assert_eq!(
        lines(
            tier_suffixes,
            path,
            "#[cfg(test)]\nmod tests { const A: &str = \"_optimized\"; }"
        ),
        NONE
    );
    assert_eq!(
        lines(
            tier_suffixes,
            path,
            "#[cfg(test)]\nmod tests;\nconst A: &str = \"_optimized\";"
        ),
        [3]
    );
    for home in [
        "crates/tjit-mangle/src/tier.rs",
        "crates/tjit-link/tests/it/a.rs",
        "crates/a/src/b/tests.rs",
    ] {
        assert_eq!(lines(tier_suffixes, home, "\"_optimized\""), NONE, "{home}");
    }
}

#[test]
fn llvm_c_is_called_in_one_crate() {
    assert_eq!(
        lines(
            llvm_names,
            "crates/tjit-link/src/lib.rs",
            "use inkwell::llvm_sys::core;"
        ),
        [1]
    );
    assert_eq!(
        lines(
            llvm_names,
            "crates/tjit-orc/src/lib.rs",
            "use llvm_sys::core;"
        ),
        NONE
    );
    assert_eq!(
        lines(
            llvm_names,
            "crates/tjit-link/src/lib.rs",
            "// llvm_sys\nmy_llvm_sys()"
        ),
        NONE
    );
}

#[test]
fn memory_is_made_executable_in_one_crate() {
    assert_eq!(
        lines(
            executable_memory,
            "crates/tjit-orc/src/a.rs",
            "\nlibc::PROT_READ | libc::PROT_EXEC"
        ),
        [2]
    );
    assert_eq!(
        lines(
            executable_memory,
            "crates/tjit-stubs/src/a.rs",
            "MprotectFlags::EXEC"
        ),
        NONE
    );
}
