//! The table of who wins.

use super::{Candidate, Conflict, Earlier, Owner, resolve};
use crate::inventory::Strength::{self, Common, Importable, Strong, Weak};

const HOST: u64 = 0x1000;

fn candidate(module: usize, strength: Strength) -> Candidate {
    Candidate {
        module,
        strength,
        odr: false,
        hidden: false,
        size: 4,
    }
}

fn odr(module: usize) -> Candidate {
    Candidate {
        odr: true,
        ..candidate(module, Weak)
    }
}

fn sized(module: usize, size: u64) -> Candidate {
    Candidate {
        size,
        ..candidate(module, Common)
    }
}

#[track_caller]
fn check(candidates: &[Candidate], expected: Result<Option<Owner>, Conflict>) {
    assert_eq!(
        resolve(candidates, None, || Some(Owner::Host(HOST))),
        expected,
        "{candidates:?}"
    );
}

#[test]
fn among_modules() {
    let program = |module| Ok(Some(Owner::Program(module)));
    check(&[], Ok(None));
    check(&[candidate(0, Importable)], Ok(None));
    check(&[candidate(0, Strong)], program(0));
    check(&[candidate(0, Weak), candidate(1, Strong)], program(1));
    check(&[candidate(0, Strong), candidate(1, Weak)], program(0));
    check(&[candidate(0, Weak), candidate(1, Common)], program(1));
    check(&[candidate(0, Common), candidate(1, Strong)], program(1));
    check(&[candidate(0, Weak), candidate(1, Weak)], program(0));
    check(&[candidate(0, Importable), candidate(1, Weak)], program(1));
    check(&[odr(0), candidate(1, Strong)], program(1));
    check(
        &[sized(0, 4), sized(1, 16), sized(2, 16), sized(3, 8)],
        program(1),
    );
    check(
        &[
            candidate(0, Strong),
            candidate(1, Weak),
            candidate(2, Strong),
        ],
        Err(Conflict::Duplicate(0, 2)),
    );
}

#[test]
fn against_the_host() {
    check(&[odr(0), odr(1)], Ok(Some(Owner::Host(HOST))));
    check(&[candidate(0, Weak)], Ok(Some(Owner::Program(0))));
    check(
        &[
            odr(0),
            Candidate {
                hidden: true,
                ..odr(1)
            },
        ],
        Ok(Some(Owner::Program(0))),
    );
    check(
        &[Candidate {
            hidden: true,
            ..odr(0)
        }],
        Ok(Some(Owner::Program(0))),
    );
    check(&[candidate(0, Common)], Ok(Some(Owner::Program(0))));
    assert_eq!(
        resolve(&[odr(3)], None, || None),
        Ok(Some(Owner::Program(3)))
    );
}

#[test]
fn against_what_was_linked_before() {
    let earlier = |owner, strength| {
        Some(Earlier {
            owner,
            strength,
            size: 4,
        })
    };
    let in_program = Owner::Program(0);
    let check = |candidate, earlier, expected| {
        assert_eq!(
            resolve(&[candidate], earlier, || None),
            expected,
            "{candidate:?} after {earlier:?}"
        );
    };
    check(
        candidate(1, Strong),
        earlier(in_program, Strong),
        Err(Conflict::Duplicate(0, 1)),
    );
    check(
        candidate(1, Strong),
        earlier(in_program, Weak),
        Ok(Some(in_program)),
    );
    check(
        candidate(1, Weak),
        earlier(in_program, Strong),
        Ok(Some(in_program)),
    );
    check(
        sized(1, 8),
        earlier(in_program, Common),
        Err(Conflict::TooSmall(0)),
    );
    check(
        sized(1, 4),
        earlier(in_program, Common),
        Ok(Some(in_program)),
    );
    check(
        odr(1),
        earlier(Owner::Host(HOST), Weak),
        Ok(Some(Owner::Host(HOST))),
    );
    check(
        candidate(1, Strong),
        earlier(Owner::Host(HOST), Weak),
        Err(Conflict::BoundToHost),
    );
    check(
        candidate(1, Importable),
        earlier(Owner::Host(HOST), Weak),
        Ok(Some(Owner::Host(HOST))),
    );
}
