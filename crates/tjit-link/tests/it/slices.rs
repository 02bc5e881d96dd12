//! What is in a baseline slice.

use crate::support::{line, link, text};

#[test]
fn every_call_goes_to_a_stub() {
    let (program, _) = link(&[
        "define i32 @f(i32 %x) { %r = call i32 @f(i32 %x)\n %s = call i32 @g(ptr @f)\n ret i32 %r }
        define internal i32 @g(ptr %p) { %r = call i32 %p(i32 1)\n ret i32 %r }",
    ]);
    let functions: Vec<_> = program.functions().collect();
    let slice = text(&program.baseline_slice(&functions).expect("it slices"));
    let f_baseline = line(
        &slice,
        &tjit_mangle::body_name(
            "f",
            tjit_mangle::Version::FIRST,
            tjit_mangle::Tier::Baseline,
        ),
    );
    assert!(
        f_baseline.starts_with("define dso_local i32 "),
        "external and strong: {f_baseline}"
    );
    assert_eq!(line(&slice, "f"), "declare i32 @f(i32)");
    assert_eq!(
        line(&slice, functions[1]),
        format!("declare i32 @{}(ptr)", functions[1])
    );
    assert!(slice.contains("call i32 @f(i32 %x)"), "{slice}");
    assert!(
        slice.contains(&format!("call i32 @{}(ptr @f)", functions[1])),
        "{slice}"
    );
}

#[test]
fn what_must_be_inlined_comes_along() {
    let (program, _) = link(&[
        "declare i32 @outer(i32)\ndefine i32 @f() { %r = call i32 @outer(i32 1)\n ret i32 %r }",
        "define linkonce_odr i32 @outer(i32 %x) alwaysinline { %r = call i32 @inner(i32 %x)\n %s = call i32 @plain()\n ret i32 %r }
         define internal i32 @inner(i32 %x) alwaysinline { ret i32 %x }
         define i32 @plain() { ret i32 1 }",
    ]);
    let slice = text(&program.baseline_slice(&["f"]).expect("it slices"));
    assert!(
        line(&slice, "outer").starts_with("define available_externally"),
        "{slice}"
    );
    assert!(
        slice.contains("define available_externally i32 @inner."),
        "{slice}"
    );
    assert!(line(&slice, "plain").starts_with("declare"), "{slice}");
    // The function itself, as a body and as a copy to be inlined.
    let slice = text(&program.baseline_slice(&["outer", "f"]).expect("it slices"));
    assert!(
        line(&slice, "outer").starts_with("define available_externally"),
        "{slice}"
    );
}

#[test]
fn callees_are_functions_of_the_program_in_order() {
    let (program, _) = crate::support::try_link(
        crate::support::host(&["puts"]),
        &["declare i32 @puts(ptr)
           declare i32 @personality(...)
           define i32 @personality.0() { ret i32 0 }
           define void @b() { ret void }
           define void @a() { ret void }
           define void @taken() { ret void }
           define void @f() {
             call void @b()\n call void @a()\n call i32 @puts(ptr @taken)\n call void @b()\n call void @llvm.donothing()
             ret void
           }
           declare void @llvm.donothing()"],
    )
    .expect("it links");
    let callees = |name| {
        program
            .callees(name)
            .iter()
            .map(|name| name.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(callees("f"), ["b", "a"]);
    assert!(callees("a").is_empty() && callees("puts").is_empty() && callees("nobody").is_empty());
}

#[test]
fn unusual_functions_slice() {
    let (program, _) = crate::support::try_link(
        crate::support::host(&["__gxx_personality_v0", "may_throw", "_ZTIi"]),
        &["%big = type { [8 x i64] }
           @_ZTIi = external constant ptr
           declare i32 @__gxx_personality_v0(...)
           declare void @may_throw()
           declare token @llvm.coro.id(i32, ptr, ptr, ptr)
           declare ptr @llvm.coro.begin(token, ptr)
           declare void @llvm.coro.end(ptr, i1, token)
           define void @variadic(i32 %n, ...) { ret void }
           define void @calls_variadic() { call void (i32, ...) @variadic(i32 1, double 2.0)\n ret void }
           define void @aggregates(ptr sret(%big) %r, ptr byval(%big) %x) { ret void }
           define void @calls_aggregates(ptr %r, ptr %x) { call void @aggregates(ptr sret(%big) %r, ptr byval(%big) %x)\n ret void }
           define i32 @tail(i32 %x) { %r = musttail call i32 @tail(i32 %x)\n ret i32 %r }
           define i32 @assembly(i32 %x) { %r = call i32 asm \"movl $1, $0\", \"=r,r\"(i32 %x)\n ret i32 %r }
           define fastcc void @convention() prefix i32 7 { ret void }
           define void @coroutine() presplitcoroutine {
             %id = call token @llvm.coro.id(i32 0, ptr null, ptr null, ptr null)
             %handle = call ptr @llvm.coro.begin(token %id, ptr null)
             call void @llvm.coro.end(ptr null, i1 false, token none)
             ret void
           }
           define void @exceptions() personality ptr @__gxx_personality_v0 {
             invoke void @may_throw() to label %done unwind label %caught
           caught:
             %pad = landingpad { ptr, i32 } catch ptr @_ZTIi
             resume { ptr, i32 } %pad
           done:
             ret void
           }"],
    )
    .expect("it links");
    let functions: Vec<_> = program.functions().map(str::to_owned).collect();
    for function in &functions {
        text(
            &program
                .baseline_slice(&[function])
                .unwrap_or_else(|error| panic!("{error}")),
        );
        let unit = program.unit_slice(function, "unit", &tjit_link::ImportBudget::default());
        text(&unit.unwrap_or_else(|error| panic!("{error}")));
    }
    let tail = text(
        &program
            .unit_slice("tail", "unit", &tjit_link::ImportBudget::NONE)
            .expect("it slices"),
    );
    assert!(tail.contains("musttail call i32 @unit(i32 %x)"), "{tail}");
}
