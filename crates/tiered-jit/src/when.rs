//! Requests that wait for something outside the program.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crossbeam::channel::{self, Select};
use tjit_orc::panic_message;

use crate::promise::Promise;
use crate::reoptimize::Reoptimize;
use crate::ticket::Ticket;
use crate::watcher::{Next, Watched};
use crate::{Error, TieredJit, WeakJit};

/// How often a channel of the standard library is looked at, which can't be waited for together with others.
const POLL: Duration = Duration::from_millis(10);

/// What a request waits for.
///
/// One thread of the JIT waits for all triggers. It runs their predicates too, one after the other, so these should be quick;
/// whoever drops the JIT waits for one that is running. A trigger doesn't keep the JIT alive, unless its closure owns a handle:
/// give it a [`WeakJit`].
pub struct Trigger(Box<dyn Ready>);

/// Makes the request that waits for the trigger it was made with. Dropping it takes the trigger back: the ticket is answered with
/// [`Error::Trigger`].
#[derive(Debug)]
pub struct Fire(channel::Sender<()>);

impl Fire {
    /// Makes the request. It is made on the watching thread, shortly after this has returned.
    pub fn fire(self) {
        // It is the only message, and nobody is there to hear it if the JIT has ended or the ticket was cancelled.
        let _heard = self.0.try_send(());
    }
}

impl Trigger {
    /// A message on a channel, whatever it is. A channel that is closed without one is an error of the ticket
    /// ([`Error::Trigger`]).
    pub fn message<T: 'static>(receiver: impl Receive<T>) -> Self {
        Self(Box::new(Message {
            receiver,
            nothing: std::marker::PhantomData,
        }))
    }

    /// A condition, looked at now and at this interval until it holds. A panic is an error of the ticket ([`Error::Trigger`]).
    pub fn when(interval: Duration, predicate: impl FnMut() -> bool + Send + 'static) -> Self {
        Self(Box::new(Predicate {
            interval,
            due: Some(Instant::now()),
            predicate,
        }))
    }

    /// Whoever has the other end.
    pub fn manual() -> (Self, Fire) {
        let (sender, receiver) = channel::bounded(1);
        (Self::message(receiver), Fire(sender))
    }
}

/// Receiving ends of channels: crossbeam's, and those of the standard library, which are looked at every 10 ms.
pub trait Receive<T>: sealed::Channel<T> {}

mod sealed {
    use std::time::Instant;

    use crossbeam::channel::Select;

    /// What was received, if anything; an error if the channel is closed.
    pub(super) type Received<T> = Result<Option<T>, ()>;

    pub trait Channel<T>: Send + 'static {
        fn listen<'w>(&'w self, select: &mut Select<'w>);
        fn due(&self) -> Option<Instant>;
        fn next(&self) -> Received<T>;
    }
}

impl<T: Send + 'static> Receive<T> for channel::Receiver<T> {}

impl<T: Send + 'static> sealed::Channel<T> for channel::Receiver<T> {
    fn listen<'w>(&'w self, select: &mut Select<'w>) {
        select.recv(self);
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn next(&self) -> sealed::Received<T> {
        match self.try_recv() {
            Ok(message) => Ok(Some(message)),
            Err(channel::TryRecvError::Empty) => Ok(None),
            Err(channel::TryRecvError::Disconnected) => Err(()),
        }
    }
}

impl<T: Send + 'static> Receive<T> for mpsc::Receiver<T> {}

impl<T: Send + 'static> sealed::Channel<T> for mpsc::Receiver<T> {
    fn listen<'w>(&'w self, _select: &mut Select<'w>) {}

    fn due(&self) -> Option<Instant> {
        Some(Instant::now() + POLL)
    }

    fn next(&self) -> sealed::Received<T> {
        match self.try_recv() {
            Ok(message) => Ok(Some(message)),
            Err(mpsc::TryRecvError::Empty) => Ok(None),
            Err(mpsc::TryRecvError::Disconnected) => Err(()),
        }
    }
}

/// Whether a trigger has come.
trait Ready: Send {
    fn listen<'w>(&'w self, select: &mut Select<'w>);
    fn due(&self) -> Option<Instant>;
    /// The error says why it never will.
    fn is_ready(&mut self) -> Result<bool, String>;
}

struct Message<T, C> {
    receiver: C,
    nothing: std::marker::PhantomData<fn() -> T>,
}

impl<T: 'static, C: Receive<T>> Ready for Message<T, C> {
    fn listen<'w>(&'w self, select: &mut Select<'w>) {
        self.receiver.listen(select);
    }

    fn due(&self) -> Option<Instant> {
        self.receiver.due()
    }

    fn is_ready(&mut self) -> Result<bool, String> {
        // The message is dropped, which may panic. `AssertUnwindSafe`: nothing is received any more then.
        let received = catch_unwind(AssertUnwindSafe(|| {
            let received = self.receiver.next();
            received.map(|message| message.is_some())
        }));
        let received = received
            .map_err(|payload| format!("the message {}", panic_message(payload.as_ref())))?;
        received.map_err(|()| "the channel was closed without a message".to_owned())
    }
}

struct Predicate<P> {
    interval: Duration,
    /// `None` after a time that no clock can show.
    due: Option<Instant>,
    predicate: P,
}

impl<P: FnMut() -> bool + Send> Ready for Predicate<P> {
    fn listen<'w>(&'w self, _select: &mut Select<'w>) {}

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn is_ready(&mut self) -> Result<bool, String> {
        let now = Instant::now();
        if self.due.is_none_or(|due| now < due) {
            return Ok(false);
        }
        self.due = now.checked_add(self.interval);
        // `AssertUnwindSafe`: it is not called again.
        catch_unwind(AssertUnwindSafe(&mut self.predicate))
            .map_err(|payload| format!("the predicate {}", panic_message(payload.as_ref())))
    }
}

/// A request and what it waits for; both are gone when it was made.
struct Once {
    trigger: Trigger,
    request: Option<(Reoptimize, Promise)>,
}

impl Watched for Once {
    fn listen<'w>(&'w self, select: &mut Select<'w>) {
        self.trigger.0.listen(select);
    }

    fn due(&self) -> Option<Instant> {
        self.trigger.0.due()
    }

    fn look(&mut self) -> Next {
        let is_settled = |(_, promise): &(_, Promise)| promise.shared().is_settled();
        if self.request.as_ref().is_none_or(is_settled) {
            return Next::Done;
        }
        let ready = self.trigger.0.is_ready();
        if ready == Ok(false) {
            return Next::Keep;
        }
        if let Some((request, promise)) = self.request.take() {
            match ready {
                Ok(_) => request.submit_for(promise),
                Err(reason) => {
                    let function = request.symbol().to_owned();
                    promise.give(Err(Error::Trigger { function, reason }));
                }
            }
        }
        Next::Done
    }
}

/// A closure that makes requests of messages.
struct Each<T, C, F> {
    jit: WeakJit,
    receiver: C,
    make: F,
    nothing: std::marker::PhantomData<fn() -> T>,
}

impl<T, C, F> Watched for Each<T, C, F>
where
    T: 'static,
    C: Receive<T>,
    F: FnMut(&TieredJit, T) -> Option<Reoptimize> + Send,
{
    fn listen<'w>(&'w self, select: &mut Select<'w>) {
        self.receiver.listen(select);
    }

    fn due(&self) -> Option<Instant> {
        self.receiver.due()
    }

    fn look(&mut self) -> Next {
        match self.receiver.next() {
            Ok(None) => Next::Keep,
            Ok(Some(message)) => {
                let Some(jit) = self.jit.upgrade() else {
                    return Next::Done;
                };
                // `AssertUnwindSafe`: it is not called again after a panic.
                let made = catch_unwind(AssertUnwindSafe(|| (self.make)(&jit, message)));
                match made {
                    Ok(request) => {
                        // What comes of it is told by events.
                        drop(request.map(Reoptimize::submit));
                        Next::Keep
                    }
                    Err(_said_by_the_panic_hook) => Next::Done,
                }
            }
            Err(()) => Next::Done,
        }
    }
}

impl TieredJit {
    /// Makes a request when something outside the program has happened, once. The ticket is that of the request; cancelled
    /// before, the request is not made. Its deadline counts from when it is made.
    ///
    /// In a child of `fork` nobody waits for the trigger: a ticket that was taken before answers [`Error::ShutDown`] there.
    ///
    /// # Errors
    /// [`Error::Thread`] if the thread that waits can't be started.
    pub fn reoptimize_when(&self, trigger: Trigger, request: Reoptimize) -> Result<Ticket, Error> {
        let promise = Promise::new(request.symbol().into());
        let ticket = request.ticket(&promise);
        let shared = promise.shared().clone();
        let once = Once {
            trigger,
            request: Some((request, promise)),
        };
        self.engine().watcher.add(Box::new(once), Some(&shared))?;
        Ok(ticket)
    }

    /// Makes requests of messages, for as long as the channel is open and the JIT is there: `make` is called for each, on the
    /// thread that waits for all triggers, and may decline. A panic of it ends that, and no message is received any more.
    ///
    /// # Errors
    /// As [`TieredJit::reoptimize_when`].
    pub fn reoptimize_each<T: 'static>(
        &self,
        receiver: impl Receive<T>,
        make: impl FnMut(&TieredJit, T) -> Option<Reoptimize> + Send + 'static,
    ) -> Result<(), Error> {
        let each = Each {
            jit: self.downgrade(),
            receiver,
            make,
            nothing: std::marker::PhantomData,
        };
        self.engine().watcher.add(Box::new(each), None)
    }
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trigger").finish_non_exhaustive()
    }
}
