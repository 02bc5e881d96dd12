//! What the counter costs in instructions, and that it costs no stack.

use inkwell::OptimizationLevel;
use inkwell::context::Context;
use inkwell::module::Module;
use inkwell::targets::{
    CodeModel, FileType, InitializationConfig, RelocMode, Target, TargetTriple,
};

use crate::{counter, parse};

/// As clang writes it at -O0, with a second alloca behind the first call as inlining leaves one.
const FUNCTION: &str = "
declare void @use(ptr)
define i32 @f(i32 %x, i32 %y) {
  %x.addr = alloca i32, align 4
  %y.addr = alloca i32, align 4
  store i32 %x, ptr %x.addr, align 4
  store i32 %y, ptr %y.addr, align 4
  call void @use(ptr %x.addr)
  %late = alloca [32 x i8], align 16
  call void @use(ptr %late)
  %v = load i32, ptr %y.addr, align 4
  ret i32 %v
}";

/// The assembly of `f` for x86-64, compiled without optimisation as the baseline tier is.
fn assemble(module: &Module<'_>) -> Vec<String> {
    Target::initialize_x86(&InitializationConfig::default());
    let triple = TargetTriple::create("x86_64-unknown-linux-gnu");
    let machine = Target::from_triple(&triple)
        .unwrap()
        .create_target_machine(
            &triple,
            "x86-64",
            "",
            OptimizationLevel::None,
            RelocMode::PIC,
            CodeModel::Small,
        )
        .unwrap();
    module.set_triple(&triple);
    let buffer = machine
        .write_to_memory_buffer(module, FileType::Assembly)
        .unwrap();
    let text = String::from_utf8_lossy(buffer.as_slice()).into_owned();
    let body = text
        .lines()
        .skip_while(|line| !line.starts_with("f:"))
        .take_while(|line| !line.contains(".Lfunc_end"));
    body.filter(|line| line.starts_with('\t') && !line.starts_with("\t."))
        .map(|line| {
            line.split('#')
                .next()
                .unwrap_or_default()
                .trim()
                .replace('\t', " ")
        })
        .collect()
}

fn plain_and_counted(threshold: u64) -> (Vec<String>, Vec<String>) {
    let context = Context::create();
    let plain = assemble(&parse(&context, FUNCTION));
    let module = parse(&context, FUNCTION);
    let function = module.get_function("f").unwrap();
    let _ = counter(threshold)
        .instrument(&module, function, "f")
        .unwrap();
    (plain, assemble(&module))
}

#[test]
fn the_fast_path_is_five_instructions() {
    let (_, counted) = plain_and_counted(1000);
    let start = counted
        .iter()
        .position(|line| line.contains("f.tjit.calls(%rip), %r"))
        .unwrap();
    let path: Vec<_> = counted[start..]
        .iter()
        .take(5)
        .map(|line| line.split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(path, ["movq", "decq", "movq", "cmpq", "je"], "{counted:#?}");
}

#[test]
fn the_rest_of_the_fast_path_is_the_old_code() {
    let (plain, counted) = plain_and_counted(1000);
    let until_return = |lines: &[String]| {
        lines
            .iter()
            .take_while(|line| *line != "retq")
            .cloned()
            .collect::<Vec<_>>()
    };
    let counter = counted
        .iter()
        .position(|line| line.contains("f.tjit.calls"))
        .unwrap();
    let mut without_counter = until_return(&counted);
    without_counter.drain(counter..counter + 5);
    assert_eq!(without_counter, until_return(&plain), "{counted:#?}");
}

#[test]
fn the_frame_does_not_grow() {
    let (plain, counted) = plain_and_counted(1000);
    let frame = |lines: &[String]| {
        lines
            .iter()
            .find(|line| line.starts_with("subq $"))
            .cloned()
    };
    assert!(frame(&plain).is_some());
    assert_eq!(frame(&counted), frame(&plain));
    assert!(
        !counted
            .iter()
            .any(|line| line.contains("%rbp, %rsp") || line.contains("-16(%rbp)")),
        "{counted:#?}"
    );
}
