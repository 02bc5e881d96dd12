//! Programs of `tests/programs` in processes of their own, while their promotions fail.

use std::env;
use std::ffi::CString;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::{self, Command};

use tiered_jit::{ModuleSource, TieredJit};
use tjit_failpoint::{Phase, Plan};
use tjit_test_util::{Input, Lang, bitcode_file, native_executable, run, workspace_root};

use crate::seeds::seeds;

/// One run in this many is one of a program in a process.
const SHARE: u64 = 4;

/// Programs with little output and much going on: exceptions, threads, long jumps, statics, coroutines, virtual calls.
const PROGRAMS: [&str; 14] = [
    "closures.cpp",
    "containers.cpp",
    "coroutines.cpp",
    "ctors_dtors.cpp",
    "exceptions.cpp",
    "function_pointers.cpp",
    "object_model.cpp",
    "pthreads.c",
    "recursion.c",
    "setjmp.c",
    "statics_throwing.cpp",
    "switch_tables.c",
    "templates.cpp",
    "threads.cpp",
];

const BITCODE: &str = "TJIT_FAULT_PROGRAM";
const SEED: &str = "TJIT_FAULT_PROGRAM_SEED";

/// What a child is to run.
pub(crate) struct Program {
    bitcode: PathBuf,
    seed: u64,
}

impl Program {
    pub(crate) fn of_environment() -> Option<Self> {
        let bitcode = env::var_os(BITCODE)?.into();
        let seed = env::var(SEED).ok()?.parse().ok()?;
        Some(Self { bitcode, seed })
    }

    /// Runs it and ends the process as it does.
    pub(crate) fn run(self) -> ! {
        let threshold = NonZeroU64::new(1 + self.seed % 7).expect("not zero");
        let jit = TieredJit::builder()
            .threshold(threshold)
            .foreground(self.seed.is_multiple_of(2))
            .build()
            .expect("the JIT starts");
        let per_mille = [50, 300, 1000][usize::try_from(self.seed % 3).expect("small")];
        // Until the process ends, whoever ends it.
        let armed = Plan::new(self.seed)
            .fail_anywhere(per_mille)
            .only(Phase::Promotion)
            .arm();
        let name = CString::new("program").expect("no NUL in it");
        let source = ModuleSource::file(&self.bitcode);
        // SAFETY: a program of the repository, whose `main` is one.
        let code = unsafe { jit.run_program([source], "main", &[name]) };
        match code {
            Ok(code) => process::exit(code),
            Err(error) => {
                drop(armed);
                panic!("{error}")
            }
        }
    }
}

pub(crate) fn fail_anywhere() {
    let directory = workspace_root().join("tests/programs");
    for seed in seeds(SHARE) {
        let chosen = usize::try_from(seed % PROGRAMS.len() as u64).expect("small");
        let name = PROGRAMS[chosen];
        let source = directory.join(name);
        let lang = Lang::of_path(&source).expect("C or C++");
        let native = run(
            Command::new(native_executable(&*source, lang, &["-O1"])),
            Input::default(),
        );
        let flags = ["-O1", "-Xclang", "-disable-llvm-passes"];
        let bitcode = bitcode_file(&*source, lang, &flags);
        let mut child = Command::new(env::current_exe().expect("this process has an executable"));
        child.env(BITCODE, bitcode).env(SEED, seed.to_string());
        let tiered = run(child, Input::default());
        let shown = &tiered.stderr;
        assert_eq!(tiered.code, native.code, "{name}, seed {seed}: {shown}");
        assert_eq!(tiered.stdout, native.stdout, "{name}, seed {seed}: {shown}");
    }
}
