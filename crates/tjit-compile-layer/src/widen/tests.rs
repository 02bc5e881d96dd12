//! Which functions are widened, and to what.

use inkwell::attributes::AttributeLoc;
use tjit_orc::{Host, ThreadSafeContext};

use super::{FeatureChanges, Subtargets, Wanted, keep_apart, scan, widen};
use crate::compiled::KeptFeatures;
use crate::error::{Error, ErrorKind};

type Outcome = (Vec<(String, KeptFeatures)>, Vec<(String, String)>);

/// The functions that were kept with the reasons, and the features of all functions afterwards.
fn widened(ir: &str) -> Result<Outcome, Error> {
    widened_with(ir, true, None)
}

fn widened_with(
    ir: &str,
    host_cpu: bool,
    changes: Option<&FeatureChanges>,
) -> Result<Outcome, Error> {
    let module = ThreadSafeContext::new().parse("test.ll", ir.as_bytes())?;
    module.with_module(|module| {
        let subtargets = Subtargets::new()?;
        let functions = subtargets.check_processors(module)?;
        let facts: Vec<_> = functions
            .iter()
            .map(|checked| scan(checked.function))
            .collect();
        keep_apart(module, &functions, &facts);
        let wanted = Wanted {
            subtargets: &subtargets,
            host_cpu,
            changes,
        };
        let kept = widen(module, &wanted, &functions, &facts)?
            .into_iter()
            .map(|kept| (kept.function, kept.reason))
            .collect();
        tjit_orc::verify(module)?;
        let features = functions
            .iter()
            .map(|checked| {
                let features = checked
                    .function
                    .get_string_attribute(AttributeLoc::Function, super::subtargets::FEATURES)
                    .map(|features| features.get_string_value().to_string_lossy().into_owned());
                (super::name(checked.function), features.unwrap_or_default())
            })
            .collect();
        Ok((kept, features))
    })
}

#[track_caller]
fn check(ir: &str, expected: &[(&str, KeptFeatures)]) {
    let (kept, _) = widened(ir).unwrap_or_else(|error| panic!("{error}"));
    let kept: Vec<_> = kept
        .iter()
        .map(|(name, reason)| (name.as_str(), *reason))
        .collect();
    assert_eq!(kept, expected);
}

#[test]
fn ordinary_functions_are_widened() {
    let host = &Host::get().unwrap().features;
    let (kept, features) = widened("define void @f() { ret void }").unwrap();
    assert_eq!(kept, []);
    assert!(features[0].1.starts_with(host.as_str()));
}

#[cfg(target_arch = "x86_64")]
#[test]
fn what_somebody_asks_for_comes_after_the_host_and_before_the_source() {
    let changes = FeatureChanges::new("-avx2").unwrap();
    let source = "define void @f() \"target-features\"=\"+sse4.2\" { ret void }";
    for host_cpu in [true, false] {
        let (kept, features) = widened_with(source, host_cpu, Some(&changes)).unwrap();
        assert_eq!(kept, []);
        let features = &features[0].1;
        let host = &Host::get().unwrap().features;
        assert_eq!(features.starts_with(host.as_str()), host_cpu);
        let asked = features.rfind("-avx2").expect("it was asked for");
        assert!(features.ends_with("+sse4.2"));
        assert!(!features[asked..].contains("+avx2"), "{features}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_sources_own_changes_come_last() {
    let ir = "define void @f() \"target-features\"=\"+crc32,-avx2\" { ret void }";
    let (_, features) = widened(ir).unwrap();
    assert!(features[0].1.ends_with("+crc32,-avx2"), "{features:?}");
}

#[test]
fn vectors_that_fit_every_processor_are_fine() {
    check(
        "define <4 x float> @f(<2 x double> %a, <2 x ptr> %b, { i32, [2 x <16 x i8>] } %c) {
          ret <4 x float> zeroinitializer
        }",
        &[],
    );
}

#[test]
fn wide_vectors_in_a_signature() {
    let ir = "
        define void @argument(<8 x i32> %a) { ret void }
        define <5 x float> @result() { ret <5 x float> zeroinitializer }
        define void @bits(<16 x i1> %a) { ret void }
        define void @inside({ i8, [2 x <4 x i64>] } %a) { ret void }";
    check(
        ir,
        &[
            ("argument", KeptFeatures::VectorSignature),
            ("result", KeptFeatures::VectorSignature),
            ("bits", KeptFeatures::VectorSignature),
            ("inside", KeptFeatures::VectorSignature),
        ],
    );
}

#[test]
fn wide_vectors_in_what_is_called() {
    let ir = "
        declare void @sink(<8 x i32>)
        declare void @any(ptr, ...)
        declare i32 @__gxx_personality_v0(...)
        define void @direct() { call void @sink(<8 x i32> zeroinitializer) ret void }
        define void @indirect(ptr %p) { call void %p(<8 x i32> zeroinitializer) ret void }
        define void @variadic() { call void (ptr, ...) @any(ptr null, <8 x i32> zeroinitializer) ret void }
        define void @narrow() { call void (ptr, ...) @any(ptr null, double 0.0) ret void }
        define void @invoked() personality ptr @__gxx_personality_v0 {
          invoke void @sink(<8 x i32> zeroinitializer) to label %ok unwind label %bad
        ok:
          ret void
        bad:
          %l = landingpad { ptr, i32 } cleanup
          ret void
        }
        declare <8 x i32> @llvm.smax.v8i32(<8 x i32>, <8 x i32>)
        define void @intrinsic(ptr %p) {
          %v = load <8 x i32>, ptr %p
          %m = call <8 x i32> @llvm.smax.v8i32(<8 x i32> %v, <8 x i32> zeroinitializer)
          store <8 x i32> %m, ptr %p
          ret void
        }
        define void @assembly() { call void asm sideeffect \"\", \"x\"(<8 x i32> zeroinitializer) ret void }";
    check(
        ir,
        &[
            ("direct", KeptFeatures::VectorSignature),
            ("indirect", KeptFeatures::VectorSignature),
            ("variadic", KeptFeatures::VectorSignature),
            ("invoked", KeptFeatures::VectorSignature),
            ("assembly", KeptFeatures::VectorSignature),
        ],
    );
}

#[test]
fn conventions_that_save_other_registers() {
    let ir = "
        declare preserve_allcc void @saver()
        define preserve_allcc void @own() { ret void }
        define void @callers() { call preserve_allcc void @saver() ret void }
        define fastcc void @fast() { ret void }
        define preserve_mostcc void @most() { ret void }";
    check(
        ir,
        &[
            ("own", KeptFeatures::CallingConvention),
            ("callers", KeptFeatures::CallingConvention),
        ],
    );
}

#[test]
fn what_is_always_inlined_spreads() {
    let ir = "
        declare void @sink(<8 x i32>)
        define internal void @inner() alwaysinline { call void @sink(<8 x i32> zeroinitializer) ret void }
        define internal void @middle() alwaysinline { call void @inner() ret void }
        define void @outer() { call void @middle() ret void }
        define void @bystander() { ret void }";
    check(
        ir,
        &[
            ("inner", KeptFeatures::VectorSignature),
            ("middle", KeptFeatures::VectorSignature),
            ("outer", KeptFeatures::VectorSignature),
        ],
    );
}

#[test]
fn allocas_in_loops() {
    let ir = "
        define void @looping(i1 %c) {
        entry:
          br label %loop
        loop:
          %p = alloca i32
          br i1 %c, label %loop, label %exit
        exit:
          ret void
        }
        define void @long_way_round(i1 %c) {
        entry:
          br label %loop
        loop:
          br i1 %c, label %more, label %exit
        more:
          %p = alloca i32
          br label %loop
        exit:
          ret void
        }
        define void @not_in_it(i32 %n, i1 %c) {
        entry:
          %p = alloca i32, i32 %n
          br label %loop
        loop:
          br i1 %c, label %loop, label %exit
        exit:
          %q = alloca i32
          ret void
        }
        define internal void @inlined(i1 %c) alwaysinline {
        entry:
          br label %loop
        loop:
          %p = alloca i32
          br i1 %c, label %loop, label %exit
        exit:
          ret void
        }
        define void @inliner() { call void @inlined(i1 false) ret void }";
    check(
        ir,
        &[
            ("looping", KeptFeatures::AllocaInLoop),
            ("long_way_round", KeptFeatures::AllocaInLoop),
            ("inlined", KeptFeatures::AllocaInLoop),
            ("inliner", KeptFeatures::AllocaInLoop),
        ],
    );
}

#[cfg(target_arch = "x86_64")]
#[test]
fn features_the_host_lacks() {
    if std::arch::is_x86_feature_detected!("tbm") {
        return;
    }
    let ir = "define void @f() \"target-features\"=\"+tbm\" { ret void }";
    check(ir, &[("f", KeptFeatures::ForeignFeature)]);
    let body = tjit_mangle::body_name(
        "f",
        tjit_mangle::Version::FIRST,
        tjit_mangle::Tier::Optimized,
    );
    let error = widened(&ir.replace("@f", &format!("@{body}"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingFeature);
}
