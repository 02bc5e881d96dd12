//! Libraries: where they are looked for, and what stands for them.

use std::path::Path;

use tjit_test_util::shared_library;

use crate::support::{Files, check_program, check_refused, output, tjit, tjit_run};

const MAIN: &str =
    "#include <stdio.h>\nint foo(void);\nint main(void) { printf(\"%d\\n\", foo()); return 3; }\n";

/// A library `lib/libfoo.so.1` whose `foo` returns 7, which `lib/libfoo.so` leads to.
fn with_library() -> Files {
    let files = Files::new();
    std::fs::create_dir(files.path("lib")).expect("the directory is made");
    files.write("main.c", MAIN);
    let source = files.write("foo.c", "int foo(void) { return 7; }\n");
    let library = shared_library(&[source], &[]);
    std::fs::copy(library, files.path("lib/libfoo.so.1")).expect("the library is copied");
    std::os::unix::fs::symlink("libfoo.so.1", files.path("lib/libfoo.so")).expect("it is linked");
    files
}

#[test]
fn libraries_are_found_as_linkers_find_them() {
    let files = with_library();
    files.write(
        "lib/libscript.so",
        "/* GNU ld script */ GROUP ( libfoo.so.1 AS_NEEDED ( -lm ) )",
    );
    for flag in ["-lfoo", "-l:libfoo.so.1", "-lscript"] {
        let mut command = tjit(["run", "main.c", "-Llib", flag]);
        command.current_dir(files.path("."));
        check_program(&output(command), "7\n", 3);
    }
    for file in ["libfoo.so", "./libfoo.so", "libscript.so"] {
        let mut command = tjit(["run", "../main.c", file]);
        command.current_dir(files.path("lib"));
        check_program(&output(command), "7\n", 3);
    }
}

#[test]
fn libraries_of_the_system_may_be_named() {
    let files = Files::new();
    let source = "#include <math.h>\n#include <stdlib.h>\n#include <stdio.h>\n
        static void bye(void) { puts(\"bye\"); }
        int main(int argc, char **argv) { atexit(bye); printf(\"%.1f\\n\", floor(argc + 0.5)); return 3; }";
    let source = files.write("main.c", source);
    let flags = ["-lm", "-lpthread", "-ldl", "-lc"].map(Path::new);
    let arguments = [source.as_path()].into_iter().chain(flags);
    check_program(&tjit_run(arguments), "1.0\nbye\n", 3);
}

#[test]
fn a_library_that_is_not_there_is_an_error() {
    let files = with_library();
    let source = files.path("main.c");
    let source = source.as_os_str();
    check_refused(
        &tjit_run([source, "-lfoo_bar".as_ref()]),
        &["-lfoo_bar", "libfoo_bar.so or libfoo_bar.a"],
    );
    let text = files.write("lib/libtext.so", "a library, but in words");
    check_refused(
        &tjit_run([source, text.as_os_str()]),
        &["libtext.so", "linker script"],
    );
}
