//! Input that can't be run: one line that says why, exit code 2, and nothing of the program has run.

use tjit_test_util::{Lang, compile_to_bitcode, workspace_root};

use crate::support::{Files, HELLO, check_refused, output, tjit, tjit_run};

/// A program whose constructor would be noticed.
const NOISY: &str = "#include <stdio.h>\n\
    __attribute__((constructor)) static void early(void) { puts(\"the program has run\"); }\n";

#[test]
fn missing_file() {
    let path = Files::new().path("missing.bc");
    check_refused(&tjit_run([&path]), &["missing.bc", "No such file"]);
}

#[test]
fn directory() {
    let files = Files::new();
    let path = files.path("directory.ll");
    std::fs::create_dir(&path).unwrap();
    check_refused(&tjit_run([&path]), &["directory.ll", "directory"]);
}

#[test]
fn empty_file() {
    let files = Files::new();
    for name in ["empty.bc", "empty.ll"] {
        check_refused(&tjit_run([files.write(name, "")]), &[name, "empty"]);
    }
    check_refused(
        &tjit_run([files.write("empty", "")]),
        &["neither named like a source"],
    );
}

#[test]
fn something_else() {
    let files = Files::new();
    check_refused(
        &tjit_run([files.write("program.o", b"\x7fELF\x02\x01\x01")]),
        &["program.o", "ELF"],
    );
    check_refused(
        &tjit_run([files.write("program.txt", "int main(void);")]),
        &["program.txt", "neither named like a source"],
    );
}

#[test]
fn truncated_object() {
    let files = Files::new();
    let path = files.write("program.o", b"\x7fELF\x02\x01\x01");
    check_refused(&tjit_run([path]), &["program.o", "ELF"]);
}

#[test]
fn truncated_bitcode() {
    let files = Files::new();
    let bitcode = compile_to_bitcode(HELLO, Lang::C, &["-O1"]);
    let lengths = (0..8)
        .map(|part| bitcode.len() * part / 8)
        .chain([4, bitcode.len() - 1]);
    for length in lengths.filter(|length| *length > 0) {
        let path = files.write("truncated.bc", &bitcode[..length]);
        check_refused(&tjit_run([path]), &["truncated.bc"]);
    }
}

/// A flipped bit may leave another valid program, which then runs; what it may not do is to end `tjit` in another way.
#[test]
fn flipped_bits() {
    const FLIPS: usize = 48;
    let files = Files::new();
    let bitcode = compile_to_bitcode("int main(void) { return 3; }", Lang::C, &["-O1"]);
    let mut refused = 0;
    for flip in 0..FLIPS {
        let mut flipped = bitcode.clone();
        flipped[bitcode.len() * flip / FLIPS] ^= 1 << (flip % 8);
        let path = files.write("flipped.bc", &flipped);
        let output = tjit_run([path]);
        if output.stderr.starts_with("tjit: error: ") {
            refused += 1;
            check_refused(&output, &[]);
        } else {
            assert!(
                output.code < 128 && output.stderr.is_empty(),
                "flip {flip}: {output:?}"
            );
        }
    }
    assert!(refused > FLIPS / 4, "{refused}");
}

#[test]
fn syntax_error_in_ir() {
    let files = Files::new();
    let path = files.write("syntax.ll", "define i32 @main() {\n  ret i32 wrong\n}\n");
    check_refused(
        &tjit_run([path]),
        &["syntax.ll:2:11: error: expected value token"],
    );
}

#[test]
fn wrong_triple() {
    let files = Files::new();
    let ir =
        "target triple = \"riscv64-unknown-linux-gnu\"\ndefine i32 @main() {\n  ret i32 0\n}\n";
    check_refused(
        &tjit_run([files.write("triple.ll", ir)]),
        &["triple.ll", "riscv64"],
    );
}

#[test]
fn wrong_data_layout() {
    let files = Files::new();
    let ir = "target datalayout = \"E-p:32:32\"\ndefine i32 @main() {\n  ret i32 0\n}\n";
    check_refused(
        &tjit_run([files.write("layout.ll", ir)]),
        &["layout.ll", "data layout", "E-p:32:32"],
    );
}

#[test]
fn broken_module() {
    let files = Files::new();
    let ir = "define i32 @main() {\n  %a = add i32 %b, 1\n  %b = add i32 %a, 1\n  ret i32 %b\n}\n";
    check_refused(
        &tjit_run([files.write("broken.ll", ir)]),
        &["broken.ll", "does not dominate all uses"],
    );
}

#[test]
fn undefined_variables() {
    let files = Files::new();
    let source = files.write(
        "undefined.cpp",
        NOISY.to_owned()
            + "namespace n { extern int here; }\nextern thread_local int nowhere;\n\
               static int *user() { return &n::here; }\n\
               int main(int argc, char **) { return *user() + nowhere; }\n",
    );
    let words = [
        "undefined symbols",
        "`n::here` (a variable, used by `user()` in `",
        "`nowhere` (a thread-local variable, used by ",
    ];
    check_refused(&tjit_run([source]), &words);
}

#[test]
fn duplicate_definitions() {
    let files = Files::new();
    let first = files.write(
        "first.cpp",
        NOISY.to_owned() + "int f(int) { return 1; }\nint main() {}\n",
    );
    let second = files.write("second.cpp", "int f(int) { return 2; }\n");
    let words = ["duplicate symbol `f(int)`", "first.cpp", "second.cpp"];
    check_refused(&tjit_run([first, second]), &words);
}

#[test]
fn no_main() {
    let files = Files::new();
    let source = files.write("library.c", NOISY);
    check_refused(&tjit_run([&source]), &["`main`"]);
    let other = tjit_run(["--entry-function=start".as_ref(), source.as_os_str()]);
    check_refused(&other, &["`start`"]);
}

#[test]
fn unknown_flag() {
    check_refused(
        &tjit_run(["--treshold=7", "a.c"]),
        &["'--treshold'", "'--threshold'"],
    );
    check_refused(&tjit_run::<&str>([]), &["<FILE>"]);
    check_refused(&output(tjit(["walk"])), &["'walk'"]);
    check_refused(&output(tjit::<&str>([])), &["tjit run --help"]);
}

#[test]
fn values_out_of_range() {
    for flag in [
        "--threshold=0",
        "--threshold=many",
        "--workers=0",
        "--tier=fast",
        "--stats=xml",
    ] {
        let (name, _) = flag.split_once('=').unwrap();
        check_refused(&tjit_run([flag, "a.c"]), &[name]);
    }
}

#[test]
fn missing_library() {
    let files = Files::new();
    let path = files.write(
        "hello.c",
        NOISY.to_owned() + "int main(void) { return 0; }\n",
    );
    let output = tjit_run(["--dlopen=libdoesnotexist.so".as_ref(), path.as_os_str()]);
    check_refused(&output, &["libdoesnotexist.so"]);
}

#[test]
fn directory_that_cannot_be_made() {
    let files = Files::new();
    let file = files.write("hello.c", HELLO);
    let below = file.join("ir");
    let output = tjit_run(["--emit-ir".as_ref(), below.as_os_str(), file.as_os_str()]);
    check_refused(&output, &["creating the directory"]);
}

#[test]
fn what_is_not_supported_names_the_symbol() {
    let path = workspace_root().join("tests/programs/refused/functions_section.c");
    check_refused(&tjit_run([path]), &["can't link", "`f`", "section `code`"]);
}
