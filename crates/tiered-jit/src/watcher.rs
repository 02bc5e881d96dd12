//! The thread that waits for what makes requests: messages, predicates, and the passing of time.
//!
//! There is one per JIT, from when something is first to be waited for. A child of `fork` does not have it: what was waited for
//! there is over, and what is waited for anew starts another.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam::channel::{Receiver, Select, Sender, TryRecvError};

use crate::promise::Shared;
use crate::{Error, fork, ticket};

/// Something that is waited for.
pub(crate) trait Watched: Send {
    /// Has the thread wake up when there is something to be received.
    fn listen<'w>(&'w self, _select: &mut Select<'w>) {}

    /// When the thread is to wake up at the latest.
    fn due(&self) -> Option<Instant> {
        None
    }

    /// Looks whether it has come; the thread may have woken up for something else.
    fn look(&mut self) -> Next;
}

/// What becomes of something that was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Keep,
    Done,
}

/// Starts and ends the thread.
#[derive(Default)]
pub(crate) struct Watcher {
    // Both are locked behind the gate of `fork` only, so that a child finds them free.
    state: Mutex<State>,
    /// The tickets of what waits.
    waiting: Mutex<Vec<Weak<Shared>>>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Running(Running),
    Ended,
}

struct Running {
    // Dropped to end the thread.
    sender: Sender<Box<dyn Watched>>,
    thread: JoinHandle<()>,
}

impl Watcher {
    /// Waits for something that `ticket`, if there is one, is answered by. It is dropped if the JIT has ended.
    pub(crate) fn add(
        &self,
        watched: Box<dyn Watched>,
        ticket: Option<&Arc<Shared>>,
    ) -> Result<(), Error> {
        let _inside = fork::enter();
        let mut state = lock(&self.state);
        if matches!(*state, State::Idle) {
            *state = State::Running(start()?);
        }
        if let Some(ticket) = ticket {
            let mut waiting = lock(&self.waiting);
            waiting.retain(|ticket| ticket.strong_count() > 0);
            waiting.push(Arc::downgrade(ticket));
        }
        if let State::Running(running) = &*state {
            // The thread is there as long as the sender is.
            let _sent = running.sender.send(watched);
        }
        Ok(())
    }

    /// Answers at this time that the deadline has passed, for a task that awaits the ticket.
    pub(crate) fn at(&self, deadline: Instant, ticket: Arc<Shared>) {
        // Without a thread the task hears of it from the worker that comes to the request.
        let _timed = self.add(Box::new(Timer { deadline, ticket }), None);
    }

    /// Ends the thread, and waits for it. What waits is over.
    pub(crate) fn end(&self) {
        let inside = fork::enter();
        let state = std::mem::replace(&mut *lock(&self.state), State::Ended);
        drop(inside);
        if let State::Running(Running { sender, thread }) = state {
            drop(sender);
            // The last handle on the JIT may have been one that it gave to a closure.
            if thread.thread().id() != std::thread::current().id() {
                // It catches what the closures do; there is nobody to tell of more.
                let _ended = thread.join();
            }
        }
    }

    /// In a child of `fork`, on its only thread.
    pub(crate) fn forget(&self) {
        let mut state = lock(&self.state);
        if let State::Running(_) = &*state {
            // Locks in it may be held by the thread that is gone.
            std::mem::forget(std::mem::take(&mut *state));
        }
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        let tickets = waiting.iter().filter_map(Weak::upgrade);
        tickets.for_each(|ticket| ticket.abandon());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start() -> Result<Running, Error> {
    let (sender, receiver) = crossbeam::channel::unbounded();
    let thread = std::thread::Builder::new()
        .name("tjit-watcher".to_owned())
        .spawn(move || watch(&receiver))
        .map_err(|error| Error::Thread(error.to_string()))?;
    Ok(Running { sender, thread })
}

fn watch(added: &Receiver<Box<dyn Watched>>) {
    let mut watched: Vec<Box<dyn Watched>> = Vec::new();
    loop {
        sleep(added, &watched);
        loop {
            match added.try_recv() {
                Ok(new) => watched.push(new),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        for done in watched.extract_if(.., |watched| look(watched) == Next::Done) {
            // Closures of others go with it.
            let _told_by_the_panic_hook = catch_unwind(AssertUnwindSafe(|| drop(done)));
        }
    }
}

/// What panics is over, and nothing else. `AssertUnwindSafe`: it is not looked at again.
fn look(watched: &mut Box<dyn Watched>) -> Next {
    catch_unwind(AssertUnwindSafe(|| watched.look())).unwrap_or(Next::Done)
}

/// Until there is something to be received, or something is due.
fn sleep(added: &Receiver<Box<dyn Watched>>, watched: &[Box<dyn Watched>]) {
    let mut select = Select::new();
    select.recv(added);
    for watched in watched {
        watched.listen(&mut select);
    }
    match watched.iter().filter_map(|watched| watched.due()).min() {
        // Whoever has something looks for itself.
        None => drop(select.ready()),
        Some(due) => drop(select.ready_deadline(due)),
    }
}

struct Timer {
    deadline: Instant,
    ticket: Arc<Shared>,
}

impl Watched for Timer {
    fn due(&self) -> Option<Instant> {
        Some(self.deadline)
    }

    fn look(&mut self) -> Next {
        if self.ticket.is_settled() {
            return Next::Done;
        }
        if Instant::now() < self.deadline {
            return Next::Keep;
        }
        // If it does not, a worker is about to answer.
        let _expired = ticket::expire(&self.ticket);
        Next::Done
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}
