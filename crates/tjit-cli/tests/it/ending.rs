//! How programs end: codes, handlers, signals, and calls that can't be served.

use crate::support::{Files, check_program, output, tjit, tjit_run};

#[test]
fn exit_codes_are_the_programs_own() {
    let files = Files::new();
    let source = files.write(
        "code.c",
        "#include <stdlib.h>\nint main(int argc, char **argv) { return argc > 1 ? atoi(argv[1]) : 0; }\n",
    );
    for (argument, code) in [
        ("0", 0),
        ("1", 1),
        ("2", 2),
        ("255", 255),
        ("256", 0),
        ("-1", 255),
    ] {
        check_program(
            &tjit_run([source.as_os_str(), "--".as_ref(), argument.as_ref()]),
            "",
            code,
        );
    }
}

/// Handlers are functions that are called for the first time when `main` is long over.
#[test]
fn code_runs_after_main() {
    let files = Files::new();
    let source = files.write(
        "after.cpp",
        "#include <cstdio>\n#include <cstdlib>\n\
         struct Global { ~Global() { std::puts(\"global\"); } } global;\n\
         static int late(int n) { return n < 2 ? n : late(n - 1) + late(n - 2); }\n\
         int main(int argc, char **) {\n\
           std::atexit([] { std::printf(\"handler %d\\n\", late(15)); });\n\
           static struct Local { ~Local() { std::puts(\"static\"); } } local;\n\
           if (argc > 1) std::exit(8);\n\
           return 7;\n\
         }\n",
    );
    check_program(&tjit_run([&source]), "static\nhandler 610\nglobal\n", 7);
    let by_exit = tjit_run([source.as_os_str(), "--".as_ref(), "x".as_ref()]);
    check_program(&by_exit, "static\nhandler 610\nglobal\n", 8);
}

#[test]
fn exit_may_be_called_on_another_thread() {
    let files = Files::new();
    let source = files.write(
        "thread.cpp",
        "#include <cstdio>\n#include <cstdlib>\n#include <pthread.h>\n#include <unistd.h>\n\
         static void *leave(void *) { std::puts(\"leaving\"); std::exit(13); }\n\
         int main() {\n\
           pthread_t thread;\n\
           pthread_create(&thread, nullptr, leave, nullptr);\n\
           for (;;) pause();\n\
         }\n",
    );
    let output = tjit_run(["--stats=json".as_ref(), source.as_os_str()]);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        ("leaving\n", 13),
        "{output:?}"
    );
    assert!(output.stderr.starts_with('{'), "{output:?}");
}

const SIGABRT: i32 = 6;
const SIGSEGV: i32 = 11;
const SIGPIPE: i32 = 13;
const SIGTERM: i32 = 15;

#[test]
fn signals_end_it_as_they_end_a_native_program() {
    let files = Files::new();
    let source = files.write(
        "signals.c",
        "#include <signal.h>\n#include <stdlib.h>\n\
         static volatile int sink;\n\
         __attribute__((noinline)) static int deep(int n) { volatile char frame[4096]; frame[0] = (char)n; return deep(n + 1) + frame[0]; }\n\
         int main(int argc, char **argv) {\n\
           switch (argv[argc - 1][0]) {\n\
           case 'a': abort();\n\
           case 's': return *(volatile int *)8;\n\
           case 'o': sink = deep(0); return 0;\n\
           default: raise(SIGTERM); return 0;\n\
           }\n\
         }\n",
    );
    for (argument, signal) in [
        ("abort", SIGABRT),
        ("segv", SIGSEGV),
        ("overflow", SIGSEGV),
        ("term", SIGTERM),
    ] {
        check_program(
            &tjit_run([source.as_os_str(), "--".as_ref(), argument.as_ref()]),
            "",
            128 + signal,
        );
    }
}

#[test]
fn a_closed_pipe_ends_it() {
    let files = Files::new();
    let source = files.write(
        "pipe.c",
        "#include <stdio.h>\n#include <unistd.h>\n\
         int main(void) {\n\
           int ends[2];\n\
           if (pipe(ends)) return 1;\n\
           close(ends[0]);\n\
           write(ends[1], \"x\", 1);\n\
           return 5;\n\
         }\n",
    );
    check_program(&tjit_run([source]), "", 128 + SIGPIPE);
}

/// A signal that every thread of the program blocks waits for `sigwait`; a compile thread must not take it.
#[test]
fn signals_are_for_the_program() {
    let files = Files::new();
    let source = files.write(
        "sigwait.c",
        "#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\n\
         int main(void) {\n\
           sigset_t set;\n\
           int got = 0;\n\
           sigemptyset(&set);\n\
           sigaddset(&set, SIGUSR1);\n\
           sigprocmask(SIG_BLOCK, &set, 0);\n\
           kill(getpid(), SIGUSR1);\n\
           sigwait(&set, &got);\n\
           printf(\"%d\\n\", got == SIGUSR1);\n\
           return 6;\n\
         }\n",
    );
    check_program(&tjit_run([source]), "1\n", 6);
}

#[test]
fn an_uncaught_exception_says_so_and_aborts() {
    let files = Files::new();
    let source = files.write(
        "uncaught.cpp",
        "#include <stdexcept>\nint main() { throw std::runtime_error(\"nobody catches this\"); }\n",
    );
    let output = tjit_run([source]);
    assert_eq!(output.code, 128 + SIGABRT, "{output:?}");
    assert!(output.stderr.contains("nobody catches this"), "{output:?}");
}

/// Inline assembly that does not assemble is found when its function is first called: too late to refuse the program.
#[test]
fn a_function_that_cannot_be_compiled_ends_it_when_it_is_called() {
    let files = Files::new();
    let source = files.write(
        "assembly.c",
        "#include <stdio.h>\n#include <stdlib.h>\n\
         static void handler(void) { puts(\"never\"); }\n\
         static void broken(void) { __asm__ volatile(\"frobnicate %eax\"); }\n\
         int main(int argc, char **argv) {\n\
           atexit(handler);\n\
           printf(\"before \");\n\
           if (argc > 1) broken();\n\
           printf(\"after\");\n\
           _Exit(fflush(stdout) + 4);\n\
         }\n",
    );
    for tier in ["--tier=baseline", "--tier=auto", "--tier=optimized"] {
        let mut command = tjit(["run", tier]);
        command.arg(&source);
        check_program(&output(command), "before after", 4);
        let mut command = tjit(["run", tier]);
        command.arg(&source).args(["--", "call"]);
        let called = output(command);
        assert_eq!(
            (called.stdout.as_str(), called.code),
            ("before ", 2),
            "{tier}: {called:?}"
        );
        assert!(
            called.stderr.starts_with("tjit: error: ") && called.stderr.contains("broken"),
            "{tier}: {called:?}"
        );
        assert_eq!(called.stderr.lines().count(), 1, "{tier}: {called:?}");
    }
}

/// The frames on the way out of the program are unwound, unless one of them must not be: the error is told all the same.
#[test]
fn what_was_on_the_stack_is_destroyed_when_a_call_cannot_be_served() {
    let files = Files::new();
    let source = files.write(
        "stack.cpp",
        "#include <cstdio>\n#include <cstdlib>\n#include <pthread.h>\n\
         struct Guard { const char *name; ~Guard() { std::printf(\"%s \", name); } };\n\
         struct Global { ~Global() { std::puts(\"never\"); } } global;\n\
         static __attribute__((noinline)) void call();\n\
         extern \"C\" __attribute__((noinline)) void broken(int x) { __asm__ volatile(\"frobnicate %0\" : : \"r\"(x)); if (x < 0) call(); }\n\
         static void call() { Guard guard{\"callee\"}; broken(1); }\n\
         static __attribute__((noinline)) void must_not_throw() noexcept { Guard guard{\"terminated\"}; call(); }\n\
         int main(int, char **argv) {\n\
           Guard guard{\"main\"};\n\
           switch (argv[1][0]) {\n\
           case 'c': call(); break;\n\
           case 'a': try { call(); } catch (...) { std::printf(\"caught \"); } break;\n\
           case 'n': must_not_throw(); break;\n\
           case 'e': std::atexit([] { call(); }); std::exit(3);\n\
           case 't': {\n\
             pthread_t thread;\n\
             pthread_create(&thread, nullptr, [](void *) -> void * { call(); return nullptr; }, nullptr);\n\
             pthread_join(thread, nullptr);\n\
           }\n\
           }\n\
           return 0;\n\
         }\n",
    );
    for (way, stdout) in [
        ("call", "callee main "),
        ("catch", "callee main "),
        ("all", "callee caught main "),
        ("noexcept", "callee "),
        // `exit` is declared not to throw.
        ("exit", "callee "),
        ("thread", ""),
    ] {
        let output = tjit_run([source.as_os_str(), "--".as_ref(), way.as_ref()]);
        assert_eq!(
            (output.stdout.as_str(), output.code),
            (stdout, 2),
            "{way}: {output:?}"
        );
        let is_error = output.stderr.starts_with("tjit: error: ");
        assert!(
            is_error && output.stderr.contains("frobnicate"),
            "{way}: {output:?}"
        );
        assert_eq!(output.stderr.lines().count(), 1, "{way}: {output:?}");
    }
}

/// A child has none of the compile threads of its parent. It calls functions for the first time and often, after handlers that
/// do so too, on another thread, in its own children, and while another thread of the parent is compiling.
#[test]
fn children_of_fork_compile() {
    let files = Files::new();
    let source = files.write(
        "fork.cpp",
        "#include <cstdio>\n#include <cstdlib>\n#include <pthread.h>\n#include <unistd.h>\n#include <sys/wait.h>\n\
         template <int N> __attribute__((noinline)) int work(int x) {\n\
           try { if (x % 3 == 0) throw N; return x + N; } catch (int n) { return n; }\n\
         }\n\
         template <int N> int chain(int x) { if constexpr (N == 0) return x; else return chain<N - 1>(x) + work<N>(x); }\n\
         static int before, after;\n\
         static void prepare() { before = work<1000>(1); }\n\
         static void child() { after = work<1001>(1) + before; }\n\
         static void *busy(void *) { return (void *)(long)chain<40>(2); }\n\
         static int status(pid_t pid) { int code; waitpid(pid, &code, 0); return WIFEXITED(code) ? WEXITSTATUS(code) : -1; }\n\
         static int nest(int depth) {\n\
           if (depth == 0) return 3;\n\
           pid_t pid = fork();\n\
           if (pid == 0) _exit(nest(depth - 1) + 1);\n\
           return status(pid);\n\
         }\n\
         int main() {\n\
           pthread_atfork(prepare, nullptr, child);\n\
           pthread_t thread;\n\
           pthread_create(&thread, nullptr, busy, nullptr);\n\
           for (int i = 0; i < 4; ++i) {\n\
             pid_t pid = fork();\n\
             if (pid == 0) {\n\
               long sum = 0;\n\
               for (int k = 0; k < 50; ++k) sum += chain<10>(k);\n\
               pthread_t own; void *result;\n\
               pthread_create(&own, nullptr, [](void *) -> void * { return (void *)(long)work<50>(4); }, nullptr);\n\
               pthread_join(own, &result);\n\
               exit(sum == 12145 && (long)result == 54 && after == 2003 ? 20 + i : 1);\n\
             }\n\
             std::printf(\"%d \", status(pid));\n\
             std::fflush(stdout);\n\
           }\n\
           pthread_join(thread, nullptr);\n\
           std::printf(\"%d\\n\", nest(3));\n\
         }\n",
    );
    for tier in ["--tier=auto", "--tier=baseline", "--tier=optimized"] {
        let output = tjit_run([tier.as_ref(), "--threshold=5".as_ref(), source.as_os_str()]);
        check_program(&output, "20 21 22 23 6\n", 0);
    }
}

#[test]
fn an_undefined_function_matters_when_it_is_called() {
    let files = Files::new();
    let source = files.write(
        "undefined.c",
        "#include <stdio.h>\nint frobnicate(int);\n__attribute__((weak)) int absent(int);\n\
         static int use(int n) { return frobnicate(n); }\n\
         int main(int argc, char **argv) { printf(\"%d\", absent == 0); return argc > 1 ? use(argc) : 4; }\n",
    );
    check_program(&tjit_run([&source]), "1", 4);
    let called = tjit_run([source.as_os_str(), "--".as_ref(), "call".as_ref()]);
    assert_eq!(
        (called.stdout.as_str(), called.code),
        ("1", 2),
        "{called:?}"
    );
    let says =
        "tjit: error: `use` calls `frobnicate`, which neither the program nor its libraries define";
    assert!(called.stderr.starts_with(says), "{called:?}");
    assert_eq!(called.stderr.lines().count(), 1, "{called:?}");
}

#[test]
fn an_exception_out_of_a_constructor_aborts_as_natively() {
    let files = Files::new();
    let source = files.write(
        "constructor.cpp",
        "#include <stdexcept>\nstruct Global { Global() { throw std::runtime_error(\"no disk\"); } } global;\nint main() { return 3; }\n",
    );
    let output = tjit_run([source]);
    assert_eq!(output.code, 128 + SIGABRT, "{output:?}");
    assert!(output.stderr.contains("no disk"), "{output:?}");
}
