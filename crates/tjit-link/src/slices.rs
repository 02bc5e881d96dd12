//! Cutting functions out of the program, to be compiled.

use std::collections::HashMap;
use std::sync::Arc;

use inkwell::module::Module;
use inkwell::values::FunctionValue;
use tjit_orc::{Definition, SliceLinkage, SlicePart, ThreadSafeModule, redirect_calls};

use crate::import::{self, ImportBudget};
use crate::program::{Place, Program};
use crate::{LinkError, Redefinition};

/// A module that was sliced out of a program.
#[derive(Debug)]
pub struct Slice {
    /// The module.
    pub module: ThreadSafeModule,
    /// The functions whose bodies are there to be inlined, and constants with addresses of functions: what is compiled is right as
    /// long as they are what they are.
    pub bodies: Vec<Arc<str>>,
}

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
        let named: Vec<_> = symbols
            .iter()
            .zip(&bodies)
            .map(|(symbol, body)| (*symbol, body.as_str()))
            .collect();
        Ok(self.baseline_slice_as(&named)?.module)
    }

    /// As [`Program::baseline_slice`], of functions with the names of their bodies, which need not be the first that are free.
    ///
    /// # Errors
    /// As [`Program::baseline_slice`].
    pub fn baseline_slice_as(&self, functions: &[(&str, &str)]) -> Result<Slice, LinkError> {
        let root = |&(symbol, body): &(_, _)| Ok((symbol, body, self.root(symbol)?));
        let roots: Vec<_> = functions
            .iter()
            .map(root)
            .collect::<Result<_, LinkError>>()?;
        self.slice_roots(&roots)
    }

    /// As [`Program::baseline_slice_as`], of the new body of a function that is to be redefined.
    ///
    /// # Errors
    /// As [`Program::baseline_slice`].
    pub fn redefinition_slice(
        &self,
        redefinition: &Redefinition,
        body: &str,
    ) -> Result<Slice, LinkError> {
        self.slice_roots(&[(redefinition.symbol(), body, redefinition.place())])
    }

    fn slice_roots(&self, roots: &[(&str, &str, Place)]) -> Result<Slice, LinkError> {
        let mut parts = Parts::default();
        for &(symbol, body, place) in roots {
            self.add_root(&mut parts, (symbol, place), body)?;
        }
        let places: Vec<_> = roots
            .iter()
            .map(|&(symbol, _, place)| (symbol, place))
            .collect();
        let imports = import::always_inline(self, &places);
        for import in &imports {
            add_copy(&mut parts, import.name, import.place);
        }
        let name = roots.first().map_or("empty", |(_, body, _)| body);
        let module = parts.slice(self, name)?;
        module.with_module(|module| self.redirect_aliases(module));
        let bodies = imports.iter().map(|import| import.name.clone()).collect();
        Ok(Slice { module, bodies })
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
        Ok(self.unit(root, body_name, imports)?.module)
    }

    /// As [`Program::unit_slice`], with the functions that were imported.
    ///
    /// # Errors
    /// As [`Program::unit_slice`].
    pub fn unit(
        &self,
        root: &str,
        body_name: &str,
        imports: &ImportBudget,
    ) -> Result<Slice, LinkError> {
        let mut parts = Parts::default();
        let place = self.root(root)?;
        self.add_root(&mut parts, (root, place), body_name)?;
        if self.module(place.module).labels.is_pinned(root) {
            let what =
                "addresses of its labels may outlive a call, so it can't have a second version";
            return Err(LinkError::unsupported(root, what));
        }
        let mut bodies = vec![place];
        let functions = import::functions(self, &[(root, place)], imports);
        for import in &functions {
            add_copy(&mut parts, import.name, import.place);
            bodies.push(import.place);
        }
        let constants = import::constants(self, &bodies, imports);
        for &(name, place) in &constants {
            add_copy(&mut parts, name, place);
        }
        let unit = parts.slice(self, body_name)?.clone_to_new_context()?;
        unit.with_module(|module| {
            self.redirect_aliases(module);
            if let Some(body) = module.get_function(body_name) {
                self.redirect_to_body(module, root, body);
            }
        });
        // What is called through a constant is promised what the constant's module is.
        let calls =
            |&&(_, place): &&(&str, Place)| !self.code_at(place).references.functions.is_empty();
        let constants = constants.iter().filter(calls);
        let constants = constants.filter_map(|(name, _)| self.symbol_name(name));
        let functions = functions.iter().map(|import| import.name);
        let bodies = functions.chain(constants).cloned().collect();
        Ok(Slice {
            module: unit,
            bodies,
        })
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

    /// Where the body of `symbol` is.
    fn root(&self, symbol: &str) -> Result<Place, LinkError> {
        // An alias has no body of its own, and the body of its function another name.
        let found = self.function(symbol).filter(|(name, _)| ***name == *symbol);
        let place = found.and_then(|(_, found)| found.definition);
        place.ok_or_else(|| self.no_body(symbol))
    }

    /// Adds a body of a function, and the label tables that go with it.
    fn add_root<'a>(
        &'a self,
        parts: &mut Parts<'a>,
        (symbol, place): (&'a str, Place),
        body: &'a str,
    ) -> Result<(), LinkError> {
        let (module, code) = (self.module(place.module), self.code_at(place));
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
        Ok(())
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
