//! Every tier computes the same bits.

use tjit_compile_layer::{Config, FeatureChanges, ModuleOptions};

use crate::support::{Jit, baseline, call, optimized, parse};

const GENERIC: &str =
    "\"target-cpu\"=\"x86-64\" \"target-features\"=\"+cx8,+fxsr,+mmx,+sse,+sse2,+x87\"";

/// Its own processor fuses.
const FUSING: &str = "\"target-cpu\"=\"x86-64\" \"target-features\"=\"+avx,+avx2,+fma,+sse2\"";

/// x = 1 + ε and y = −1 − 2ε: x·x + y is ε², of which rounding the product first leaves nothing.
const X: f64 = 1.0 + f64::EPSILON;
const Y: f64 = -1.0 - 2.0 * f64::EPSILON;

fn rounded_twice() -> f64 {
    X * X + Y
}

fn rounded_once() -> f64 {
    X.mul_add(X, Y)
}

/// The results of a function at the baseline tier, at the optimised tier, and at the latter for a generic processor.
fn results(ir: impl Fn(&str) -> String) -> [f64; 3] {
    let run = |name: &str, host_cpu: bool| {
        let jit = Jit::with_config(Config {
            host_cpu,
            ..Config::default()
        });
        let tracker = jit.dylib.create_tracker();
        jit.layer
            .add(&tracker, parse(&ir(name)), ModuleOptions::default())
            .unwrap();
        let address = jit
            .dylib
            .lookup(name)
            .unwrap_or_else(|error| panic!("{error}"));
        call!(address, fn(f64, f64) -> f64, X, Y)
    };
    [
        run(&baseline("f"), true),
        run(&optimized("f"), true),
        run(&optimized("f"), false),
    ]
}

fn fmuladd(attributes: &str) -> impl Fn(&str) -> String {
    move |name| {
        format!(
            "declare double @llvm.fmuladd.f64(double, double, double)
            define double @\"{name}\"(double %x, double %y) {attributes} {{
              %r = call double @llvm.fmuladd.f64(double %x, double %x, double %y)
              ret double %r
            }}"
        )
    }
}

#[test]
fn the_two_ways_to_round_differ() {
    assert_ne!(rounded_once(), rounded_twice());
}

/// Failure may indicate that widening to the host's processor fused what no tier fused before.
#[cfg(target_arch = "x86_64")]
#[test]
fn fmuladd_is_not_fused_on_a_better_processor() {
    assert_eq!(results(fmuladd(GENERIC)), [rounded_twice(); 3]);
    assert_eq!(results(fmuladd("")), [rounded_twice(); 3]);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn fmuladd_is_fused_in_every_tier_where_the_source_says_so() {
    if std::arch::is_x86_feature_detected!("fma") {
        assert_eq!(results(fmuladd(FUSING)), [rounded_once(); 3]);
    }
}

/// LLVM folds `llvm.fmuladd` of constants with one rounding, whatever the processor.
#[cfg(target_arch = "x86_64")]
#[test]
fn constant_operands_are_rounded_as_variable_ones() {
    let (x, y) = (X.to_bits(), Y.to_bits());
    let ir = move |name: &str| {
        format!(
            "declare double @llvm.fmuladd.f64(double, double, double)
            define internal double @inner(double %x, double %y) {{
              %r = call double @llvm.fmuladd.f64(double %x, double %x, double %y)
              ret double %r
            }}
            define double @\"{name}\"(double %a, double %b) {{
              %r = call double @inner(double 0x{x:016X}, double 0x{y:016X})
              ret double %r
            }}"
        )
    };
    assert_eq!(results(ir), [rounded_twice(); 3]);
}

/// `-ffp-contract=fast`: a compiler may fuse, so it depends on the level of optimisation whether it does.
#[cfg(target_arch = "x86_64")]
#[test]
fn contract_flags_do_not_fuse_on_a_better_processor() {
    let ir = |attributes: &'static str| {
        move |name: &str| {
            format!(
                "define double @\"{name}\"(double %x, double %y) {attributes} {{
                  %p = fmul contract double %x, %x
                  %r = fadd contract double %p, %y
                  ret double %r
                }}"
            )
        }
    };
    assert_eq!(results(ir(GENERIC)), [rounded_twice(); 3]);
    if std::arch::is_x86_feature_detected!("fma") {
        // Its author has asked for it, and gets it from the optimiser.
        assert_eq!(results(ir(FUSING))[1], rounded_once());
    }
}

/// A function that may not fuse, inlined into one that may.
#[cfg(target_arch = "x86_64")]
#[test]
fn inlining_does_not_fuse() {
    if !std::arch::is_x86_feature_detected!("fma") {
        return;
    }
    let ir = |name: &str| {
        format!(
            "declare double @llvm.fmuladd.f64(double, double, double)
            define internal double @inner(double %x, double %y) {GENERIC} {{
              %r = call contract double @llvm.fmuladd.f64(double %x, double %x, double %y)
              ret double %r
            }}
            define double @\"{name}\"(double %x, double %y) {FUSING} {{
              %r = call double @inner(double %x, double %y)
              ret double %r
            }}"
        )
    };
    assert_eq!(results(ir), [rounded_twice(); 3]);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn vectors_are_not_fused_either() {
    let ir = |name: &str| {
        format!(
            "declare <2 x double> @llvm.fmuladd.v2f64(<2 x double>, <2 x double>, <2 x double>)
            define double @\"{name}\"(double %x, double %y) {GENERIC} {{
              %v = insertelement <2 x double> zeroinitializer, double %x, i32 1
              %w = insertelement <2 x double> zeroinitializer, double %y, i32 1
              %s = call <2 x double> @llvm.fmuladd.v2f64(<2 x double> %v, <2 x double> %v, <2 x double> %w)
              %r = extractelement <2 x double> %s, i32 1
              ret double %r
            }}"
        )
    };
    assert_eq!(results(ir), [rounded_twice(); 3]);
}

/// Strict arithmetic can't be taken apart, so nothing in its module is widened.
#[cfg(target_arch = "x86_64")]
#[test]
fn strict_arithmetic_is_not_fused() {
    let ir = |name: &str| {
        format!(
            "declare double @llvm.experimental.constrained.fmuladd.f64(double, double, double, metadata, metadata)
            define double @\"{name}\"(double %x, double %y) strictfp {GENERIC} {{
              %r = call double @llvm.experimental.constrained.fmuladd.f64(double %x, double %x, double %y,
                metadata !\"round.tonearest\", metadata !\"fpexcept.strict\") strictfp
              ret double %r
            }}"
        )
    };
    assert_eq!(results(ir), [rounded_twice(); 3]);
}

/// Whoever asks for other features gets the same bits.
#[cfg(target_arch = "x86_64")]
#[test]
fn no_change_of_features_changes_what_fuses() {
    if !std::arch::is_x86_feature_detected!("fma") {
        return;
    }
    let by_processor = "\"target-cpu\"=\"haswell\"";
    for (attributes, expected) in [
        (GENERIC, rounded_twice()),
        (FUSING, rounded_once()),
        (by_processor, rounded_once()),
    ] {
        for changes in ["+fma", "-fma", "-avx", "+avx2"] {
            let jit = Jit::new();
            let options = ModuleOptions {
                features: Some(FeatureChanges::new(changes).unwrap()),
                ..ModuleOptions::default()
            };
            let name = optimized("f");
            let module = parse(&fmuladd(attributes)(&name));
            let tracker = jit.dylib.create_tracker();
            jit.layer.add(&tracker, module, options).unwrap();
            let address = jit.dylib.lookup(&name).unwrap();
            let result = call!(address, fn(f64, f64) -> f64, X, Y);
            assert_eq!(result, expected, "{attributes} {changes}");
        }
    }
}
