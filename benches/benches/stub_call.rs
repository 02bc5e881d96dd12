//! A call through a stub against a direct call of the same function.
//!
//! Both loops are the same IR; only what their symbols are bound to differs. Neither loop can see what it calls.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tjit_benches::{Assembly, Code, Way, alternate, baseline, call_targets, optimized};
use tjit_stubs::{CodePtr, Config, StubId, StubManager, Target};

/// Called `n` times, each call waiting for the result of the one before.
type Loop = unsafe extern "C" fn(n: u64, x: u64) -> u64;

/// Enough different functions that the branch predictor has to remember more than one target.
const MANY: usize = 16;

/// Calls per iteration of the benchmark, so that entering the loop does not count.
const CALLS: u64 = 1_024;

/// What is called.
#[derive(Debug, Clone, Copy)]
enum Callee {
    /// Nothing but a return: what is left is the calls themselves.
    Empty,
    /// One addition with the argument in memory, as baseline code has it: the smallest function that a program would have.
    Small,
}

impl Callee {
    fn body(self, index: usize) -> String {
        match self {
            Self::Empty => "  ret i64 %x".to_owned(),
            Self::Small => format!(
                "  %a = alloca i64
  store i64 %x, ptr %a
  %b = load i64, ptr %a
  %y = add i64 %b, {index}
  ret i64 %y"
            ),
        }
    }

    fn module(self) -> String {
        let function = |index| {
            let (name, body) = (baseline(&format!("f{index}")), self.body(index));
            format!("define i64 @{name}(i64 %x) {{\n{body}\n}}\n")
        };
        (0..MANY).map(function).collect()
    }
}

/// A loop that calls the first `count` functions in turn.
fn caller(count: usize) -> String {
    let declarations: String = (0..count)
        .map(|index| format!("declare i64 @f{index}(i64)\n"))
        .collect();
    let calls: String = (0..count)
        .map(|index| format!("  %x{} = call i64 @f{index}(i64 %x{index})\n", index + 1))
        .collect();
    let run = optimized("run");
    format!(
        "{declarations}
define i64 @{run}(i64 %n, i64 %x) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ %n, %entry ], [ %left, %loop ]
  %x0 = phi i64 [ %x, %entry ], [ %x{count}, %loop ]
{calls}
  %left = sub i64 %i, {count}
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %loop, label %exit
exit:
  ret i64 %x{count}
}}"
    )
}

/// A loop whose `f0`, `f1`, … are at `targets`, called directly: else it would measure a linker's detour.
fn linked(assembly: &Assembly, name: &str, targets: &[usize]) -> (Code, Loop) {
    let names: Vec<_> = (0..targets.len())
        .map(|index| format!("f{index}"))
        .collect();
    let symbols: Vec<_> = names
        .iter()
        .map(String::as_str)
        .zip(targets.iter().copied())
        .collect();
    let code = assembly.add(name, &caller(targets.len()), &symbols);
    let address = code.address(&optimized("run"));
    if cfg!(target_arch = "x86_64") {
        // SAFETY: the loop was just compiled for this processor, and returns.
        assert_eq!(unsafe { call_targets(address) }, targets, "{name}");
    }
    let pointer = std::ptr::with_exposed_provenance::<()>(address);
    // SAFETY: `caller` defines `run` with this type.
    let run = unsafe { std::mem::transmute::<*const (), Loop>(pointer) };
    (code, run)
}

/// The functions' own addresses, and those of their stubs.
#[derive(Debug)]
struct Callees {
    bodies: Vec<usize>,
    stubs: Vec<usize>,
    // Unmaps the stubs when it is dropped.
    _manager: StubManager,
}

impl Callees {
    fn new(assembly: &Assembly, callee: Callee) -> Self {
        let code = assembly.add(&format!("{callee:?}"), &callee.module(), &[]);
        let bodies: Vec<_> = (0..MANY)
            .map(|index| code.address(&baseline(&format!("f{index}"))))
            .collect();
        let config = Config {
            near: Some(bodies[0]),
            ..Config::default()
        };
        let never = |id: StubId| -> CodePtr { unreachable!("{id} has a target") };
        let manager = StubManager::new(config, Box::new(never)).expect("address space for stubs");
        let batch = bodies.iter().enumerate().map(|(index, &body)| {
            let body = CodePtr::new(body).expect("linked code is not at zero");
            (format!("f{index}"), Target::Address(body))
        });
        let created = manager.create_batch(batch).expect("fresh names");
        Self {
            bodies,
            stubs: created.iter().map(|stub| stub.address.addr()).collect(),
            _manager: manager,
        }
    }
}

fn stub_call(criterion: &mut Criterion) {
    let assembly = Assembly::new();
    let empty = Callees::new(&assembly, Callee::Empty);
    let small = Callees::new(&assembly, Callee::Small);
    let cases = [
        ("stub_call_empty", &empty, 1),
        ("stub_call_small", &small, 1),
        ("stub_call_many", &small, MANY),
    ];
    for (name, callees, count) in cases {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(CALLS));
        let way = |way: &'static str, targets: &[usize]| -> Way<'_> {
            let (code, run) = linked(&assembly, &format!("{name} {way}"), &targets[..count]);
            let time = move |iterations| {
                // The loop lives as long as what calls it.
                let _code = &code;
                let start = Instant::now();
                for _ in 0..iterations {
                    // SAFETY: the loop calls functions of the type it declares, and they and their stubs are alive.
                    black_box(unsafe { run(black_box(CALLS), black_box(1)) });
                }
                start.elapsed()
            };
            (way, Box::new(time))
        };
        let ways = vec![way("direct", &callees.bodies), way("stub", &callees.stubs)];
        alternate(&mut group, ways);
        group.finish();
    }
}

criterion_group!(benches, stub_call);
criterion_main!(benches);
