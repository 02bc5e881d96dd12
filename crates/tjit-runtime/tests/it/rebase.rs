//! Baselines that are replaced, or taken away.

use crate::support::{BASELINE, OPTIMIZED, baseline, code, install, lazy, runtime};
use std::convert::Infallible;
use std::sync::Arc;
use tjit_runtime::{Baseline, Error, FunctionId, Published, Runtime, VersionStatus};

use VersionStatus::{Invalidated, Running};

fn statuses(runtime: &Runtime<u32>, id: FunctionId) -> Vec<VersionStatus> {
    let versions = runtime.table().get(id).unwrap().versions();
    versions.iter().map(|version| version.status()).collect()
}

fn optimize(runtime: &Runtime<u32>, id: FunctionId) {
    runtime.request(id, 1).unwrap();
    let job = runtime.worker().unwrap().next_job().unwrap();
    job.publish(code("f_optimized", OPTIMIZED), install)
        .unwrap();
}

fn reason() -> Arc<str> {
    Arc::from("it changed")
}

#[test]
fn another_baseline_takes_the_place_of_all_versions() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    optimize(&runtime, id);
    let mut slot = None;
    let new = (code("f_v2_baseline", BASELINE + 1), &reason());
    let version = runtime.rebase(id, new, |address| {
        slot = Some(address);
        Ok::<(), Error>(())
    });
    assert_eq!(version.unwrap().number, 2);
    assert_eq!(slot, Some(BASELINE + 1));
    assert_eq!(statuses(&runtime, id), [Invalidated, Invalidated, Running]);
    let rolled_back = runtime.roll_back(id, 1, |_| Ok::<(), Error>(()));
    assert!(
        rolled_back.is_err(),
        "what was taken back does not run again"
    );
    // It was optimised, and is to be so again.
    let job = runtime.worker().unwrap().next_job().unwrap();
    assert_eq!(job.record().id(), id);
}

#[test]
fn a_baseline_that_is_taken_away_is_compiled_again() {
    let (runtime, _) = runtime(4);
    let id = baseline(&runtime, "f");
    let mut lazily = 0;
    let mut debase = || {
        runtime.debase(id, &reason(), || {
            lazily += 1;
            Ok::<(), Error>(())
        })
    };
    assert!(debase().unwrap());
    assert!(!debase().unwrap(), "there is none any more");
    assert_eq!(lazily, 1);
    assert_eq!(statuses(&runtime, id), [Invalidated]);
    assert_eq!(runtime.table().get(id).unwrap().code(), None);
    assert!(matches!(runtime.baseline(id), Ok(Baseline::Mine(_))));
}

#[test]
fn a_baseline_that_is_taken_away_before_it_is_there_never_runs() {
    let (runtime, _) = runtime(4);
    let id = lazy(&runtime, "f");
    let Ok(Baseline::Mine(guard)) = runtime.baseline(id) else {
        panic!("nobody compiles it");
    };
    let debased = runtime.debase(id, &reason(), || Ok::<(), Error>(()));
    assert!(debased.unwrap());
    let published = guard.publish(
        code("f_baseline", BASELINE),
        |_| -> Result<(), Infallible> { panic!("it is not installed") },
    );
    assert!(matches!(published, Ok(Published::Stale)), "{published:?}");
    assert_eq!(runtime.table().get(id).unwrap().code(), None);
    assert!(matches!(runtime.baseline(id), Ok(Baseline::Mine(_))));
}
