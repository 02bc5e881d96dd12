//! Graphs that keep the rules and graphs that break them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Graph;

fn edges(all: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
    let mut map: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to) in all {
        map.entry((*from).to_owned())
            .or_default()
            .insert((*to).to_owned());
    }
    map
}

#[track_caller]
fn check(shipped: &[(&str, &str)], dev: &[(&str, &str)], expected: &[&str]) {
    let ends = shipped
        .iter()
        .chain(dev)
        .flat_map(|(from, to)| [*from, *to]);
    let ours = |name: &&str| name.starts_with("tjit") || matches!(*name, "tiered-jit" | "xtask");
    let graph = Graph {
        members: ends.filter(ours).map(str::to_owned).collect(),
        shipped: edges(shipped),
        dev: edges(dev),
    };
    let found: Vec<String> = graph.check().iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn arrows_point_down() {
    check(
        &[
            ("tjit-cli", "tiered-jit"),
            ("tiered-jit", "tjit-orc"),
            ("tjit-stubs", "tjit-mangle"),
        ],
        &[],
        &[],
    );
    check(
        &[("tjit-orc", "tjit-link")],
        &[],
        &["tjit-orc: must not depend on tjit-link"],
    );
    check(
        &[("xtask", "tjit-mangle")],
        &[],
        &["xtask: must not depend on tjit-mangle"],
    );
}

#[test]
fn what_we_ship_knows_no_test_crate_but_its_tests_do() {
    check(
        &[("tjit-orc", "tjit-test-util")],
        &[],
        &["tjit-orc: must not depend on tjit-test-util"],
    );
    check(
        &[("tjit-test-util", "tjit-orc")],
        &[("tjit-link", "tjit-test-util")],
        &[],
    );
}

#[test]
fn llvm_does_not_sneak_in() {
    let through = [("tjit-runtime", "helper"), ("helper", "llvm-sys")];
    check(&through, &[], &["tjit-runtime: depends on LLVM"]);
    check(
        &[("inkwell", "llvm-sys")],
        &[("tjit-mangle", "inkwell")],
        &[],
    );
    check(&[("tjit-orc", "llvm-sys")], &[], &[]);
    check(
        &[("tjit-link", "llvm-sys")],
        &[],
        &["tjit-link: names llvm-sys; only tjit-orc does"],
    );
    check(
        &[],
        &[("tjit-link", "llvm-sys")],
        &["tjit-link: names llvm-sys; only tjit-orc does"],
    );
}

#[test]
fn a_new_crate_has_to_be_given_its_row() {
    check(
        &[("tjit-new", "serde")],
        &[],
        &["tjit-new: has no row in the table of crates"],
    );
}

#[test]
fn metadata_is_read_by_kind() {
    let metadata = json!({
        "packages": [{"id": "a 1", "name": "tjit-orc"}, {"id": "b 1", "name": "llvm-sys"}, {"id": "c 1", "name": "cc"}],
        "workspace_members": ["a 1"],
        "resolve": {"nodes": [
            {"id": "a 1", "deps": [
                {"pkg": "b 1", "dep_kinds": [{"kind": null}, {"kind": "dev"}]},
                {"pkg": "c 1", "dep_kinds": [{"kind": "build"}]},
            ]},
            {"id": "b 1", "deps": []},
        ]},
    });
    let graph = Graph::read(&metadata).unwrap_or_default();
    assert_eq!(graph.members, BTreeSet::from(["tjit-orc".to_owned()]));
    assert_eq!(
        graph.shipped,
        edges(&[("tjit-orc", "llvm-sys"), ("tjit-orc", "cc")])
    );
    assert_eq!(graph.dev, edges(&[("tjit-orc", "llvm-sys")]));
    assert!(Graph::read(&json!({})).is_none());
}
