//! What is in the object files, read with a disassembler.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};
use object::{Object, ObjectSection, SectionKind};
use tjit_compile_layer::{
    CompileModule, Compiled, Config, KeptFeatures, ModuleOptions, SuffixTiered,
};

use crate::support::{baseline, optimized, parse};

/// What clang writes on functions for a generic x86-64.
const GENERIC: &str = "\"target-cpu\"=\"x86-64\" \"target-features\"=\"+cx8,+fxsr,+mmx,+sse,+sse2,+x87\" \"tune-cpu\"=\"generic\"";

fn compile(ir: &str, host_cpu: bool) -> Compiled {
    compile_with(ir, host_cpu, &ModuleOptions::default())
}

fn compile_with(ir: &str, host_cpu: bool, options: &ModuleOptions) -> Compiled {
    let tiered = SuffixTiered::new(&Config {
        host_cpu,
        ..Config::default()
    })
    .unwrap();
    parse(ir)
        .with_module(|module| tiered.compile(module, options))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn instructions(compiled: &Compiled) -> Vec<Instruction> {
    const BITS: u32 = 64;
    let file = object::File::parse(compiled.object.as_slice()).unwrap();
    file.sections()
        .filter(|section| section.kind() == SectionKind::Text)
        .flat_map(|section| {
            let code = section.data().unwrap();
            Decoder::new(BITS, code, DecoderOptions::NONE)
                .iter()
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Whether it is a call, a return or a jump of any kind.
fn goes_elsewhere(instruction: &Instruction) -> bool {
    instruction.op0_kind() == OpKind::NearBranch64
        || matches!(
            instruction.mnemonic(),
            Mnemonic::Call | Mnemonic::Jmp | Mnemonic::Ret
        )
}

/// The widest vector register that is named, in bits; 0 if there is none.
fn widest_vector(compiled: &Compiled) -> u32 {
    instructions(compiled)
        .iter()
        .flat_map(|instruction| {
            (0..instruction.op_count())
                .filter(|&index| instruction.op_kind(index) == OpKind::Register)
                .map(|index| vector_bits(instruction.op_register(index)))
                .collect::<Vec<_>>()
        })
        .max()
        .unwrap_or_default()
}

fn vector_bits(register: Register) -> u32 {
    match register {
        register if register < Register::XMM0 || register > Register::ZMM31 => 0,
        register if register <= Register::XMM31 => 128,
        register if register <= Register::YMM31 => 256,
        _ => 512,
    }
}

fn sum(name: &str, attributes: &str) -> String {
    format!(
        "define i32 @\"{name}\"(ptr %p, i64 %n) {attributes} {{
        entry:
          br label %loop
        loop:
          %i = phi i64 [ 0, %entry ], [ %next, %loop ]
          %sum = phi i32 [ 0, %entry ], [ %more, %loop ]
          %q = getelementptr i32, ptr %p, i64 %i
          %v = load i32, ptr %q
          %more = add i32 %sum, %v
          %next = add i64 %i, 1
          %done = icmp eq i64 %next, %n
          br i1 %done, label %exit, label %loop
        exit:
          ret i32 %more
        }}"
    )
}

#[cfg(target_arch = "x86_64")]
#[test]
fn loops_are_vectorised_at_the_optimised_tier_only() {
    let slow = compile(&sum(&baseline("f"), GENERIC), true);
    assert_eq!(widest_vector(&slow), 0);
    let fast = compile(&sum(&optimized("f"), GENERIC), false);
    assert_eq!(widest_vector(&fast), 128);
}

/// The attributes that clang wrote do not keep an optimised body from using what the processor has.
#[cfg(target_arch = "x86_64")]
#[test]
fn optimised_bodies_use_the_hosts_vectors() {
    if !std::arch::is_x86_feature_detected!("avx2") {
        return;
    }
    for attributes in [GENERIC, ""] {
        let fast = compile(&sum(&optimized("f"), attributes), true);
        assert!(widest_vector(&fast) >= 256, "{attributes}");
        assert_eq!(fast.not_widened, []);
    }
}

/// Failure may indicate that calls load addresses from a table, as rustc asks for: JITLink sends them astray where the
/// target is below 4 GiB.
#[cfg(target_arch = "x86_64")]
#[test]
fn calls_are_direct() {
    for name in [baseline("f"), optimized("f")] {
        let ir = format!(
            "declare void @elsewhere() nonlazybind
            define void @\"{name}\"() nonlazybind {{
              call void @elsewhere()
              ret void
            }}"
        );
        let operands: Vec<_> = instructions(&compile(&ir, true))
            .iter()
            .filter(|instruction| matches!(instruction.mnemonic(), Mnemonic::Call | Mnemonic::Jmp))
            .map(Instruction::op0_kind)
            .collect();
        assert_eq!(operands, [OpKind::NearBranch64], "{name}");
    }
}

/// A vector of 256 bits is passed in two registers by code for a generic processor and in one by code for a better
/// one. Failure may indicate that the two would call each other.
#[cfg(target_arch = "x86_64")]
#[test]
fn calling_conventions_do_not_depend_on_the_tier() {
    let body = optimized("f");
    let ir = format!(
        "define <8 x float> @\"{body}\"(<8 x float> %a) {GENERIC} {{
          %r = fadd <8 x float> %a, %a
          ret <8 x float> %r
        }}"
    );
    let fast = compile(&ir, true);
    assert_eq!(widest_vector(&fast), 128);
    assert_eq!(fast.not_widened[0].function, body);
    assert_eq!(fast.not_widened[0].reason, KeptFeatures::VectorSignature);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn a_wider_caller_inlines_a_generic_callee() {
    let ir = format!(
        "{}
        define i32 @\"{}\"(ptr %p) {GENERIC} {{
          %r = call i32 @callee(ptr %p, i64 1000)
          ret i32 %r
        }}",
        sum("callee", GENERIC).replace("define", "define available_externally"),
        optimized("f"),
    );
    let calls = |compiled: &Compiled| {
        instructions(compiled)
            .iter()
            .filter(|instruction| matches!(instruction.mnemonic(), Mnemonic::Call | Mnemonic::Jmp))
            .filter(|instruction| instruction.near_branch_target() == instruction.next_ip())
            .count()
    };
    let fast = compile(&ir, true);
    assert_eq!(calls(&fast), 0, "the callee was not inlined");
    assert!(widest_vector(&fast) >= 128);
}

/// A callee that is always inlined brings calls along, whose arguments must be where its own features put them.
#[cfg(target_arch = "x86_64")]
#[test]
fn what_is_always_inlined_keeps_the_convention_of_its_calls() {
    let body = optimized("f");
    let ir = format!(
        "declare void @sink(<8 x float>)
        define internal void @inlined(ptr %p) alwaysinline {GENERIC} {{
          %v = load <8 x float>, ptr %p
          call void @sink(<8 x float> %v)
          ret void
        }}
        define void @\"{body}\"(ptr %p) {GENERIC} {{
          call void @inlined(ptr %p)
          ret void
        }}"
    );
    let fast = compile(&ir, true);
    assert_eq!(widest_vector(&fast), 128);
    let kept: Vec<_> = fast
        .not_widened
        .iter()
        .map(|kept| kept.function.as_str())
        .collect();
    assert_eq!(kept, ["inlined", &body]);
}

/// AVX512-BF16 flushes denormals where the library's conversion does not, and AVX512-FP16 rounds once where code
/// without it rounds twice.
#[cfg(target_arch = "x86_64")]
#[test]
fn instructions_that_round_otherwise_are_not_used() {
    let ir = |attributes: &str| {
        format!(
            "define half @\"{}\"(float %f, ptr %p, half %h) {attributes} {{
              %b = fptrunc float %f to bfloat
              store bfloat %b, ptr %p
              %i = fptosi float %f to i32
              %s = sitofp i32 %i to half
              %r = fadd half %h, %s
              ret half %r
            }}",
            optimized("f")
        )
    };
    let rounding = |compiled: &Compiled| {
        instructions(compiled)
            .iter()
            .map(Instruction::mnemonic)
            .filter(|mnemonic| {
                use Mnemonic as M;
                matches!(mnemonic, M::Vcvtneps2bf16 | M::Vaddsh | M::Vcvtsi2sh)
            })
            .count()
    };
    assert_eq!(rounding(&compile(&ir(GENERIC), true)), 0);
    assert_eq!(rounding(&compile(&ir(""), true)), 0);
    if std::arch::is_x86_feature_detected!("avx512fp16") {
        let own = ir("\"target-features\"=\"+avx512fp16,+avx512vl\"");
        assert_ne!(rounding(&compile(&own, true)), 0, "the source asked for it");
    }
}

/// An interpreter of what is in a table, as clang has it before any pass, and who passes it the table.
fn interpreter(name: &str) -> String {
    format!(
        "@plan = available_externally constant [4 x {{ i32, i32 }}]
          [{{ i32, i32 }} {{ i32 1, i32 3 }}, {{ i32, i32 }} {{ i32 0, i32 17 }}, {{ i32, i32 }} {{ i32 2, i32 5 }}, {{ i32, i32 }} {{ i32 3, i32 0 }}]
        define available_externally i32 @interpret(ptr %plan, i32 %x) {{
        entry:
          %value = alloca i32
          %step = alloca ptr
          store i32 %x, ptr %value
          store ptr %plan, ptr %step
          br label %test
        test:
          %at = load ptr, ptr %step
          %operation = load i32, ptr %at
          %ended = icmp eq i32 %operation, 3
          br i1 %ended, label %exit, label %body
        body:
          %slot = getelementptr {{ i32, i32 }}, ptr %at, i64 0, i32 1
          %argument = load i32, ptr %slot
          %old = load i32, ptr %value
          switch i32 %operation, label %next [
            i32 0, label %add
            i32 1, label %multiply
            i32 2, label %subtract
          ]
        add:
          %sum = add i32 %old, %argument
          store i32 %sum, ptr %value
          br label %next
        multiply:
          %product = mul i32 %old, %argument
          store i32 %product, ptr %value
          br label %next
        subtract:
          %difference = sub i32 %old, %argument
          store i32 %difference, ptr %value
          br label %next
        next:
          %after = getelementptr {{ i32, i32 }}, ptr %at, i64 1
          store ptr %after, ptr %step
          br label %test
        exit:
          %result = load i32, ptr %value
          ret i32 %result
        }}
        define i32 @\"{name}\"(i32 %x) {{
          %result = call i32 @interpret(ptr @plan, i32 %x)
          ret i32 %result
        }}"
    )
}

/// Failure may indicate that loops over frozen tables stay loops: LLVM finds their ends only before it has simplified them.
#[cfg(target_arch = "x86_64")]
#[test]
fn loops_over_folded_values_are_unrolled() {
    let folded = ModuleOptions {
        values_folded: true,
        ..ModuleOptions::default()
    };
    for host_cpu in [false, true] {
        let code = compile_with(&interpreter(&optimized("f")), host_cpu, &folded);
        let jumps = instructions(&code)
            .iter()
            .filter(|instruction| goes_elsewhere(instruction))
            .map(Instruction::mnemonic)
            .collect::<Vec<_>>();
        assert_eq!(jumps, [Mnemonic::Ret]);
    }
    let baseline = interpreter(&baseline("f"));
    let sizes = [ModuleOptions::default(), folded].map(|options| {
        let compiled = compile_with(&baseline, true, &options);
        compiled.code_bytes
    });
    assert_eq!(sizes[0], sizes[1], "folding is for optimised bodies");
}
