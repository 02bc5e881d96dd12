//! Bytes of a variable, folded, and read back out of the object file that LLVM makes of the constant.

use std::fmt::Display;

use inkwell::module::Linkage;
use object::{Object, ObjectSection, ObjectSymbol};
use proptest::collection::vec;
use proptest::prelude::*;
use tjit_orc::{CodeGenLevel, TargetMachine, TargetOptions, ThreadSafeContext};
use tjit_reopt::{Facts, fold};

/// One variable `x`, and no symbols.
struct Value(Vec<u8>);

impl Facts for Value {
    fn guard_is_set(&self, _guard: &str) -> bool {
        false
    }

    fn value(&self, variable: &str) -> Option<Vec<u8>> {
        (variable == "x").then(|| self.0.clone())
    }

    fn symbol_at(&self, _address: u64) -> Option<String> {
        None
    }
}

/// A type, and how many bytes a variable of it takes on x86-64 and aarch64.
#[derive(Debug, Clone)]
struct Shape {
    text: String,
    size: usize,
    alignment: usize,
}

impl Shape {
    fn new(text: &str, size: usize, alignment: usize) -> Self {
        let text = text.to_owned();
        Self {
            text,
            size,
            alignment,
        }
    }

    fn array(&self, count: usize) -> Self {
        let text = format!("[{count} x {}]", self.text);
        Self::new(&text, count * self.size, self.alignment)
    }

    fn structure(fields: &[Self], packed: bool) -> Self {
        let (mut size, mut alignment) = (0_usize, 1);
        for field in fields {
            let own = if packed { 1 } else { field.alignment };
            size = size.next_multiple_of(own) + field.size;
            alignment = alignment.max(own);
        }
        let names: Vec<_> = fields.iter().map(|field| &*field.text).collect();
        let text = format!("{{ {} }}", names.join(", "));
        let text = if packed { format!("<{text}>") } else { text };
        Self::new(&text, size.next_multiple_of(alignment), alignment)
    }
}

fn shapes() -> impl Strategy<Value = Shape> {
    let leaves = [
        ("i1", 1, 1),
        ("i8", 1, 1),
        ("i16", 2, 2),
        ("i17", 4, 4),
        ("i32", 4, 4),
        ("i64", 8, 8),
        ("i128", 16, 16),
        ("half", 2, 2),
        ("bfloat", 2, 2),
        ("float", 4, 4),
        ("double", 8, 8),
        ("fp128", 16, 16),
        ("ptr", 8, 8),
        ("<4 x i32>", 16, 16),
        ("<2 x float>", 8, 8),
        ("<16 x i8>", 16, 16),
        ("<8 x i1>", 1, 1),
        ("<2 x ptr>", 16, 16),
    ];
    let leaf = prop::sample::select(leaves.to_vec());
    let leaf = leaf.prop_map(|(text, size, alignment)| Shape::new(text, size, alignment));
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            (inner.clone(), 1..4_usize).prop_map(|(inner, count)| inner.array(count)),
            (vec(inner, 1..4), any::<bool>())
                .prop_map(|(fields, packed)| Shape::structure(&fields, packed)),
        ]
    })
}

/// The bytes of `x` in an object file, after folding.
fn emitted(shape: &Shape, bytes: &[u8]) -> Result<Vec<u8>, TestCaseError> {
    let fail = |error: &dyn Display| TestCaseError::fail(error.to_string());
    let machine = TargetMachine::host(&TargetOptions {
        level: CodeGenLevel::None,
        host_cpu: false,
    })
    .map_err(|error| fail(&error))?;
    let layout = machine.data_layout();
    let text = format!(
        "target datalayout = \"{layout}\"\n@x = external global {}
        define i8 @read() {{ %v = load i8, ptr @x\n ret i8 %v }}",
        shape.text
    );
    let module = ThreadSafeContext::new()
        .parse("unit", text.as_bytes())
        .map_err(|error| fail(&error))?;
    let object = module.with_module(|module| {
        let folded = fold(module, &Value(bytes.to_vec()));
        prop_assert_eq!(folded.map_err(|error| fail(&error))?.values, ["x"]);
        tjit_orc::verify(module).map_err(|error| fail(&error))?;
        let variable = module.get_global("x").expect("folding keeps the name");
        prop_assert!(variable.is_constant());
        // What is available elsewhere is not emitted.
        variable.set_linkage(Linkage::External);
        machine.emit_object(module).map_err(|error| fail(&error))
    })?;
    let file = object::File::parse(object.as_slice()).map_err(|error| fail(&error))?;
    let symbol = file.symbol_by_name("x").expect("it is defined");
    let section = symbol.section_index().expect("it is in a section");
    let section = file
        .section_by_index(section)
        .map_err(|error| fail(&error))?;
    let data = section.data().map_err(|error| fail(&error))?;
    let start = usize::try_from(symbol.address()).expect("it fits");
    Ok(data[start..start + shape.size].to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Failure may indicate that padding or open bits of a type are lost, or that a type is laid out otherwise than LLVM does.
    #[test]
    fn every_byte_is_kept(
        (shape, bytes) in shapes().prop_flat_map(|shape| {
            let byte = prop_oneof![2 => Just(0_u8), 1 => any::<u8>()];
            let size = shape.size;
            (Just(shape), vec(byte, size))
        })
    ) {
        prop_assert_eq!(emitted(&shape, &bytes)?, bytes);
    }
}
