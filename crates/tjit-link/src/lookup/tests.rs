//! Spellings of names.

use std::sync::Arc;

use super::{
    Lookup, distance, without_functions_parameters, without_parameters, without_qualifiers,
};

#[test]
fn parameters_are_cut_off_and_nothing_else() {
    for (full, name) in [
        ("Circle::area() const", "Circle::area"),
        ("f(int (*)(char))", "f"),
        ("(anonymous namespace)::f(int)", "(anonymous namespace)::f"),
        ("F::operator()(int) const", "F::operator()"),
        (
            "std::vector<int, std::allocator<int> >::size() const",
            "std::vector<int, std::allocator<int> >::size",
        ),
        ("main", "main"),
        ("core::fmt::write", "core::fmt::write"),
        ("g(A const&)", "g"),
    ] {
        assert_eq!(without_parameters(full), name);
    }
}

#[test]
fn qualifiers_may_be_left_out() {
    assert_eq!(
        without_qualifiers("Circle::area() const").as_deref(),
        Some("Circle::area()")
    );
    assert_eq!(without_qualifiers("Circle::area()"), None);
}

#[test]
fn locals_are_found_without_the_parameters_of_their_function() {
    for (full, name) in [
        ("next()::count", "next::count"),
        ("ns::A::f(std::string const&) const::seen", "ns::A::f::seen"),
        (
            "(anonymous namespace)::hidden",
            "(anonymous namespace)::hidden",
        ),
        ("T<ns::A, (E)1>::value", "T<ns::A, (E)1>::value"),
        ("count", "count"),
    ] {
        assert_eq!(without_functions_parameters(full), name);
    }
}

#[test]
fn suggestions_are_the_nearest() {
    let functions: Vec<Arc<str>> = ["_ZNK6Circle4areaEv", "_ZNK6Square4areaEv", "main"]
        .map(Arc::from)
        .to_vec();
    let lookup = Lookup::of_functions(functions.iter());
    assert_eq!(lookup.nearest("Circle::aera")[0], "Circle::area() const");
    assert_eq!(lookup.nearest("mian"), ["main"]);
    assert!(lookup.nearest("something_else_entirely").is_empty());
}

#[test]
fn distance_counts_edits() {
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance("kitten", "sitting"), 3);
    assert_eq!(distance("same", "same"), 0);
}
