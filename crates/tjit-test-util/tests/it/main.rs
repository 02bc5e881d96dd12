//! Tests of the helpers, with the real compilers.

use std::fs;
use std::process::Command;

use tjit_test_util::{
    Input, Lang, bitcode_file, compile_to_bitcode, native_executable, native_program,
    program_sources, run, run_native, temp_dir, workspace_root,
};

/// Bitcode starts with `BC` 0xC0DE.
const MAGIC: &[u8] = &[b'B', b'C', 0xc0, 0xde];

#[test]
fn every_language_becomes_bitcode() {
    let sources = [
        (Lang::C, "int f(void) { return 1; }"),
        (
            Lang::Cxx,
            "template <class T> T f(T t) { return t; } int g() { return f(1); }",
        ),
        (Lang::Ir, "define i32 @f() { ret i32 1 }"),
        (Lang::Rust, "fn main() { println!(\"hi\"); }"),
    ];
    for (lang, source) in sources {
        assert!(
            compile_to_bitcode(source, lang, &[]).starts_with(MAGIC),
            "{lang:?}"
        );
    }
}

#[test]
fn flags_and_headers_are_part_of_the_key() {
    let directory = temp_dir();
    let source = directory.path().join("a.c");
    fs::write(&source, "#include \"a.h\"\nint f(void) { return VALUE; }").unwrap();
    let compile = |value: &str, flags: &[&str]| {
        fs::write(
            directory.path().join("a.h"),
            format!("#define VALUE {value}\n"),
        )
        .unwrap();
        bitcode_file(source.as_path(), Lang::C, flags)
    };
    let first = compile("1", &[]);
    assert_eq!(first, compile("1", &[]));
    assert_ne!(first, compile("2", &[]));
    assert_ne!(first, compile("1", &["-g"]));
}

#[test]
fn a_program_gets_its_input_and_returns_its_output() {
    let source = r#"
        #include <stdio.h>
        #include <stdlib.h>
        int main(int argc, char **argv) {
            char line[16];
            printf("%s %s %s", argv[1], getenv("TJIT_TEST"), fgets(line, sizeof line, stdin));
            fputs("warned", stderr);
            return argc;
        }"#;
    let executable = native_executable(source, Lang::C, &[]);
    let input = Input {
        args: &["one"],
        env: &[("TJIT_TEST", "two")],
        stdin: "three",
    };
    let output = run(Command::new(executable), input);
    assert_eq!(output.stdout, "one two three");
    assert_eq!(output.stderr, "warned");
    assert_eq!(output.code, 2);
}

#[test]
fn a_program_may_have_several_files() {
    let directory = workspace_root().join("tests/programs/statics_pair");
    let files = [directory.join("a.c"), directory.join("b.c")];
    let output = run(Command::new(native_program(&files, &[])), Input::default());
    assert_eq!(output.code, 31, "{output:?}");
}

#[test]
fn test_programs_find_no_fault_in_themselves() {
    let sources = program_sources();
    assert!(!sources.is_empty());
    for path in sources {
        let lang = Lang::of_path(&path).unwrap();
        let output = run_native(path.as_path(), lang, &[]);
        assert!(output.code > 1, "{}: {output:?}", path.display());
        // Panics, caught or not, and signals (128 and more) are what some programs are about; they may be told on stderr.
        let tells = lang == Lang::Rust || output.code > 128;
        assert!(
            !output.stdout.is_empty() && (output.stderr.is_empty() || tells),
            "{}: {output:?}",
            path.display()
        );
    }
}

#[cfg(unix)]
#[test]
fn a_signal_is_reported_as_by_a_shell() {
    let output = run_native(
        "#include <stdlib.h>\nint main(void) { abort(); }",
        Lang::C,
        &[],
    );
    assert_eq!(output.code, 128 + 6);
}

#[test]
fn the_compilers_words_reach_the_test() {
    let failed =
        std::panic::catch_unwind(|| compile_to_bitcode("int f(", Lang::C, &[])).unwrap_err();
    let message = failed.downcast_ref::<String>().unwrap();
    assert!(message.contains("main.c:1:"), "{message}");
}

#[test]
fn the_workspace_is_where_it_seems() {
    assert!(
        workspace_root()
            .join("crates/tjit-test-util/Cargo.toml")
            .is_file()
    );
}
