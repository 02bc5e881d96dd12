//! Everything at once.

use crate::world::{World, check};
use shuttle::thread;
use std::sync::Arc;
use tjit_runtime::{Cause, RequestOutcome};

fn spawn<R: Send + 'static>(
    world: &Arc<World>,
    part: impl FnOnce(&World) -> R + Send + 'static,
) -> thread::JoinHandle<R> {
    let world = world.clone();
    thread::spawn(move || part(&world))
}

/// Eight threads: two workers, two that call and trip, one that asks, one that takes requests back, one that takes versions
/// back, one that compiles on its own.
#[test]
fn everything_at_once() {
    check(|| {
        let world = World::new(2, 1);
        let workers = [0; 2].map(|_| spawn(&world, World::work));
        let mutators = [0, 1].map(|first| {
            spawn(&world, move |world| {
                for step in 0..3 {
                    let id = world.ids[(first + step) % 2];
                    world.call(id);
                    world.runtime.trip(id);
                }
            })
        });
        let asking = spawn(&world, |world| {
            for payload in 0..4_u32 {
                let id = world.ids[payload as usize % 2];
                let outcome = world.runtime.request(id, payload).unwrap();
                assert_ne!(outcome, RequestOutcome::Stopped);
            }
        });
        let cancelling = spawn(&world, |world| {
            let cancelled = world.runtime.cancel(world.ids[0], |payload| *payload == 2);
            cancelled.unwrap().payloads
        });
        let invalidating = spawn(&world, |world| (0..3).for_each(|_| world.invalidate_one()));
        let claiming = spawn(&world, |world| {
            let job = world.runtime.claim(world.ids[1], Cause::Request);
            world.serve(job.unwrap());
        });
        mutators
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        asking.join().unwrap();
        invalidating.join().unwrap();
        claiming.join().unwrap();
        let taken_back = cancelling.join().unwrap();
        world.runtime.shutdown();
        workers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        world.check(&taken_back);
    });
}

/// Shutting down in the middle: whoever waits is told, and no job is left under way.
#[test]
fn shutdown_at_any_time() {
    check(|| {
        let world = World::new(2, 2);
        let workers = [0; 2].map(|_| spawn(&world, World::work));
        let others = [0, 1, 2_u32].map(|payload| {
            spawn(&world, move |world| {
                let id = world.ids[payload as usize % 2];
                world.call(id);
                world.runtime.trip(id);
                let _outcome = world.runtime.request(id, payload).unwrap();
                world.invalidate_one();
            })
        });
        let stopping = spawn(&world, |world| world.runtime.shutdown());
        stopping.join().unwrap();
        others.into_iter().for_each(|thread| thread.join().unwrap());
        workers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        world.check(&[]);
    });
}

/// A crowd makes first calls of the same functions.
#[test]
fn first_calls_of_a_crowd() {
    check(|| {
        let world = World::new(3, 2);
        let callers = [0, 1, 2, 3, 4, 5].map(|first: usize| {
            spawn(&world, move |world| {
                (0..3).for_each(|step| world.call(world.ids[(first + step) % 3]));
            })
        });
        callers
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        world.check(&[]);
        assert!(
            world
                .ids
                .iter()
                .all(|&id| world.runtime.table().get(id).unwrap().code().is_some())
        );
    });
}
