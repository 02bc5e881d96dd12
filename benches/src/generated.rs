//! Programs of any size, as a compiler of queries or a simulator would generate them.

use std::fmt::Write;

use tjit_orc::ThreadSafeContext;

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generated {
    /// Functions altogether.
    pub functions: usize,
    /// Modules that they are spread over evenly.
    pub modules: usize,
    /// Whether every instruction has a line.
    pub debug: bool,
}

/// Metadata of a module's own, before that of functions.
const MODULE_METADATA: usize = 6;
/// Metadata of each function: itself and three lines.
const FUNCTION_METADATA: usize = 4;

impl Generated {
    /// The modules as bitcode. Function `i` is called `gen::f<i>`, `_ZN3gen7f000001Ell` for example; it calls another of its module and one of another
    /// module, has a loop, a counter of its own, a string and a branch: 26 instructions.
    ///
    /// # Panics
    /// If LLVM does not take the text.
    #[must_use]
    pub fn bitcode(self) -> Vec<Vec<u8>> {
        let module = |number| {
            let text = self.module(number);
            let context = ThreadSafeContext::new();
            let module = context.parse(&format!("generated{number}"), text.as_bytes());
            let bitcode = module.expect("the generated text is IR").to_bitcode();
            bitcode.as_slice().to_vec()
        };
        (0..self.modules).map(module).collect()
    }

    /// One module with one function, `_ZN3gen7q<number>Ell`, that calls one of a program of `functions`.
    #[must_use]
    pub fn query(number: usize, functions: usize) -> String {
        let callee = name(number.wrapping_mul(7919) % functions);
        format!(
            "@count{number} = internal global i64 {number}\n\
             declare i64 @{callee}(i64, i64)\n\
             define i64 @_ZN3gen7q{number:06}Ell(i64 %a, i64 %b) {{\n  \
             %old = load i64, ptr @count{number}\n  \
             %r = call i64 @{callee}(i64 %a, i64 %old)\n  \
             store i64 %r, ptr @count{number}\n  \
             ret i64 %r\n}}\n"
        )
    }

    fn module(self, number: usize) -> String {
        let per_module = self.functions / self.modules;
        let range = number * per_module..(number + 1) * per_module;
        let mut text = String::new();
        let mut declared = std::collections::BTreeSet::new();
        for index in range.clone() {
            let near = range.start + (index * 31 + 7) % per_module;
            let far = (index * 7919 + 13) % self.functions;
            if !range.contains(&far) {
                declared.insert(far);
            }
            function(
                &mut text,
                index,
                [near, far],
                self.debug.then_some(index - range.start),
            );
        }
        for callee in declared {
            // Writing to a string can't fail, here and below.
            let _ = writeln!(text, "declare i64 @{}(i64, i64)", name(callee));
        }
        if self.debug {
            metadata(&mut text, number, range);
        }
        text
    }
}

fn name(index: usize) -> String {
    format!("_ZN3gen7f{index:06}Ell")
}

fn function(text: &mut String, index: usize, [near, far]: [usize; 2], debug: Option<usize>) {
    let (name, near, far) = (name(index), name(near), name(far));
    let first = debug.map(|number| MODULE_METADATA + number * FUNCTION_METADATA);
    let at =
        |line: usize| first.map_or_else(String::new, |first| format!(", !dbg !{}", first + line));
    let of = first.map_or_else(String::new, |first| format!(" !dbg !{first}"));
    let (l1, l2, l3) = (at(1), at(2), at(3));
    let _ = write!(
        text,
        "@calls{index} = internal global i64 {index}
@text{index} = private unnamed_addr constant [16 x i8] c\"text {index:010}\\00\"
define i64 @{name}(i64 %a, i64 %b){of} {{
  %slot = alloca i64{l1}
  store i64 %a, ptr %slot{l1}
  %old = load i64, ptr @calls{index}{l1}
  %new = add i64 %old, 1{l1}
  store i64 %new, ptr @calls{index}{l1}
  %few = icmp ult i64 %b, 2{l1}
  br i1 %few, label %out, label %loop{l1}
loop:
  %i = phi i64 [ 0, %0 ], [ %next, %loop ]
  %value = load i64, ptr %slot{l2}
  %p = getelementptr [16 x i8], ptr @text{index}, i64 0, i64 %i{l2}
  %char = load i8, ptr %p{l2}
  %wide = zext i8 %char to i64{l2}
  %sum = add i64 %value, %wide{l2}
  %mixed = xor i64 %sum, {index}{l2}
  store i64 %mixed, ptr %slot{l2}
  %next = add i64 %i, 1{l2}
  %more = icmp ult i64 %next, 15{l2}
  br i1 %more, label %loop, label %rest{l2}
rest:
  %half = lshr i64 %b, 1{l3}
  %x = call i64 @{near}(i64 %mixed, i64 %half){l3}
  %y = call i64 @{far}(i64 %x, i64 %half){l3}
  %both = add i64 %x, %y{l3}
  br label %out{l3}
out:
  %result = phi i64 [ %a, %0 ], [ %both, %rest ]
  ret i64 %result{l3}
}}
"
    );
}

fn metadata(text: &mut String, module: usize, range: std::ops::Range<usize>) {
    let _ = write!(
        text,
        "!llvm.dbg.cu = !{{!0}}
!llvm.module.flags = !{{!5}}
!0 = distinct !DICompileUnit(language: DW_LANG_C_plus_plus_14, file: !1, producer: \"generated\", isOptimized: false, runtimeVersion: 0, emissionKind: FullDebug)
!1 = !DIFile(filename: \"generated{module}.cpp\", directory: \"/\")
!2 = !DISubroutineType(types: !3)
!3 = !{{!4, !4, !4}}
!4 = !DIBasicType(name: \"long\", size: 64, encoding: DW_ATE_signed)
!5 = !{{i32 2, !\"Debug Info Version\", i32 3}}
"
    );
    for (number, index) in range.enumerate() {
        let first = MODULE_METADATA + number * FUNCTION_METADATA;
        let line = 10 * number + 1;
        let _ = writeln!(
            text,
            "!{first} = distinct !DISubprogram(name: \"f{index}\", linkageName: \"{}\", scope: !1, file: !1, line: {line}, type: !2, scopeLine: {line}, spFlags: DISPFlagDefinition, unit: !0)",
            name(index)
        );
        for offset in 1..FUNCTION_METADATA {
            let _ = writeln!(
                text,
                "!{} = !DILocation(line: {}, column: 3, scope: !{first})",
                first + offset,
                line + offset
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Generated;

    #[test]
    fn the_modules_link() {
        for debug in [false, true] {
            let generated = Generated {
                functions: 40,
                modules: 4,
                debug,
            };
            let context = tjit_orc::ThreadSafeContext::new();
            let parse = |bytes: &Vec<u8>| context.parse("generated", bytes).expect("it is bitcode");
            let modules: Vec<_> = generated.bitcode().iter().map(parse).collect();
            let mut program = tjit_link::Program::new(std::sync::Arc::new(()));
            let linked = program.link(modules).expect("it links");
            assert_eq!((linked.functions.len(), linked.data.len()), (40, 4));
            let query = context.parse("query", Generated::query(3, 40).as_bytes());
            program
                .link(vec![query.expect("it is IR")])
                .expect("it links");
        }
    }
}
