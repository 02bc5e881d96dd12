//! The modules of a program, and what is to be freed with each.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tjit_link::ModuleId;
use tjit_orc::ResourceTracker;

use crate::Error;
use crate::code::{Code, Trackers};
use crate::exit::Handle;

/// A module that was added to a program. Dropping it does nothing; [`TieredJit::remove_module`](crate::TieredJit::remove_module)
/// takes the module out.
#[derive(Clone)]
pub struct Module(Arc<Identity>);

struct Identity {
    id: ModuleId,
    name: Box<str>,
}

impl Module {
    fn new(id: ModuleId, name: &str) -> Self {
        let name = name.into();
        Self(Arc::new(Identity { id, name }))
    }

    /// Its number in the program.
    pub fn id(&self) -> ModuleId {
        self.0.id
    }

    /// What it is called in messages: the name it was added under.
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Module({}: {})", self.id().index(), self.name())
    }
}

/// The modules of one program.
#[derive(Default)]
pub(crate) struct Modules {
    states: Mutex<HashMap<ModuleId, State>>,
    /// What belongs to no module.
    unowned: Mutex<Trackers>,
}

struct State {
    module: Module,
    handle: Option<Arc<Handle>>,
    /// Of its data and of every object with versions of its functions.
    trackers: Trackers,
    /// Only what is to be freed is left of it.
    is_dissolved: bool,
}

impl Modules {
    fn states(&self) -> MutexGuard<'_, HashMap<ModuleId, State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unowned(&self) -> MutexGuard<'_, Trackers> {
        self.unowned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, id: ModuleId, name: &str, handle: Option<Arc<Handle>>) {
        let state = State {
            module: Module::new(id, name),
            handle,
            trackers: Trackers::default(),
            is_dissolved: false,
        };
        self.states().insert(id, state);
    }

    /// Gives a module its handle.
    pub(crate) fn give_handle(&self, id: ModuleId, handle: Arc<Handle>) {
        if let Some(state) = self.states().get_mut(&id) {
            state.handle = Some(handle);
        }
    }

    /// The modules, in the order in which they were added.
    pub(crate) fn list(&self) -> Vec<Module> {
        let mut list: Vec<_> = self
            .states()
            .values()
            .filter(|state| !state.is_dissolved)
            .map(|state| state.module.clone())
            .collect();
        list.sort_by_key(Module::id);
        list
    }

    /// The modules of these ids.
    pub(crate) fn of(&self, ids: &[ModuleId]) -> Vec<Module> {
        let states = self.states();
        let of = |id| Some(states.get(id)?.module.clone());
        ids.iter().filter_map(of).collect()
    }

    /// Has what the tracker tracks, which takes so many bytes, freed with the module; without a module, with the program. Either
    /// way [`Modules::take`] gives it out before that.
    pub(crate) fn keep(&self, module: Option<ModuleId>, tracked: (ResourceTracker, u64)) -> Code {
        let mut states = self.states();
        if let Some((id, state)) = module.and_then(|id| Some((id, states.get_mut(&id)?))) {
            return state.trackers.insert(Some(id), tracked);
        }
        drop(states);
        self.unowned().insert(None, tracked)
    }

    /// What `code` tracks, to be freed alone; `None` if it is gone already, alone or with its module.
    pub(crate) fn take(&self, code: Code) -> Option<ResourceTracker> {
        match code.module() {
            Some(module) => self.states().get_mut(&module)?.trackers.take(code),
            None => self.unowned().take(code),
        }
    }

    /// The ids of modules of this program.
    pub(crate) fn ids(&self, modules: &[Module]) -> Result<Vec<ModuleId>, Error> {
        let states = self.states();
        let id = |module: &Module| match states.get(&module.id()) {
            Some(state) if Arc::ptr_eq(&state.module.0, &module.0) && !state.is_dissolved => {
                Ok(module.id())
            }
            _ => Err(Error::NoModule(module.name().to_owned())),
        };
        modules.iter().map(id).collect()
    }

    /// The handles of modules that have one, with their names.
    pub(crate) fn handles(&self, ids: &[ModuleId]) -> Vec<(Module, Arc<Handle>)> {
        let states = self.states();
        let of = |id| {
            let state: &State = states.get(id)?;
            Some((state.module.clone(), state.handle.clone()?))
        };
        ids.iter().filter_map(of).collect()
    }

    /// All handles.
    pub(crate) fn all_handles(&self) -> Vec<Arc<Handle>> {
        let states = self.states();
        states
            .values()
            .filter_map(|state| state.handle.clone())
            .collect()
    }

    /// A module is none any more for the embedder. What was to be freed with it stays as long as the program, or until it is taken
    /// alone.
    pub(crate) fn dissolve(&self, id: ModuleId) {
        if let Some(state) = self.states().get_mut(&id) {
            state.is_dissolved = true;
        }
    }

    /// Forgets modules and returns what is to be freed with them.
    pub(crate) fn remove(&self, ids: &[ModuleId]) -> Vec<ResourceTracker> {
        let mut states = self.states();
        let removed = ids.iter().filter_map(|id| states.remove(id));
        removed
            .flat_map(|state| state.trackers.into_all())
            .collect()
    }
}
