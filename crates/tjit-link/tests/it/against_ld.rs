//! Resolution against the system's linker: every way in which three files can define one name.

use std::collections::HashMap;
use std::fmt::Write;
use std::process::Command;
use std::sync::Arc;

use tjit_link::{LinkError, Linked, Program};
use tjit_orc::{ThreadSafeContext, ThreadSafeModule};
use tjit_test_util::{Input, Lang, compile_to_bitcode, linked_executable, native_object, run};

use crate::support::{line, text};

const FILES: usize = 3;
const FLAGS: [&str; 1] = ["-fcommon"];

/// What a file says of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Absent,
    Weak,
    /// Weak, with an alias.
    Aliased,
    Strong,
    Common,
    Static,
}

const VARIABLE: [Kind; 6] = [
    Kind::Absent,
    Kind::Weak,
    Kind::Aliased,
    Kind::Strong,
    Kind::Common,
    Kind::Static,
];
const FUNCTION: [Kind; 5] = [
    Kind::Absent,
    Kind::Weak,
    Kind::Aliased,
    Kind::Strong,
    Kind::Static,
];

/// A name and what each file says of it.
struct Case {
    name: String,
    is_function: bool,
    kinds: [Kind; FILES],
}

impl Case {
    fn all() -> Vec<Self> {
        let mut cases = Vec::new();
        for (is_function, kinds) in [(false, &VARIABLE[..]), (true, &FUNCTION)] {
            let count = kinds.len();
            for number in 0..count.pow(3) {
                let digits = [
                    number % count,
                    number / count % count,
                    number / count / count,
                ];
                let kind = if is_function { "f" } else { "v" };
                let [a, b, c] = digits;
                cases.push(Self {
                    name: format!("{kind}{a}{b}{c}"),
                    is_function,
                    kinds: digits.map(|digit| kinds[digit]),
                });
            }
        }
        cases
    }

    fn strong(&self) -> usize {
        self.kinds
            .iter()
            .filter(|&&kind| kind == Kind::Strong)
            .count()
    }

    /// Whether the file can read it.
    fn is_read(&self, file: usize) -> bool {
        let is_global = |&kind: &Kind| !matches!(kind, Kind::Absent | Kind::Static);
        self.kinds[file] != Kind::Absent || self.kinds.iter().any(is_global)
    }

    /// What the file has: definitions whose value is the file's number, and functions that read them.
    fn write(&self, file: usize, source: &mut String) {
        let Self {
            name, is_function, ..
        } = self;
        let (call, value) = if *is_function {
            ("()", "")
        } else {
            ("", " = ")
        };
        let body = match is_function {
            true => format!("{{ return {}; }}", file + 1),
            false => format!("{};", file + 1),
        };
        let (parameters, weak) = (
            if *is_function { "(void)" } else { "" },
            "__attribute__((weak))",
        );
        let kind = self.kinds[file];
        let declaration = match kind {
            Kind::Absent if self.is_read(file) => format!("extern int {name}{parameters};"),
            Kind::Absent => return,
            Kind::Weak => format!("{weak} int {name}{parameters}{value}{body}"),
            Kind::Aliased => format!(
                "{weak} int {name}{parameters}{value}{body}\nextern int alias{file}_{name}{parameters} __attribute__((alias(\"{name}\")));"
            ),
            Kind::Strong => format!("int {name}{parameters}{value}{body}"),
            Kind::Common => format!("int {name};"),
            Kind::Static => format!("static int {name}{parameters}{value}{body}"),
        };
        let mut read = |target: &str| {
            writeln!(
                source,
                "{declaration}\nint read{file}_{target}(void) {{ return {target}{call}; }}"
            )
            .expect("a string takes all");
        };
        read(name);
        if kind == Kind::Aliased {
            writeln!(
                source,
                "int read{file}_alias{file}_{name}(void) {{ return alias{file}_{name}{call}; }}"
            )
            .expect("a string takes all");
        }
    }

    /// The functions that read it, in all files.
    fn readers(&self) -> Vec<String> {
        let mut readers = Vec::new();
        for file in (0..FILES).filter(|&file| self.is_read(file)) {
            readers.push(format!("read{file}_{}", self.name));
            if self.kinds[file] == Kind::Aliased {
                readers.push(format!("read{file}_alias{file}_{}", self.name));
            }
        }
        readers
    }
}

fn sources<'c>(cases: impl Iterator<Item = &'c Case> + Clone) -> Vec<String> {
    let source = |file| {
        let mut source = String::new();
        cases.clone().for_each(|case| case.write(file, &mut source));
        source
    };
    (0..FILES).map(source).collect()
}

fn native(sources: &[String], readers: &[String]) -> HashMap<String, String> {
    let mut main = String::from("#include <stdio.h>\n");
    let declare = |reader: &String| format!("int {reader}(void);\n");
    main.extend(readers.iter().map(declare));
    main.push_str("int main(void) {\n");
    let print = |reader: &String| format!("printf(\"{reader} %d\\n\", {reader}());\n");
    main.extend(readers.iter().map(print));
    main.push_str("return 0; }\n");
    let objects: Vec<_> = sources
        .iter()
        .chain([&main])
        .map(|source| native_object(source.as_str(), Lang::C, &FLAGS))
        .collect();
    let program = linked_executable(&objects, &[]);
    let output = run(Command::new(program), Input::default());
    let lines = output
        .stdout
        .lines()
        .filter_map(|line| line.split_once(' '));
    lines
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn modules(sources: &[String]) -> Vec<ThreadSafeModule> {
    let module = |(file, source): (usize, &String)| {
        let bitcode = compile_to_bitcode(source.as_str(), Lang::C, &FLAGS);
        ThreadSafeContext::new()
            .parse(&file.to_string(), &bitcode)
            .expect("clang's bitcode parses")
    };
    sources.iter().enumerate().map(module).collect()
}

/// What reading returns, from the slice of the reader and the data modules.
struct Linker {
    program: Program,
    data: String,
    owners: HashMap<String, String>,
}

impl Linker {
    fn new(program: Program, linked: &Linked) -> Self {
        let data = linked.data.iter().map(|data| text(&data.ir)).collect();
        let owners = linked.functions.iter();
        let owners = owners.map(|function| (function.symbol.clone(), function.module.clone()));
        Self {
            program,
            data,
            owners: owners.collect(),
        }
    }

    fn value(&self, reader: &str) -> String {
        let slice = text(&self.program.baseline_slice(&[reader]).expect("it slices"));
        let target = |before: &str| {
            let (_, rest) = slice.split_once(before)?;
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_'));
            Some(&rest[..end?])
        };
        if let Some(function) = target("call i32 @") {
            let file: usize = self.owners[function].parse().expect("modules are numbered");
            return (file + 1).to_string();
        }
        let variable = target("load i32, ptr @").expect("it reads a variable or calls a function");
        let definitions: String = self
            .data
            .lines()
            .filter(|line| !line.contains(" external "))
            .fold(String::new(), |all, line| all + line + "\n");
        let definition = line(&definitions, variable);
        let (_, value) = definition.split_once("i32 ").expect("it is an integer");
        value.split(',').next().unwrap_or_default().to_owned()
    }
}

#[test]
fn names_belong_to_whom_the_systems_linker_gives_them() {
    let cases = Case::all();
    let good = || cases.iter().filter(|case| case.strong() < 2);
    let readers: Vec<_> = good().flat_map(Case::readers).collect();
    let sources = sources(good());
    let native = native(&sources, &readers);
    let mut program = Program::new(Arc::new(()));
    let linked = program.link(modules(&sources)).expect("it links");
    let linker = Linker::new(program, &linked);
    assert_eq!(native.len(), readers.len());
    let wrong: Vec<_> = readers
        .iter()
        .map(|reader| (reader, linker.value(reader), &native[reader]))
        .filter(|(_, ours, native)| ours != *native)
        .collect();
    assert!(
        wrong.is_empty(),
        "reader, value here, value natively: {wrong:#?}"
    );
}

#[test]
fn two_strong_definitions_are_an_error_in_any_company() {
    for case in Case::all().iter().filter(|case| case.strong() >= 2) {
        let mut program = Program::new(Arc::new(()));
        let error = program
            .link(modules(&sources([case].into_iter())))
            .expect_err("there must be one");
        let strong = |&file: &usize| case.kinds[file] == Kind::Strong;
        let mut files = (0..FILES).filter(strong).map(|file| file.to_string());
        let expected = LinkError::Duplicate {
            symbol: case.name.clone(),
            first: files.next().expect("there are two"),
            second: files.next().expect("there are two"),
        };
        assert_eq!(error, expected);
    }
}
