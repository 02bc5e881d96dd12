//! Every kind of file, several of them, and the compilers.

use std::path::PathBuf;

use tjit_test_util::{Lang, Tool, compile_to_bitcode, tool, workspace_root};

use crate::support::{Files, HELLO, check_program, check_refused, output, tjit, tjit_run};

const HELLO_IR: &str = r#"
@text = private constant [6 x i8] c"hello\00"
declare i32 @puts(ptr)
define i32 @main() {
  %written = call i32 @puts(ptr @text)
  ret i32 3
}
"#;

#[test]
fn textual_ir() {
    check_program(
        &tjit_run([Files::new().write("hello.ll", HELLO_IR)]),
        "hello\n",
        3,
    );
}

#[test]
fn bitcode_of_any_name() {
    let files = Files::new();
    let bitcode = compile_to_bitcode(HELLO, Lang::C, &["-O1"]);
    for name in ["hello.bc", "hello", "hello.o"] {
        check_program(&tjit_run([files.write(name, &bitcode)]), "hello\n", 3);
    }
}

#[test]
fn c_and_cpp() {
    let files = Files::new();
    check_program(&tjit_run([files.write("hello.c", HELLO)]), "hello\n", 3);
    let cpp = "#include <iostream>\n#include <string>\n\
               int main() { std::cout << std::string(\"hello\") << std::endl; return 3; }\n";
    for name in ["hello.cpp", "hello.cc", "hello.cxx", "hello.C"] {
        check_program(&tjit_run([files.write(name, cpp)]), "hello\n", 3);
    }
}

#[test]
fn rust() {
    let files = Files::new();
    let source = "fn main() { println!(\"hello\"); std::process::exit(3) }\n";
    check_program(&tjit_run([files.write("2-hello.rs", source)]), "hello\n", 3);
}

#[test]
fn rust_panics_exit_with_101() {
    let files = Files::new();
    let source = "fn main() { let v: Vec<i32> = Vec::new(); println!(\"{}\", v[std::env::args().count()]); }\n";
    let output = tjit_run([files.write("panic.rs", source)]);
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (101, ""),
        "{output:?}"
    );
    assert!(output.stderr.contains("panic.rs:1:"), "{output:?}");
}

#[test]
fn several_files_are_one_program() {
    let directory = workspace_root().join("tests/programs/statics_pair");
    let native = tjit_test_util::native_executable;
    let files: Vec<PathBuf> = ["a.c", "b.c"].map(|name| directory.join(name)).into();
    let second = files[1].to_str().unwrap();
    let expected = output(std::process::Command::new(native(
        files[0].as_path(),
        Lang::C,
        &[second],
    )));
    check_program(&tjit_run(&files), &expected.stdout, expected.code);
    let extra = [
        "--extra-module".as_ref(),
        files[1].as_os_str(),
        files[0].as_os_str(),
    ];
    check_program(&tjit_run(extra), &expected.stdout, expected.code);
}

#[test]
fn c_and_rust_call_each_other() {
    let files = Files::new();
    let c = files.write(
        "sum.c",
        "int twice(int); int sum(int a, int b) { return twice(a) + b; }\n",
    );
    let rust = files.write(
        "main.rs",
        "unsafe extern \"C\" { fn sum(a: i32, b: i32) -> i32; }\n\
         #[unsafe(no_mangle)] extern \"C\" fn twice(x: i32) -> i32 { x * 2 }\n\
         fn main() { println!(\"{}\", unsafe { sum(3, 4) }); }\n",
    );
    check_program(&tjit_run([c, rust]), "10\n", 0);
}

#[test]
fn flags_reach_clang() {
    let files = Files::new();
    std::fs::create_dir(files.path("include")).unwrap();
    files.write("include/answer.h", "constexpr int answer = ANSWER;\n");
    let source = files.write(
        "flags.cpp",
        "#include <answer.h>\n#if __cplusplus < 202002L || !defined EXTRA\n#error flags are lost\n#endif\n\
         int main() { return answer; }\n",
    );
    let include = files.path("include");
    let mut command = tjit(["run", "-std=c++20", "-DANSWER=42", "-X", "-DEXTRA", "-I"]);
    command.arg(include).arg(source);
    check_program(&output(command), "", 42);
}

#[test]
fn compile_errors_are_shown_and_end_it() {
    let files = Files::new();
    let good = files.write("good.c", HELLO);
    for (name, source) in [
        ("bad.cpp", "int main() { return x; }\n"),
        ("bad.rs", "fn main() { x }\n"),
    ] {
        let output = tjit_run([&good, &files.write(name, source)]);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{output:?}");
        let last = output.stderr.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("tjit: error: compiling `") && last.contains(name),
            "{output:?}"
        );
        assert!(output.stderr.contains(&format!("{name}:1:")), "{output:?}");
    }
}

#[test]
fn warnings_are_shown_and_do_not() {
    let files = Files::new();
    let output = tjit_run([files.write(
        "warning.c",
        "#warning mind the gap\nint main(void) { return 4; }\n",
    )]);
    assert_eq!(output.code, 4, "{output:?}");
    assert!(output.stderr.contains("mind the gap"), "{output:?}");
}

#[test]
fn clang_is_the_one_that_is_asked_for() {
    let files = Files::new();
    let source = files.write("hello.c", HELLO);
    let run = |clang: &std::ffi::OsStr| {
        let mut command = tjit(["run".as_ref(), source.as_os_str()]);
        command.env("TJIT_CLANG", clang);
        output(command)
    };
    check_program(&run(tool(Tool::Clang).as_os_str()), "hello\n", 3);
    check_refused(
        &run("no-such-clang".as_ref()),
        &["no clang of LLVM 22", "no-such-clang", "TJIT_CLANG"],
    );
    // A program that is there and is no clang.
    check_refused(&run(env!("CARGO_BIN_EXE_tjit").as_ref()), &["is no clang"]);
}

#[test]
fn without_compilers_only_sources_are_refused() {
    let files = Files::new();
    let run = |name: &str, contents: &str| {
        let mut command = tjit(["run".as_ref(), files.write(name, contents).as_os_str()]);
        command.env("PATH", "").env_remove("LLVM_SYS_221_PREFIX");
        for variable in ["RUSTC", "TJIT_RUSTC"] {
            command.env_remove(variable);
        }
        output(command)
    };
    check_refused(
        &run("hello.c", HELLO),
        &["no clang of LLVM 22", "`clang-22`", "install clang-22"],
    );
    check_refused(
        &run("hello.rs", "fn main() {}\n"),
        &["no rustc", "TJIT_RUSTC"],
    );
    check_program(&run("hello.ll", HELLO_IR), "hello\n", 3);
}
