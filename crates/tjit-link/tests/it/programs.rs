//! Real programs: every function of them slices and verifies.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use inkwell::module::Linkage;
use tjit_link::{HostSymbols, ImportBudget, Program};
use tjit_mangle::{Tier, Version, body_name};
use tjit_orc::{Global, ThreadSafeContext, ThreadSafeModule, definitions};
use tjit_test_util::{Lang, compile_to_bitcode};

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
        data.verify().expect("data modules are valid");
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
