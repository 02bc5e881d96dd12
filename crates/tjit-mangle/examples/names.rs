//! What linkers call a few symbols on a few targets, and what the bodies of a function are called.
//!
//! `cargo run -p tjit-mangle --example names`

#![expect(clippy::print_stdout, reason = "printing is what the example is for")]

use tjit_mangle::{
    CallingConvention, Error, Linkage, Mangler, Symbol, Tier, Version, body_name, split_body_name,
};

const TRIPLES: [&str; 6] = [
    "x86_64-unknown-linux-gnu",
    "arm64-apple-macosx14.0.0",
    "i686-pc-windows-msvc",
    "arm64ec-pc-windows-msvc",
    "powerpc64-ibm-aix",
    "s390x-ibm-zos",
];

fn main() -> Result<(), Error> {
    let private = Symbol::DATA.with_linkage(Linkage::Private);
    let stdcall = Symbol::function(CallingConvention::X86StdCall, 8);
    println!(
        "{:26} {:10} {:10} {:10} stdcall f",
        "target", "variable x", "private x", "function f"
    );
    for triple in TRIPLES {
        let mangler = Mangler::from_triple(triple)?;
        println!(
            "{triple:26} {:10} {:10} {:10} {}",
            mangler.mangle("x", &Symbol::DATA)?,
            mangler.mangle("x", &private)?,
            mangler.mangle("f", &Symbol::FUNCTION)?,
            mangler.mangle("f", &stdcall)?,
        );
    }

    println!();
    for symbol in ["area", "bar_optimized", "area_v3"] {
        for tier in Tier::ALL {
            let body = body_name(symbol, Version::FIRST, tier);
            println!("{body:30} {:?}", split_body_name(&body));
        }
    }
    Ok(())
}
