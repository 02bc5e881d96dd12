//! What facts leave of optimised code, read with a disassembler.

use std::collections::HashMap;
use std::sync::Arc;

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind};
use tiered_jit::{FactCounts, TieredJit, VersionInfo};

use crate::support::{load_cpp, load_cpp_with, nullary, unary, with_threshold};

fn optimize(jit: &TieredJit, name: &str) -> Arc<VersionInfo> {
    let request = jit.reoptimize(name).expect("it exists");
    request.wait().expect("it compiles")
}

fn instructions(version: &VersionInfo) -> Vec<Instruction> {
    const BITS: u32 = 64;
    // SAFETY: where the version's code is says the JIT, which lives as long as the test; code is never written to.
    let code = unsafe { std::slice::from_raw_parts(version.address as *const u8, version.size) };
    let address = version.address as u64;
    let mut decoder = Decoder::with_ip(BITS, code, address, DecoderOptions::NONE);
    decoder.iter().collect()
}

/// Whether it is a call, a return or a jump of any kind.
fn goes_elsewhere(instruction: &Instruction) -> bool {
    instruction.op0_kind() == OpKind::NearBranch64
        || matches!(
            instruction.mnemonic(),
            Mnemonic::Call | Mnemonic::Jmp | Mnemonic::Ret
        )
}

/// The instructions that do something, by their names.
fn mnemonics(version: &VersionInfo) -> Vec<Mnemonic> {
    let all = instructions(version).into_iter();
    let mnemonics = all.map(|instruction| instruction.mnemonic());
    mnemonics
        .filter(|&mnemonic| mnemonic != Mnemonic::Nop)
        .collect()
}

/// Those that are calls, returns or jumps.
fn branches(version: &VersionInfo) -> Vec<Mnemonic> {
    let all = instructions(version).into_iter();
    all.filter(goes_elsewhere)
        .map(|instruction| instruction.mnemonic())
        .collect()
}

/// Where the addresses of variables that are named point to.
fn addresses(version: &VersionInfo) -> Vec<u64> {
    let all = instructions(version).into_iter();
    all.filter(Instruction::is_ip_rel_memory_operand)
        .map(|instruction| instruction.ip_rel_memory_address())
        .collect()
}

const GETTERS: &str = "static long runs; static long init() { return ++runs * 7; }\n\
    extern \"C\" {\n\
    long plain = 3; long get_plain() { return plain; } void set_plain(long x) { plain = x; }\n\
    long &changing() { static long value = init(); return value; }\n\
    long get_changing() { return changing(); }\n\
    long change(long x) { return changing() = x; }\n\
    long get_kept() { static long value = init(); return value; }\n\
    long at() { return (long)&changing(); }\n\
    }\n";

#[test]
fn the_getter_of_a_static_is_that_of_a_global() {
    let jit = load_cpp(with_threshold(u64::MAX), GETTERS);
    let plain = optimize(&jit, "get_plain");
    assert_eq!(branches(&plain), [Mnemonic::Ret]);

    // The static is in memory, and the guard as well, when somebody has asked for it.
    let value = nullary(&jit, "at");
    nullary(&jit, "get_changing");
    let changing = optimize(&jit, "get_changing");
    assert_eq!(changing.facts, facts(1, 0));
    assert_eq!(mnemonics(&changing), mnemonics(&plain));
    assert_eq!(addresses(&changing), [value.cast_unsigned()]);
    unary(&jit, "change", 8);
    assert_eq!(nullary(&jit, "get_changing"), 8);

    assert_eq!(nullary(&jit, "get_kept"), 14);
    let kept = optimize(&jit, "get_kept");
    assert_eq!(kept.facts, facts(1, 1));
    assert_eq!(mnemonics(&kept), [Mnemonic::Mov, Mnemonic::Ret]);
    assert_eq!(addresses(&kept), []);
    assert_eq!(nullary(&jit, "get_kept"), 14);
}

const fn facts(guards: usize, values: usize) -> FactCounts {
    FactCounts {
        guards,
        values,
        arguments: 0,
    }
}

/// Compiled with `-O2`: `-O1` has clang forbid that loops are unrolled.
const INTERPRETER: &str = "struct Step { int operation, argument; };\n\
    extern \"C\" Step plan[8] = {{1, 3}, {0, 17}, {2, 1}, {3, 90}, {4, 0}};\n\
    static long step(const Step &s, long x) {\n\
      switch (s.operation) {\n\
      case 0: return x + s.argument; case 1: return x * s.argument;\n\
      case 2: return x >> s.argument; case 3: return x < s.argument ? x : s.argument; }\n\
      return x; }\n\
    static long run(const Step *s, long x) { for (; s->operation != 4; ++s) x = step(*s, x); return x; }\n\
    extern \"C\" long in_place(long x) { for (const Step *s = plan; s->operation != 4; ++s)\n\
      switch (s->operation) {\n\
      case 0: x += s->argument; break; case 1: x *= s->argument; break;\n\
      case 2: x >>= s->argument; break; case 3: x = x < s->argument ? x : s->argument; break; }\n\
      return x; }\n\
    extern \"C\" long passed(long x) { return run(plan, x); }\n\
    extern \"C\" long each(long x) { for (auto &s : plan) { if (s.operation == 4) break; x = step(s, x); } return x; }\n\
    extern \"C\" long set(long x) { plan[1].argument = x; return 0; }\n";

#[test]
fn nothing_is_left_of_the_interpreter_of_a_frozen_program() {
    let jit = load_cpp_with(with_threshold(u64::MAX), INTERPRETER, "-O2");
    // SAFETY: nobody writes it until it is thawed.
    unsafe { jit.freeze("plan") }.expect("it can be frozen");
    let mut expected = HashMap::new();
    for function in ["in_place", "passed", "each"] {
        for x in [-5, 0, 7, 1_000] {
            expected.insert((function, x), unary(&jit, function, x));
        }
        let version = optimize(&jit, function);
        assert_eq!(version.facts, facts(0, 1), "{function}");
        assert_eq!(branches(&version), [Mnemonic::Ret], "{function}");
    }
    for ((function, x), expected) in expected {
        assert_eq!(unary(&jit, function, x), expected, "{function}({x})");
    }
    assert_eq!(unary(&jit, "passed", 7), (7 * 3 + 17) >> 1);
    assert!(jit.thaw("plan").expect("it exists"));
    unary(&jit, "set", 21);
    for function in ["in_place", "passed", "each"] {
        assert_eq!(unary(&jit, function, 7), (7 * 3 + 21) >> 1, "{function}");
    }
}
