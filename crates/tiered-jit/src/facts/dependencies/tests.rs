//! Who is found by whom.

use std::collections::HashSet;
use std::sync::Arc;

use tjit_runtime::{DefaultPolicy, FunctionId, FunctionInfo, NoCounters, Runtime, UnitId};

use super::{Dependencies, Source};

/// Numbers of units, which only a runtime gives out.
fn units(count: usize) -> Vec<UnitId> {
    let runtime = Runtime::new(Arc::new(DefaultPolicy::default()), Arc::new(NoCounters));
    let mut worker = runtime.worker().expect("there is a seat");
    let unit = |_| {
        let info = FunctionInfo::new("f", 1);
        let id = runtime.register(info).expect("there is room");
        runtime.request(id, ()).expect("it exists");
        let job = worker.next_job().expect("it is queued");
        let unit = job.unit();
        job.fail("not tried");
        unit
    };
    (0..count).map(unit).collect()
}

const F: FunctionId = FunctionId::new(0);
const G: FunctionId = FunctionId::new(1);

#[test]
fn who_asked_is_found_until_it_is_gone() {
    let units = units(3);
    let (rate, base): (Arc<str>, Arc<str>) = ("rate".into(), "base".into());
    let mut dependencies = Dependencies::default();
    dependencies.begin(units[0], F);
    dependencies.record(units[0], &rate, Some(Source::Frozen));
    dependencies.record(units[0], &base, None);
    assert_eq!(dependencies.users("rate", Source::Frozen), [(F, units[0])]);
    assert_eq!(dependencies.wanting("base"), [(F, units[0])]);
    assert_eq!(dependencies.wanting("rate"), []);

    dependencies.begin(units[1], G);
    dependencies.record(units[1], &base, Some(Source::Frozen));
    dependencies.keep(units[1], &HashSet::new());
    assert_eq!(
        dependencies.users("base", Source::Frozen),
        [],
        "it made no use of it"
    );
    dependencies.gone(units[1], G);

    dependencies.begin(units[2], F);
    dependencies.record(units[2], &rate, Some(Source::Frozen));
    assert_eq!(
        dependencies.users("rate", Source::Frozen),
        [(F, units[0]), (F, units[2])],
        "the old one may run again"
    );
    dependencies.gone(units[0], F);
    assert_eq!(dependencies.users("rate", Source::Frozen), [(F, units[2])]);
    dependencies.forget_function(F);
    assert!(dependencies.askers.is_empty() && dependencies.units.is_empty());
}

#[test]
fn a_unit_that_begins_leaves_those_that_were_published_alone() {
    let units = units(2);
    let rate: Arc<str> = "rate".into();
    let mut dependencies = Dependencies::default();
    for unit in &units {
        dependencies.begin(*unit, F);
        dependencies.record(*unit, &rate, Some(Source::Frozen));
    }
    // Who published the first has not come to say so before the next job begins.
    let both = [(F, units[0]), (F, units[1])];
    assert_eq!(dependencies.users("rate", Source::Frozen), both);
    dependencies.forget_function(F);
    assert!(dependencies.units.is_empty() && dependencies.askers.is_empty());
}
