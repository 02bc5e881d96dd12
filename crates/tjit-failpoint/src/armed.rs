//! Test builds: the plan that is armed decides.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::{Injected, Phase, Plan, Point};

/// The armed plan and what came of it.
#[derive(Debug)]
struct Course {
    plan: Plan,
    // All Relaxed: they only number the hits.
    hits: [AtomicU64; Point::ALL.len()],
    injected: [AtomicU64; Point::ALL.len()],
}

static CURRENT: RwLock<Option<Arc<Course>>> = RwLock::new(None);
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    static PHASE: Cell<Phase> = const { Cell::new(Phase::Load) };
}

/// Fails if the armed plan says so.
///
/// # Errors
/// The fault that the plan asked for.
pub fn hit(point: Point) -> Result<(), Injected> {
    let current = CURRENT.read().unwrap_or_else(PoisonError::into_inner);
    let Some(course) = current.as_ref() else {
        return Ok(());
    };
    // A thread that is ending has no phase any more, nor does it compile.
    let phase = PHASE.try_with(Cell::get).unwrap_or_default();
    if !course.plan.is_for(phase) {
        return Ok(());
    }
    let hit = course.hits[point.index()].fetch_add(1, Ordering::Relaxed);
    let injected = &course.injected[point.index()];
    let fails = injected.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| {
        course.plan.fails(point, hit, before).then_some(before + 1)
    });
    match fails {
        Ok(_) => Err(Injected { point, hit }),
        Err(_) => Ok(()),
    }
}

/// Says what this thread does until the result is dropped.
pub fn enter(phase: Phase) -> Entered {
    Entered {
        before: PHASE.replace(phase),
        here: PhantomData,
    }
}

/// While it lives its thread is in a phase; it stays on that thread.
#[derive(Debug)]
#[must_use]
pub struct Entered {
    before: Phase,
    here: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        PHASE.set(self.before);
    }
}

/// While it lives hits can fail.
#[derive(Debug)]
#[must_use]
pub struct Armed {
    course: Arc<Course>,
    _turn: MutexGuard<'static, ()>,
}

impl Armed {
    pub(crate) fn new(plan: Plan) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let course = Arc::new(Course {
            plan,
            hits: Default::default(),
            injected: Default::default(),
        });
        *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = Some(course.clone());
        Self {
            course,
            _turn: turn,
        }
    }

    /// How often the point was hit in a phase that the plan is for.
    #[must_use]
    pub fn hits(&self, point: Point) -> u64 {
        self.course.hits[point.index()].load(Ordering::Relaxed)
    }

    /// How many of the hits failed.
    #[must_use]
    pub fn injected(&self, point: Point) -> u64 {
        self.course.injected[point.index()].load(Ordering::Relaxed)
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        *CURRENT.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
