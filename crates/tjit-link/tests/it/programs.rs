//! Real programs: every function of them slices and verifies.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inkwell::module::Linkage;
use tjit_link::{HostSymbols, ImportBudget, Program, ThreadLocalIndex};
use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{Global, ThreadSafeContext, ThreadSafeModule, definitions};
use tjit_test_util::{Lang, compile_to_bitcode, program_sources};

const IOSTREAM: &str = r#"
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>
struct Shape { virtual ~Shape() = default; virtual double area() const = 0; };
struct Circle : Shape { double r; explicit Circle(double r) : r(r) {} double area() const override { return 3 * r * r; } };
static int calls;
static const char *const names[] = {"one", "two", "three"};
int count() { static std::string log = "log"; log += '.'; return ++calls + int(log.size()); }
int dispatch(int n) {
  static const void *const labels[] = {&&a, &&b};
  goto *labels[n & 1];
a: return 1;
b: return 2;
}
int main(int argc, char **) {
  std::map<std::string, std::vector<int>> table;
  for (int i = 0; i < 10; i++) table[names[i % 3]].push_back(i * argc);
  std::unique_ptr<Shape> shape = std::make_unique<Circle>(2);
  try {
    for (auto &[name, values] : table) {
      std::sort(values.begin(), values.end(), [](int a, int b) { return a > b; });
      std::cout << name << ' ' << values.size() << ' ' << values.at(1) << '\n';
    }
    if (shape->area() > 100) throw std::runtime_error("large");
  } catch (const std::exception &e) { std::cerr << e.what(); return 1; }
  std::ostringstream text;
  text << count() << dispatch(argc);
  return text.str().size() != 2;
}
"#;

/// The host of a program whose own copies of everything prevail.
#[derive(Debug)]
struct AllBut(HashSet<String>);

impl HostSymbols for AllBut {
    fn find(&self, linker_name: &str) -> Option<u64> {
        (!self.0.contains(linker_name)).then_some(0x1000)
    }

    fn find_thread_local(&self, linker_name: &str) -> Option<ThreadLocalIndex> {
        self.find(linker_name).map(|_| ThreadLocalIndex {
            module: 1,
            offset: 0,
        })
    }
}

fn program(flags: &[&str]) -> Program {
    let bitcode = compile_to_bitcode(IOSTREAM, Lang::Cxx, flags);
    let module = ThreadSafeContext::new()
        .parse("iostream.bc", &bitcode)
        .expect("clang's bitcode parses");
    let prevailing = |global: &Global| global.linkage != Linkage::AvailableExternally;
    let defined = module
        .with_module(definitions)
        .into_iter()
        .filter(prevailing)
        .map(|global| global.name)
        .collect();
    let mut program = Program::new(Arc::new(AllBut(defined)));
    let linked = program.link(vec![module]).expect("the program links");
    for data in &linked.data {
        data.ir.verify().expect("data modules are valid");
    }
    assert!(!linked.constructors.is_empty(), "<iostream> has one");
    program
}

#[track_caller]
fn report(what: &str, count: usize, time: Duration) {
    let each = time / u32::try_from(count).unwrap_or(u32::MAX);
    // Nothing is asserted: machines differ. `cargo test -- --nocapture` shows it.
    let mut stderr = std::io::stderr();
    let _shown = std::io::Write::write_fmt(
        &mut stderr,
        format_args!("{what}: {count} slices, {each:?} each\n"),
    );
}

fn check(flags: &[&str]) {
    let program = program(flags);
    let functions: Vec<String> = program.functions().map(str::to_owned).collect();
    assert!(functions.len() > 200, "only {} functions", functions.len());

    let start = Instant::now();
    let slices: Vec<ThreadSafeModule> = functions
        .iter()
        .map(|function| {
            program
                .baseline_slice(&[function])
                .expect("every function slices")
        })
        .collect();
    report("baseline", functions.len(), start.elapsed());
    for (function, slice) in functions.iter().zip(&slices) {
        slice
            .verify()
            .unwrap_or_else(|error| panic!("{function}: {error}"));
        let body = body_name(function, Version::FIRST, Tier::Baseline);
        slice.with_module(|module| {
            let body = module.get_function(&body).expect("the body is there");
            assert!(body.count_basic_blocks() > 0);
        });
    }

    let group: Vec<&str> = functions.iter().map(String::as_str).collect();
    program
        .baseline_slice(&group)
        .expect("all functions slice together")
        .verify()
        .expect("and are valid");

    let imports = ImportBudget::default();
    let start = Instant::now();
    for function in &functions {
        let body = body_name(function, Version::FIRST, Tier::Optimized);
        match program.unit_slice(function, &body, &imports) {
            Ok(unit) => unit
                .verify()
                .unwrap_or_else(|error| panic!("{function}: {error}")),
            Err(error) => panic!("{function}: {error}"),
        }
    }
    report("unit", functions.len(), start.elapsed());
}

#[test]
fn every_function_of_an_unoptimised_program_slices() {
    check(&["-std=c++17"]);
}

#[test]
fn every_function_of_a_program_meant_for_optimisation_slices() {
    check(&["-std=c++17", "-O2", "-Xclang", "-disable-llvm-passes"]);
}

#[test]
fn debug_information_is_left_out() {
    check(&["-std=c++17", "-g"]);
}

/// Links a program and slices each of its functions.
#[track_caller]
fn check_bitcode(name: &str, bitcode: &[u8]) {
    let module = ThreadSafeContext::new()
        .parse(name, bitcode)
        .expect("the compiler's bitcode parses");
    let prevailing = |global: &Global| global.linkage != Linkage::AvailableExternally;
    let defined = module
        .with_module(definitions)
        .into_iter()
        .filter(prevailing)
        .map(|global| global.name)
        .collect();
    let mut program = Program::new(Arc::new(AllBut(defined)));
    let linked = program
        .link(vec![module])
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    for data in &linked.data {
        data.ir
            .verify()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let pinned = |symbol: &str| {
        let mut functions = linked.functions.iter();
        functions.any(|function| function.symbol == symbol && function.pinned)
    };
    for function in program.functions() {
        let mut slices = vec![program.baseline_slice(&[function])];
        // A function whose labels outlive its calls has one version only.
        if !pinned(function) {
            slices.push(program.unit_slice(function, "unit", &ImportBudget::default()));
        }
        for slice in slices {
            let slice = slice.unwrap_or_else(|error| panic!("{name}: {function}: {error}"));
            slice
                .verify()
                .unwrap_or_else(|error| panic!("{name}: {function}: {error}"));
        }
    }
}

#[track_caller]
fn check_other(source: &str, lang: Lang, flags: &[&str]) {
    check_bitcode("other.bc", &compile_to_bitcode(source, lang, flags));
}

#[test]
fn every_function_of_every_test_program_slices() {
    for path in program_sources() {
        let lang = Lang::of_path(&path).expect("a source's language is known");
        check_bitcode(
            &path.to_string_lossy(),
            &compile_to_bitcode(path.as_path(), lang, &[]),
        );
    }
}

#[test]
fn every_function_of_a_c_program_slices() {
    let source = r#"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
struct big { long a[9]; };
static jmp_buf back;
static struct { int n; const char *const *names; } state = {3, (const char *const[]){"a", "b", "c"}};
static struct big make(struct big x, int n) { x.a[n] = n; return x; }
static int sum(int n, ...) { va_list l; va_start(l, n); int s = 0; while (n--) s += va_arg(l, int); va_end(l); return s; }
static void fail(void) { longjmp(back, 1); }
__attribute__((constructor(200))) static void early(void) { state.n++; }
__attribute__((destructor)) static void late(void) { puts(state.names[0]); }
__attribute__((section("things"))) int thing = 4;
int step(int x) { __asm__ volatile("" : "+r"(x)); return x; }
int step_alias(int x) __attribute__((alias("step")));
_Complex double twice(_Complex double z) { return z * 2; }
__int128 wide(__int128 x) { return x * x; }
int main(void) {
  if (setjmp(back)) return state.n;
  struct big b = make((struct big){0}, 3);
  atexit(fail);
  printf("%d %ld %d\n", sum(3, 1, 2, 3), b.a[3], step_alias(thing));
  fail();
}
"#;
    check_other(source, Lang::C, &[]);
    check_other(source, Lang::C, &["-O2", "-Xclang", "-disable-llvm-passes"]);
    check_other(source, Lang::C, &["-O2", "-g"]);
}

#[test]
fn every_function_of_a_rust_program_slices() {
    let source = r#"
use std::collections::HashMap;
static mut COUNT: usize = 0;
trait Shape { fn area(&self) -> f64; }
struct Circle(f64);
impl Shape for Circle { fn area(&self) -> f64 { 3.0 * self.0 * self.0 } }
fn count() -> usize { unsafe { COUNT += 1; COUNT } }
fn main() {
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Circle(1.0)), Box::new(Circle(2.0))];
    let mut areas = HashMap::with_hasher(std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default());
    for shape in &shapes { *areas.entry(shape.area() as i64).or_insert(0) += count(); }
    let caught = std::panic::catch_unwind(|| { if count() > 2 { panic!("many") } });
    println!("{areas:?} {caught:?}");
}
"#;
    check_other(source, Lang::Rust, &[]);
    check_other(
        source,
        Lang::Rust,
        &["-Copt-level=2", "-Cno-prepopulate-passes"],
    );
}
