//! Cutting functions out of the program, to be compiled.

use std::collections::HashMap;

use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_orc::{Definition, SliceLinkage, SlicePart, ThreadSafeModule, redirect_calls};

use crate::LinkError;
use crate::import::{self, ImportBudget};
use crate::program::{Place, Program};

/// Definitions to copy, by the module they are in. The first module is that of the first definition.
#[derive(Default)]
struct Parts<'a> {
    order: Vec<usize>,
    definitions: HashMap<usize, Vec<Definition<'a>>>,
}

impl<'a> Parts<'a> {
    fn add(&mut self, module: usize, definition: Definition<'a>) {
        let found = self.definitions.entry(module).or_default();
        if found.is_empty() {
            self.order.push(module);
        }
        found.push(definition);
    }

    fn slice(&self, program: &Program, name: &str) -> Result<ThreadSafeModule, LinkError> {
        let parts: Vec<_> = self
            .order
            .iter()
            .map(|&module| SlicePart {
                module: &program.module(module).module,
                definitions: &self.definitions[&module],
            })
            .collect();
        Ok(ThreadSafeModule::slice_all(name, &parts)?)
    }
}

impl Program {
    /// The baseline bodies of functions of the program, as one module in the program's context.
    ///
    /// The body of `foo` is called `foo_baseline` (see [`Program::baseline_body`]) and is external. Every reference to a
    /// function of the program is to a declaration of its symbol, which the stub defines: recursion and calls among
    /// `symbols` too. Functions that must be inlined come along, to be inlined. Cost: 13 µs for a typical function.
    ///
    /// # Errors
    /// [`LinkError::Unknown`] if the program has no function of one of these names, [`LinkError::Undefined`] if it has no
    /// body of one, [`LinkError::Unsupported`] for an ifunc and for a function that names labels of another.
    pub fn baseline_slice(&self, symbols: &[&str]) -> Result<ThreadSafeModule, LinkError> {
        let bodies: Vec<_> = symbols
            .iter()
            .map(|symbol| self.baseline_body(symbol))
            .collect::<Result<_, _>>()?;
        let mut parts = Parts::default();
        for (symbol, body) in symbols.iter().zip(&bodies) {
            self.add_root(&mut parts, symbol, body)?;
        }
        for import in import::always_inline(self, symbols) {
            add_copy(&mut parts, import.name, import.place);
        }
        let name = bodies.first().map_or("empty", String::as_str);
        let slice = parts.slice(self, name)?;
        slice.with_module(|module| self.redirect_aliases(module));
        Ok(slice)
    }

    /// A unit: the body of `root` under the name `body_name`, with what is worth inlining and folding, as a module in a
    /// context of its own, which another thread may work on.
    ///
    /// The body is external and strong. Direct calls of the root within the unit are calls of the body; its address, where
    /// used as a value, stays that of the stub. Imported functions and constants are `available_externally`.
    ///
    /// # Errors
    /// As [`Program::baseline_slice`], and [`LinkError::Unsupported`] for a function that may have one version only.
    pub fn unit_slice(
        &self,
        root: &str,
        body_name: &str,
        imports: &ImportBudget,
    ) -> Result<ThreadSafeModule, LinkError> {
        let mut parts = Parts::default();
        let place = self.add_root(&mut parts, root, body_name)?;
        if self.module(place.module).labels.is_pinned(root) {
            let what =
                "addresses of its labels may outlive a call, so it can't have a second version";
            return Err(LinkError::unsupported(root, what));
        }
        let mut bodies = vec![place];
        for import in import::functions(self, &[root], imports) {
            add_copy(&mut parts, import.name, import.place);
            bodies.push(import.place);
        }
        for (name, place) in import::constants(self, &bodies, imports) {
            add_copy(&mut parts, name, place);
        }
        let unit = parts.slice(self, body_name)?.clone_to_new_context()?;
        unit.with_module(|module| {
            self.redirect_aliases(module);
            if let Some(body) = module.get_function(body_name) {
                self.redirect_to_body(module, root, body);
            }
        });
        Ok(unit)
    }

    /// Makes calls of an alias calls of the copy of the function, where the slice has one.
    fn redirect_aliases(&self, module: &Module<'_>) {
        for alias in declarations(module) {
            let target = self
                .alias_target(alias)
                .and_then(|target| module.get_function(target));
            if let Some(copy) = target.filter(|target| target.count_basic_blocks() > 0) {
                module
                    .get_functions()
                    .for_each(|function| redirect_calls(function, alias, copy));
            }
        }
    }

    /// Makes calls of `root` calls of its body, also under other names that it has. An `alwaysinline` root has a copy of
    /// itself in the unit instead of a declaration, to be inlined.
    fn redirect_to_body<'m>(&self, module: &Module<'m>, root: &str, body: FunctionValue<'m>) {
        for called in declarations(module) {
            let name = called.get_name().to_bytes();
            if name == root.as_bytes() || self.alias_target(called) == Some(root) {
                module
                    .get_functions()
                    .for_each(|function| redirect_calls(function, called, body));
            }
        }
    }

    fn alias_target(&self, alias: FunctionValue<'_>) -> Option<&str> {
        let name = alias.get_name().to_str().ok()?;
        self.symbol(name)?.alias_of.as_deref()
    }

    /// Adds the body of `symbol`, and the label tables that go with it. Returns where it is.
    fn add_root<'a>(
        &'a self,
        parts: &mut Parts<'a>,
        symbol: &'a str,
        body: &'a str,
    ) -> Result<Place, LinkError> {
        // An alias has no body of its own, and the body of its function another name.
        let found = self.function(symbol).filter(|(name, _)| ***name == *symbol);
        let found = found.and_then(|(_, found)| Some((found.definition?, self.code(found)?)));
        let Some((place, code)) = found else {
            return Err(self.no_body(symbol));
        };
        let module = self.module(place.module);
        if code
            .references
            .block_addresses
            .iter()
            .any(|function| function != symbol)
        {
            return Err(LinkError::unsupported(
                symbol,
                "it uses addresses of labels of another function",
            ));
        }
        let (body_name, linkage) = (Some(body), SliceLinkage::External);
        parts.add(
            place.module,
            Definition {
                name: symbol,
                body_name,
                linkage,
            },
        );
        for table in module.labels.tables_of(symbol) {
            let (body_name, linkage) = (None, SliceLinkage::Private);
            parts.add(
                place.module,
                Definition {
                    name: table,
                    body_name,
                    linkage,
                },
            );
        }
        Ok(place)
    }

    /// Why there is nothing to slice.
    fn no_body(&self, symbol: &str) -> LinkError {
        if let Some(undefined) = self.undefined(symbol) {
            let symbols = vec![undefined];
            return LinkError::Undefined { symbols };
        }
        match self
            .symbol(symbol)
            .and_then(|found| found.resolver.as_ref())
        {
            Some(resolver) => {
                let what = format!(
                    "it is an ifunc, which has no body: `{resolver}` chooses the function that it is"
                );
                LinkError::unsupported(symbol, what)
            }
            None => self.unknown(symbol),
        }
    }

    pub(crate) fn unknown(&self, name: &str) -> LinkError {
        LinkError::Unknown {
            name: name.to_owned(),
            nearest: self.lookup().nearest(name),
        }
    }
}

/// Adds a copy of a function or constant that is defined elsewhere.
fn add_copy<'a>(parts: &mut Parts<'a>, name: &'a str, place: Place) {
    let (body_name, linkage) = (None, SliceLinkage::AvailableExternally);
    parts.add(
        place.module,
        Definition {
            name,
            body_name,
            linkage,
        },
    );
}

fn declarations<'m>(module: &Module<'m>) -> Vec<FunctionValue<'m>> {
    module
        .get_functions()
        .filter(|function| function.count_basic_blocks() == 0)
        .collect()
}
