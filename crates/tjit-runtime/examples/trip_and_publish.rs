//! A tiered "JIT" without a compiler: a program calls two functions, one gets hot, the embedder asks for the other.
//!
//! What a real embedder does with generated code is done here with plain Rust: the slot is an atomic, "compiling" makes up an
//! address, the counter is an atomic that is counted down.
//!
//! ```sh
//! cargo run -p tjit-runtime --example trip_and_publish
//! ```

use std::error::Error;
use std::io::{self, Write};
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;
use tjit_runtime::{
    Baseline, Compiled, Counters, DefaultPolicy, FunctionId, FunctionInfo, FunctionRecord,
    FunctionState, Job, Phase, PhaseTimes, Runtime, Tier,
};

/// What a stub jumps through and what the baseline counts down, per function.
#[derive(Default, Debug)]
struct Cells {
    slot: AtomicUsize,
    calls_left: AtomicU64,
}

/// The memory of the "generated code".
#[derive(Debug)]
struct Memory([Cells; 2]);

impl Memory {
    fn of(&self, id: FunctionId) -> &Cells {
        &self.0[id.index() as usize]
    }
}

impl Counters for Memory {
    fn rearm(&self, function: &FunctionRecord, calls: NonZeroU64) {
        self.of(function.id())
            .calls_left
            .store(calls.get(), Ordering::Relaxed);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(Memory(Default::default()));
    let runtime = Arc::new(Runtime::<String>::new(
        Arc::new(DefaultPolicy::default()),
        memory.clone(),
    ));
    let events = runtime
        .events()
        .subscribe(const { NonZeroUsize::new(100).unwrap() });
    let area = runtime.register(FunctionInfo::new("area", 0x1000))?;
    let scale = runtime.register(FunctionInfo::new("scale", 0x1010))?;

    let worker = thread::spawn({
        let (runtime, memory) = (runtime.clone(), memory.clone());
        move || work(&runtime, &memory)
    });

    let mut calls = 0_u64;
    while !optimized(&runtime, area) {
        call(&runtime, &memory, area)?;
        calls += 1;
    }
    call(&runtime, &memory, scale)?;
    runtime.request(scale, "fold the configuration".to_owned())?;
    while !optimized(&runtime, scale) {
        call(&runtime, &memory, scale)?;
    }
    runtime.shutdown();
    worker
        .join()
        .map_err(|_| "the worker panicked")?
        .map_err(|error| error as Box<dyn Error>)?;

    let mut out = io::stdout().lock();
    writeln!(
        out,
        "area was called {calls} times before its new version ran"
    )?;
    for event in events.try_iter() {
        writeln!(
            out,
            "{:>12?} {:3} {:6} {:?}",
            event.at, event.sequence, event.symbol, event.kind
        )?;
    }
    let stats = runtime.stats();
    let tier = stats.tier(Tier::OPTIMIZED);
    writeln!(
        out,
        "{} trips, {} versions at {} in {:?}",
        stats.trips,
        tier.compiles,
        tier.tier,
        tier.phases.total()
    )?;
    Ok(())
}

fn optimized(runtime: &Runtime<String>, id: FunctionId) -> bool {
    runtime
        .table()
        .get(id)
        .is_some_and(|record| record.state() == FunctionState::Optimized)
}

/// One call through the stub.
fn call(runtime: &Runtime<String>, memory: &Memory, id: FunctionId) -> Result<(), Box<dyn Error>> {
    let cells = memory.of(id);
    if cells.slot.load(Ordering::Acquire) == 0 {
        // The slot still points at the lazy trampoline.
        if let Baseline::Mine(guard) = runtime.baseline(id)? {
            let record = guard.record();
            let threshold = runtime.policy().thresholds(record, Tier::BASELINE).calls;
            let calls = threshold.map_or(u64::MAX, NonZeroU64::get);
            cells.calls_left.store(calls, Ordering::Relaxed);
            guard.publish(compile(record, Tier::BASELINE), |address| {
                store(&cells.slot, address)
            })?;
        }
    }
    // The entry counter of the baseline: one trip when it reaches zero.
    if cells.calls_left.load(Ordering::Relaxed) > 0
        && cells.calls_left.fetch_sub(1, Ordering::Relaxed) == 1
    {
        runtime.trip(id);
    }
    Ok(())
}

/// A background thread.
fn work(runtime: &Runtime<String>, memory: &Memory) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut worker = runtime.worker()?;
    while let Some(job) = worker.next_job() {
        promote(job, memory)?;
    }
    Ok(())
}

fn promote(job: Job<'_, String>, memory: &Memory) -> Result<(), String> {
    let slot = &memory.of(job.record().id()).slot;
    let compiled = compile(job.record(), job.tier());
    // Nothing is ever invalidated here, so no job has to start again.
    job.publish(compiled, |address| store(slot, address))
        .map(drop)
}

fn compile(record: &FunctionRecord, tier: Tier) -> Compiled {
    let start = Instant::now();
    let suffix = if tier == Tier::BASELINE {
        "baseline"
    } else {
        "optimized"
    };
    let body = format!("{}_{suffix}", record.symbol());
    let address = record.stub() + 0x1_0000 * (1 + usize::from(tier.number()));
    let mut phases = PhaseTimes::new();
    phases.add(Phase::Codegen, start.elapsed());
    Compiled {
        body: body.into(),
        address,
        size: 32,
        counter: None,
        phases,
    }
}

fn store(slot: &AtomicUsize, address: usize) -> Result<(), String> {
    // Release: the code is visible before its address.
    slot.store(address, Ordering::Release);
    Ok(())
}
