//! From a module to addresses: compile, link, look up.

use std::collections::HashMap;
use std::time::Instant;

use object::{Object, ObjectSection, ObjectSymbol};
use tjit_compile_layer::{Compiled, ModuleOptions};
use tjit_link::ModuleId;
use tjit_orc::{MemoryBuffer, ResourceTracker, ThreadSafeModule};
use tjit_runtime::{Phase, PhaseTimes};

use crate::Error;
use crate::code::Code;
use crate::engine::Engine;
use crate::own_copies;

/// An object that is linked and ready to run.
pub(crate) struct Emitted {
    addresses: HashMap<String, u64>,
    sizes: HashMap<String, usize>,
    pub(crate) phases: PhaseTimes,
    /// What to free it by.
    pub(crate) code: Code,
    /// What somebody may have an address of in it.
    pub(crate) retained: Option<String>,
}

impl Emitted {
    /// Where a symbol that was asked for is.
    pub(crate) fn address(&self, symbol: &str) -> Result<usize, Error> {
        let address = self
            .addresses
            .get(symbol)
            .and_then(|&address| usize::try_from(address).ok());
        address.ok_or_else(|| Error::Compile {
            function: symbol.to_owned(),
            reason: "the object file does not define it".to_owned(),
        })
    }

    /// Bytes of code of a body.
    pub(crate) fn size(&self, body: &str) -> usize {
        self.sizes.get(body).copied().unwrap_or_default()
    }
}

/// Compiles a module on this thread, links it and finds `bodies` and `others`; what it takes is freed with the module `home`, or
/// with the program. A failure leaves nothing behind.
pub(crate) fn emit<'a>(
    engine: &Engine,
    (module, home): (&ThreadSafeModule, Option<ModuleId>),
    bodies: &'a [String],
    others: impl IntoIterator<Item = &'a str>,
    options: &ModuleOptions,
) -> Result<Emitted, Error> {
    let mut compiled = module.with_module(|module| engine.layer.compile(module, options))?;
    compiled.object = own_copies::keep(compiled.object);
    let (sizes, referenced) = symbols(&compiled.object);
    let bytes = memory(compiled.object.as_slice());
    let mut phases = phases(&compiled);

    let start = Instant::now();
    let names: Vec<&str> = bodies.iter().map(String::as_str).chain(others).collect();
    let tracker = engine.dylib.create_tracker();
    let linked = link(engine, &tracker, compiled.object, &names);
    phases.add(Phase::Link, start.elapsed());
    match linked {
        Ok(addresses) => {
            let code = engine.modules.keep(home, (tracker, bytes));
            engine.facts.memory.note(referenced);
            Ok(Emitted {
                addresses,
                sizes,
                phases,
                code,
                retained: compiled.retained,
            })
        }
        Err(error) => {
            // What could not be linked never ran. If it can't be removed either, its names stay taken, which no later version
            // minds: each has a name of its own.
            // SAFETY: no address of it was handed out.
            let _removed = unsafe { tracker.remove() };
            Err(error)
        }
    }
}

fn link(
    engine: &Engine,
    tracker: &ResourceTracker,
    object: MemoryBuffer,
    names: &[&str],
) -> Result<HashMap<String, u64>, Error> {
    engine.dylib.session().object_layer().add(tracker, object)?;
    Ok(engine.dylib.lookup_all(names)?)
}

fn phases(compiled: &Compiled) -> PhaseTimes {
    let mut phases = PhaseTimes::new();
    phases.add(Phase::Verify, compiled.times.prepare);
    phases.add(Phase::Optimize, compiled.times.passes);
    phases.add(Phase::Codegen, compiled.times.codegen);
    phases
}

/// The size of each function of an object file, by its linker-level name, and the symbols that it refers to.
fn symbols(object: &MemoryBuffer) -> (HashMap<String, usize>, Vec<String>) {
    let (mut sizes, mut referenced) = (HashMap::new(), Vec::new());
    // A file that can't be read is reported by the linker, which reads the same bytes next.
    let Ok(file) = object::File::parse(object.as_slice()) else {
        return (sizes, referenced);
    };
    for symbol in file.symbols() {
        let Ok(name) = symbol.name() else { continue };
        if symbol.is_undefined() && !name.is_empty() {
            referenced.push(name.to_owned());
        } else if symbol.kind() == object::SymbolKind::Text {
            sizes.insert(
                name.to_owned(),
                usize::try_from(symbol.size()).unwrap_or(usize::MAX),
            );
        }
    }
    (sizes, referenced)
}

/// How much memory an object takes when it is linked: JITLink puts the sections of equal protection together and each such segment
/// on pages of its own (`InProcessMemoryManager`). What the linker adds, tables of addresses, is not counted.
fn memory(object: &[u8]) -> u64 {
    let Ok(file) = object::File::parse(object) else {
        return 0;
    };
    let mut segments = [0_u64; 3];
    for section in file.sections() {
        let object::SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            continue;
        };
        if !sh_flags.contains(object::elf::SHF_ALLOC) {
            continue;
        }
        let segment = if sh_flags.contains(object::elf::SHF_EXECINSTR) {
            0
        } else if sh_flags.contains(object::elf::SHF_WRITE) {
            1
        } else {
            2
        };
        let start = segments[segment].next_multiple_of(section.align().max(1));
        segments[segment] = start + section.size();
    }
    let sizes = segments.into_iter().map(|size| size.next_multiple_of(PAGE));
    sizes.sum()
}

/// The smallest page of the processors that there are.
const PAGE: u64 = 4096;
