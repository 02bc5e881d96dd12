//! What modules of the program are promised of functions that have been redefined.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use inkwell::module::Module;

use crate::program::{Place, Program};
use crate::promises::{self, Kept, Promises};

/// A function, and what modules may be promised of it.
type Change = (Arc<str>, Kept);

impl Program {
    /// Withdraws what the definition at `place` does not promise of `symbol`, whatever the name that it is called by, from modules, and
    /// with it what compilers may have concluded of functions that call it. Returns the definitions that mention something of which
    /// promises were withdrawn: code that was made with them relies on these, it may be.
    pub(crate) fn withdraw_promises(
        &mut self,
        symbol: &Arc<str>,
        place: Place,
        modules: Range<usize>,
    ) -> BTreeSet<Arc<str>> {
        let promises = self.promises_of(symbol, place);
        self.withdraw(vec![(symbol.clone(), Kept::Of(promises))], modules)
    }

    /// Withdraws from modules that have joined what is not promised any more of functions that they mention.
    pub(crate) fn withdraw_from(&mut self, modules: Range<usize>) {
        if self.redefined.is_empty() {
            return;
        }
        let joined = &self.modules[modules.clone()];
        let names = joined.iter().flat_map(|module| &module.globals);
        let functions: BTreeSet<_> = names
            .filter_map(|global| self.called(&global.name))
            .collect();
        let changes = functions.into_iter().filter_map(|symbol| {
            let place = self.symbol(symbol)?.definition;
            let place = place.filter(|_| self.is_redefined(symbol));
            let kept = match place {
                Some(place) => Kept::Of(self.promises_of(symbol, place)),
                None => Kept::Own {
                    unwinds: *self.unpromised.get(symbol)?,
                },
            };
            Some((symbol.clone(), kept))
        });
        let changes = changes.collect();
        self.withdraw(changes, modules);
    }

    /// What is called by that name.
    fn called(&self, name: &str) -> Option<&Arc<str>> {
        let (name, symbol) = self.symbol_entry(name)?;
        Some(symbol.alias_of.as_ref().unwrap_or(name))
    }

    /// Whether code of the program ends in calls of the function, which would go on behind them if it returned.
    pub(crate) fn ends_in(&self, symbol: &str) -> bool {
        let aliases = self.aliases();
        let other = aliases.get(&Arc::from(symbol)).into_iter().flatten();
        let other = other.map(|name| &***name);
        let names: Vec<&str> = std::iter::once(symbol).chain(other).collect();
        let ends = |module: &Module<'_>| names.iter().any(|name| promises::ends_in(module, name));
        let mut modules = self.modules.iter();
        modules.any(|module| module.module.with_module(ends))
    }

    fn promises_of(&self, symbol: &str, place: Place) -> Promises {
        let of = |module: &Module<'_>| module.get_function(symbol).map(Promises::of);
        let promises = self.module(place.module).module.with_module(of);
        promises.unwrap_or_default()
    }

    fn withdraw(&mut self, mut pending: Vec<Change>, modules: Range<usize>) -> BTreeSet<Arc<str>> {
        let aliases = self.aliases();
        let mut found = BTreeSet::new();
        let mut done: HashMap<Arc<str>, bool> = HashMap::new();
        while let Some((symbol, kept)) = pending.pop() {
            let other = aliases.get(&symbol).into_iter().flatten().copied();
            for name in std::iter::once(&symbol).chain(other) {
                for module in &self.modules[modules.clone()] {
                    let withdraw = |module: &Module<'_>| promises::withdraw(module, name, &kept);
                    let withdrawn = module.module.with_module(withdraw);
                    let globals = withdrawn.globals.iter();
                    found.extend(globals.map(|global| self.shared_name(global)));
                    let unwinds = withdrawn.unwinds;
                    for caller in withdrawn.functions {
                        let caller = self.shared_name(&caller);
                        let known = done.get(&caller);
                        if known.is_none_or(|&known| unwinds && !known) {
                            done.insert(caller.clone(), unwinds);
                            pending.push((caller.clone(), Kept::Own { unwinds }));
                        }
                        found.insert(caller);
                    }
                }
            }
        }
        drop(aliases);
        for (caller, unwinds) in done {
            *self.unpromised.entry(caller).or_default() |= unwinds;
        }
        found
    }

    fn shared_name(&self, name: &str) -> Arc<str> {
        let known = self.symbol_name(name).cloned();
        known.unwrap_or_else(|| Arc::from(name))
    }

    /// The aliases of each function that has any.
    fn aliases(&self) -> HashMap<&Arc<str>, Vec<&Arc<str>>> {
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for (name, symbol) in &self.symbols {
            if let Some(function) = &symbol.alias_of {
                found.entry(function).or_default().push(name);
            }
        }
        found
    }
}
