//! Waiting for requests, and taking them back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tiered_jit::{Error, EventKind, ModuleSource, RequestOutcome, Ticket, TieredJit, WeakJit};

use crate::support::{TALLY, bodies, quiet, unary, wait_for};

/// Nothing that works takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Holds the only worker until something is sent.
fn hold(jit: &TieredJit) -> (Ticket, Sender<()>) {
    let (release, gate) = channel();
    let (ticket, entered) = held_by(jit, gate);
    entered.recv().expect("the worker comes to it");
    (ticket, release)
}

fn held_by(jit: &TieredJit, gate: Receiver<()>) -> (Ticket, Receiver<()>) {
    let (enter, entered) = channel();
    let request = jit.reoptimize("tally").expect("it exists");
    let held = request.transform(move |_, _| {
        enter.send(())?;
        gate.recv().map_err(Into::into)
    });
    (held.submit(), entered)
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The least executor that there can be.
fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match std::pin::Pin::new(&mut future).poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn a_ticket_can_be_awaited() {
    let jit = quiet(TALLY);
    let version = block_on(jit.reoptimize("twice").expect("it exists").submit());
    assert_eq!(&*version.expect("it compiles").body, "twice_optimized");
    let broken = jit.reoptimize("twice").expect("it exists");
    let broken = broken.transform(|_, _| Err("it is Tuesday".into()));
    assert!(matches!(
        block_on(broken.submit()),
        Err(Error::Transform { .. })
    ));
}

#[test]
fn a_task_hears_of_a_deadline() {
    let jit = quiet(TALLY);
    let (held, release) = hold(&jit);
    let request = jit.reoptimize("twice").expect("it exists");
    let ticket = request.deadline(Duration::from_millis(5)).submit();
    assert!(matches!(block_on(ticket), Err(Error::Deadline(_))));
    release.send(()).expect("the worker waits");
    held.wait().expect("it compiles");
}

#[test]
fn a_ticket_can_be_waited_for_in_parts() {
    let jit = quiet(TALLY);
    let (held, release) = hold(&jit);
    let ticket = jit.reoptimize("twice").expect("it exists").submit();
    assert!(ticket.try_wait().is_none());
    assert!(ticket.wait_timeout(Duration::from_millis(1)).is_none());
    release.send(()).expect("the worker waits");
    let version = ticket.wait_timeout(PATIENCE).expect("it comes");
    assert_eq!(&*version.expect("it compiles").body, "twice_optimized");
    assert!(ticket.try_wait().is_some_and(|again| again.is_err()));
    held.wait().expect("it compiles");
}

#[test]
fn tickets_tell_what_the_request_met() {
    let jit = quiet(TALLY);
    let request = |name| jit.reoptimize(name).expect("it exists").submit();
    let (held, release) = hold(&jit);
    let tickets = [request("twice"), request("twice"), request("tally")];
    let outcomes = tickets.each_ref().map(Ticket::outcome);
    use RequestOutcome as R;
    assert_eq!(
        outcomes,
        [Some(R::Enqueued), Some(R::Merged), Some(R::Deferred)]
    );
    release.send(()).expect("the worker waits");
    let [first, second, third] = tickets.map(|ticket| ticket.wait().expect("it compiles"));
    assert_eq!(first, second, "one version serves both");
    assert_eq!(&*third.body, "tally_v2_optimized");
    held.wait().expect("it compiles");
}

#[test]
fn what_waits_can_be_taken_back() {
    let jit = quiet(TALLY);
    let events = jit.subscribe(64.try_into().expect("not zero"));
    let (held, release) = hold(&jit);
    let ticket = jit.reoptimize("twice").expect("it exists").submit();
    assert!(ticket.cancel());
    assert!(!ticket.cancel(), "once is enough");
    assert!(matches!(ticket.wait(), Err(Error::Cancelled(_))));
    wait_for(&events, "twice", |kind| {
        matches!(kind, EventKind::Cancelled { requests: 1, .. })
    });
    release.send(()).expect("the worker waits");
    held.wait().expect("it compiles");
    assert_eq!(bodies(&jit, "twice"), [""; 0]);
    let again = jit.reoptimize("twice").expect("it exists").wait();
    assert_eq!(&*again.expect("it compiles").body, "twice_optimized");
}

#[test]
fn what_is_under_way_can_be_taken_back() {
    let jit = quiet(TALLY);
    let events = jit.subscribe(64.try_into().expect("not zero"));
    assert_eq!(unary(&jit, "twice", 4), 8);
    let (enter, entered) = channel();
    let (release, gate) = channel::<()>();
    let request = jit.reoptimize("twice").expect("it exists");
    let ticket = request.transform(move |_, _| {
        enter.send(())?;
        gate.recv().map_err(Into::into)
    });
    let ticket = ticket.submit();
    entered.recv().expect("the worker comes to it");
    assert!(ticket.cancel());
    assert!(matches!(ticket.wait(), Err(Error::Cancelled(_))));
    release.send(()).expect("the worker waits");
    let withdrawn = wait_for(&events, "twice", |kind| {
        matches!(kind, EventKind::PromotionWithdrawn { .. })
    });
    let EventKind::PromotionWithdrawn { reason, .. } = withdrawn else {
        panic!("that is what was waited for")
    };
    assert!(reason.contains("cancelled"), "{reason}");
    assert_eq!(bodies(&jit, "twice"), ["twice_baseline"]);
    assert_eq!(jit.stats().failures(), 0);
    assert!(jit.reoptimize("twice").expect("it exists").wait().is_ok());
}

#[test]
fn others_are_served_without_what_was_taken_back() {
    let jit = quiet(TALLY);
    let runs = Arc::new(AtomicUsize::new(0));
    let (held, release) = hold(&jit);
    let request = || jit.reoptimize("twice").expect("it exists");
    let counter = runs.clone();
    let stays = request().transform(move |_, _| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let stays = stays.submit();
    let (enter, entered) = channel();
    let (go, gate) = channel::<()>();
    let goes = request().transform(move |_, _| {
        enter.send(())?;
        gate.recv().map_err(Into::into)
    });
    let goes = goes.submit();
    release.send(()).expect("the worker waits");
    entered.recv().expect("the worker comes to it");
    assert!(goes.cancel());
    go.send(()).expect("the worker waits");
    stays.wait().expect("it compiles");
    assert_eq!(runs.load(Ordering::Relaxed), 2, "on a fresh copy each time");
    assert!(matches!(goes.wait(), Err(Error::Cancelled(_))));
    held.wait().expect("it compiles");
}

#[test]
fn a_request_does_not_outlive_its_deadline_in_the_queue() {
    let jit = quiet(TALLY);
    let (held, release) = hold(&jit);
    let request = || jit.reoptimize("twice").expect("it exists");
    let late = request().deadline(Duration::from_millis(1)).submit();
    let patient = request().deadline(PATIENCE).submit();
    assert!(matches!(late.wait(), Err(Error::Deadline(_))));
    release.send(()).expect("the worker waits");
    patient.wait().expect("it compiles");
    held.wait().expect("it compiles");
    assert_eq!(bodies(&jit, "twice"), ["twice_optimized"]);
}

/// Failure may indicate that passes are not told to stop: this pipeline takes minutes.
#[test]
fn a_compilation_ends_at_the_deadline() {
    let jit = quiet(TALLY);
    let events = jit.subscribe(64.try_into().expect("not zero"));
    assert_eq!(unary(&jit, "twice", 4), 8);
    let endless = vec!["default<O3>"; 50_000].join(",");
    let request = jit.reoptimize("twice").expect("it exists");
    let ticket = request
        .pipeline(endless)
        .deadline(Duration::from_millis(50))
        .submit();
    assert!(matches!(ticket.wait(), Err(Error::Deadline(_))));
    let ended = wait_for(&events, "twice", |kind| {
        matches!(
            kind,
            EventKind::PromotionWithdrawn { .. } | EventKind::Expired { .. }
        )
    });
    if let EventKind::PromotionWithdrawn { reason, .. } = ended {
        assert!(reason.contains("deadline"), "{reason}");
    }
    assert_eq!(bodies(&jit, "twice"), ["twice_baseline"]);
    let again = jit.reoptimize("twice").expect("it exists").wait();
    assert!(again.is_ok(), "{again:?}");
}

#[test]
fn a_ticket_that_is_dropped_cancels_nothing() {
    let jit = quiet(TALLY);
    let events = jit.subscribe(64.try_into().expect("not zero"));
    drop(jit.reoptimize("twice").expect("it exists").submit());
    wait_for(&events, "twice", |kind| {
        matches!(kind, EventKind::Promoted { .. })
    });
}

/// Its task can't be woken.
struct Broken;

impl Wake for Broken {
    fn wake(self: Arc<Self>) {
        panic!("the executor has gone");
    }
}

#[test]
fn a_worker_survives_who_it_wakes() {
    let jit = quiet(TALLY);
    let (held, release) = hold(&jit);
    let mut ticket = jit.reoptimize("twice").expect("it exists").submit();
    let waker = Waker::from(Arc::new(Broken));
    let polled = std::pin::Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    release.send(()).expect("the worker waits");
    held.wait().expect("it compiles");
    ticket.wait().expect("it was published");
    // It is the only worker.
    let again = jit.reoptimize("twice").expect("it exists").submit();
    let again = again.wait_timeout(PATIENCE).expect("somebody compiles it");
    again.expect("it compiles");
}

/// An executor that goes on with its task at once, which uses the JIT.
struct Inline(WeakJit, Sender<bool>);

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let jit = self.0.upgrade().expect("the test has a handle");
        let has_it = jit.reoptimize("tally").is_ok();
        self.1.send(has_it).expect("the test waits");
    }
}

#[test]
fn who_hears_that_a_function_is_gone_may_use_the_jit() {
    let jit = quiet(TALLY);
    let ir = "define i64 @gone() {\n  ret i64 5\n}\n";
    // SAFETY: the test's own module.
    let module = unsafe { jit.add_module(ModuleSource::bytes("gone.ll", ir)) }.expect("it links");
    let (held, release) = hold(&jit);
    let mut ticket = jit.reoptimize("gone").expect("it exists").submit();
    let (woken, wakes) = channel();
    let waker = Waker::from(Arc::new(Inline(jit.downgrade(), woken)));
    let polled = std::pin::Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    // It waits for the worker, which then finds nothing to do; or else the request is served before.
    let remover = std::thread::spawn({
        let jit = jit.clone();
        // SAFETY: nobody calls its function.
        move || unsafe { jit.remove_modules(&[module]) }
    });
    release.send(()).expect("the worker waits");
    let has_it = wakes.recv_timeout(PATIENCE);
    assert_eq!(has_it, Ok(true), "whoever is told must not be waited for");
    let removed = remover.join().expect("it does not panic");
    removed.expect("nobody uses it");
    held.wait().expect("it compiles");
    let answer = ticket.wait();
    assert!(
        matches!(answer, Ok(_) | Err(Error::Removed(_))),
        "{answer:?}"
    );
}
