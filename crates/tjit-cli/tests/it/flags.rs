//! Flags and the variables that stand for them.

use crate::support::{Files, HELLO, check_program, output, tjit, tjit_run};

/// Calls one function often enough for every threshold in use here.
const HOT: &str = "#include <stdio.h>\n\
    __attribute__((noinline)) int f(int x) { return x * 3 + 1; }\n\
    int main(void) { unsigned s = 0; for (int i = 0; i < 5000; ++i) s += (unsigned)f(i); printf(\"%u\\n\", s); return 9; }\n";

const HOT_OUTPUT: &str = "37497500\n";

#[test]
fn help_has_examples_and_goes_to_standard_output() {
    let help = output(tjit(["run", "--help"]));
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for word in [
        "Examples:",
        "--threshold",
        "--entry-function",
        "TJIT_THRESHOLD",
        "tjit run shapes.cpp",
    ] {
        assert!(help.stdout.contains(word), "{word}");
    }
}

#[test]
fn version_names_llvm() {
    let version = output(tjit(["--version"]));
    assert_eq!((version.code, version.stderr.as_str()), (0, ""));
    assert!(
        version.stdout.starts_with("tjit ") && version.stdout.contains("LLVM 22."),
        "{version:?}"
    );
}

#[test]
fn arguments_and_environment_reach_the_program() {
    let files = Files::new();
    let source = files.write(
        "arguments.c",
        "#include <stdio.h>\n#include <stdlib.h>\n\
         int main(int argc, char **argv, char **envp) {\n\
           for (int i = 0; i <= argc; ++i) printf(\"%s\\n\", argv[i] ? argv[i] : \"end\");\n\
           return getenv(\"GREETING\") && envp[0] ? 5 : 6;\n\
         }\n",
    );
    let name = source.to_str().unwrap();
    let mut command = tjit(["run", name, "--", "--threshold", "", "two words", "-std=x"]);
    command.env("GREETING", "hello");
    let expected = format!("{name}\n--threshold\n\ntwo words\n-std=x\nend\n");
    check_program(&output(command), &expected, 5);
    check_program(&tjit_run(["--fake-argv0=other", name]), "other\nend\n", 6);
}

#[test]
fn standard_input_reaches_the_program() {
    let files = Files::new();
    let source = files.write("cat.c", "#include <stdio.h>\nint main(void) { int c; while ((c = getchar()) != EOF) putchar(c); }\n");
    let input = tjit_test_util::Input {
        stdin: "one\ntwo",
        ..Default::default()
    };
    check_program(
        &tjit_test_util::run(tjit(["run".as_ref(), source.as_os_str()]), input),
        "one\ntwo",
        0,
    );
}

#[test]
fn entry_function() {
    let files = Files::new();
    let source = files.write(
        "entry.c",
        HELLO.to_owned()
            + "int start(int argc, char **argv) { return argv[argc] ? 1 : 20 + argc; }\n",
    );
    check_program(
        &tjit_run(["--entry-function=start".as_ref(), source.as_os_str()]),
        "",
        21,
    );
}

#[test]
fn dlopen() {
    let files = Files::new();
    let library = files.path("liboutside.so");
    let source = files.write("outside.c", "int outside(void) { return 33; }\n");
    let mut clang = std::process::Command::new(tjit_test_util::tool(tjit_test_util::Tool::Clang));
    clang
        .args(["-shared", "-fPIC", "-o"])
        .arg(&library)
        .arg(source);
    assert_eq!(output(clang).code, 0);
    let main = files.write(
        "main.c",
        "int outside(void);\nint main(void) { return outside(); }\n",
    );
    check_program(
        &tjit_run(["--dlopen".as_ref(), library.as_os_str(), main.as_os_str()]),
        "",
        33,
    );
    // As a file it is one of the working directory's, where the system's loader would not look.
    let mut command = tjit(["run".as_ref(), main.as_os_str(), "liboutside.so".as_ref()]);
    command.current_dir(files.path(""));
    check_program(&output(command), "", 33);
}

#[test]
fn tiers_by_flag_and_by_variable() {
    let files = Files::new();
    let source = files.write("hot.c", HOT);
    for tier in ["auto", "baseline", "optimized"] {
        check_program(
            &tjit_run([format!("--tier={tier}").as_ref(), source.as_os_str()]),
            HOT_OUTPUT,
            9,
        );
    }
    let mut command = tjit(["run".as_ref(), source.as_os_str()]);
    command
        .env("TJIT_TIER", "baseline")
        .env("TJIT_STATS", "json")
        .env("TJIT_THRESHOLD", "1")
        .env("TJIT_WORKERS", "1");
    let output = output(command);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (HOT_OUTPUT, 9),
        "{output:?}"
    );
    let stats: serde_json::Value = serde_json::from_str(&output.stderr).unwrap();
    assert_eq!(stats["functions"]["optimized"], 0, "{stats}");
}

#[test]
fn emit_ir_writes_a_file_per_version() {
    let files = Files::new();
    let source = files.write("hot.c", HOT);
    let directory = files.path("deep/ir");
    let mut command = tjit(["run", "--tier=optimized", "--emit-ir"]);
    command.arg(&directory).arg(source);
    check_program(&output(command), HOT_OUTPUT, 9);
    let names = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names: Vec<String> = names.collect();
    let has = |function: &str| {
        names
            .iter()
            .any(|name| name.starts_with(function) && name.ends_with(".ll"))
    };
    assert!(has("main"), "{names:?}");
    let text = std::fs::read_to_string(directory.join(&names[0])).unwrap();
    assert!(text.contains("define "), "{text}");
}

#[test]
fn knobs_of_every_kind() {
    let files = Files::new();
    let source = files.write("hot.c", HOT);
    let mut command = tjit([
        "run",
        "--tiers=slow:20,quick=default<O1>:200,peak=default<O3>",
        "--foreground",
        "--queue-capacity=8",
        "--baseline-group=1",
        "--imports=0",
        "--unit-limit=5000",
        "--compile-deadline=60000",
        "--code-budget=16",
        "--portable",
        "--stats=json",
    ]);
    command.arg(source);
    let output = output(command);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (HOT_OUTPUT, 9),
        "{output:?}"
    );
    let stats: serde_json::Value = serde_json::from_str(&output.stderr).unwrap();
    let tiers = stats["tiers"].as_array().unwrap().iter();
    let names: Vec<_> = tiers.map(|tier| tier["name"].as_str()).collect();
    assert_eq!(names, [Some("slow"), Some("quick"), Some("peak")]);
}

#[test]
fn directives_and_what_is_wrong_with_them() {
    let files = Files::new();
    let annotated = HOT.replace("noinline", "noinline, annotate(\"tjit:hurry\")");
    let source = files.write("hot.c", annotated);
    let directives = files.write(
        "directives.toml",
        "[[function]]\nname = \"f\"\nnever = true\n[[function]]\nname = \"nobody\"\neager = true\n",
    );
    let mut command = tjit([
        "run".as_ref(),
        "--print-compilation".as_ref(),
        source.as_os_str(),
    ]);
    command
        .env("TJIT_DIRECTIVES", &directives)
        .env("TJIT_FOREGROUND", "1");
    let output = output(command);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        (HOT_OUTPUT, 9),
        "{output:?}"
    );
    assert!(!output.stderr.contains(" optimized f "), "{output:?}");
    let warnings = output
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("tjit: warning: "));
    let expected = [
        format!("{}:4: no function matches `nobody`", directives.display()),
        "`f` says `hurry` of itself: it is unknown".to_owned(),
    ];
    assert_eq!(warnings.collect::<Vec<_>>(), expected);
}
