//! Behaviour of the manager without running any stub.

use proptest::prelude::*;

use super::*;

/// A manager whose stubs are never called.
fn manager(capacity: u32) -> StubManager {
    let resolver = |id: StubId| -> CodePtr { unreachable!("{id} was called") };
    StubManager::new(
        Config {
            capacity,
            ..Config::default()
        },
        Box::new(resolver),
    )
    .unwrap()
}

fn at(address: usize) -> CodePtr {
    CodePtr::new(address).unwrap()
}

#[test]
fn managers_can_be_shared() {
    fn check<T: Send + Sync>() {}
    check::<StubManager>();
}

#[test]
fn names_and_ids_lead_to_each_other() {
    let stubs = manager(10);
    let foo = stubs.create("_Z3foov", Target::Lazy).unwrap();
    let bar = stubs.create("_Z3barv", at(0x1000).into()).unwrap();
    assert_eq!((foo.id.index(), bar.id.index()), (0, 1));
    assert_eq!(stubs.find("_Z3foov"), Some(foo));
    assert_eq!(stubs.find("_Z3bazv"), None);
    assert_eq!(stubs.name(bar.id).as_deref(), Some("_Z3barv"));
    assert_eq!(stubs.address(bar.id), Some(bar.address));
    assert_eq!(stubs.id_of_address(bar.address.addr()), Some(bar.id));
    assert_eq!(stubs.len(), 2);
    assert!(stubs.reserved_range().contains(&foo.address.addr()));
}

#[test]
fn what_was_never_created_is_nothing() {
    let stubs = manager(10);
    let foo = stubs.create("foo", Target::Lazy).unwrap();
    let never = StubId::from_index(1);
    assert_eq!(stubs.name(never), None);
    assert_eq!(stubs.target(never), None);
    assert_eq!(stubs.address(never), None);
    assert!(!stubs.is_lazy(never));
    assert!(matches!(stubs.update(never, at(1)), Err(Error::UnknownId { id }) if id == never));
    assert!(matches!(
        stubs.reset_lazy(never),
        Err(Error::UnknownId { .. })
    ));
    let entry = foo.address.addr();
    let range = stubs.reserved_range();
    for address in [
        0,
        1,
        usize::MAX,
        range.start,
        range.end,
        entry + 1,
        entry + 7,
        entry + 8,
        entry - 8,
    ] {
        assert_eq!(stubs.id_of_address(address), None, "{address:#x}");
    }
}

#[test]
fn stubs_are_aligned_and_dense() {
    let stubs = manager(5000);
    let all = stubs
        .create_batch((0..5000).map(|i| (format!("f{i}"), Target::Lazy)))
        .unwrap();
    for (index, stub) in all.iter().enumerate() {
        assert_eq!(stub.id.index() as usize, index);
        assert_eq!(stub.address.addr() % 8, 0);
        assert_eq!(stubs.id_of_address(stub.address.addr()), Some(stub.id));
        assert!(stubs.is_lazy(stub.id));
        assert_eq!(stubs.target(stub.id), None);
    }
}

#[test]
fn updates_and_resets_show() {
    let stubs = manager(10);
    let foo = stubs.create("foo", Target::Lazy).unwrap();
    stubs.update_pointer("foo", at(0x1000)).unwrap();
    assert_eq!(
        (stubs.target(foo.id), stubs.is_lazy(foo.id)),
        (Some(at(0x1000)), false)
    );
    stubs.update(foo.id, at(0x2000)).unwrap();
    assert_eq!(stubs.target(foo.id), Some(at(0x2000)));
    stubs.reset_lazy(foo.id).unwrap();
    assert_eq!((stubs.target(foo.id), stubs.is_lazy(foo.id)), (None, true));
    assert!(
        matches!(stubs.update_pointer("fo", at(1)), Err(Error::UnknownName { name }) if name == "fo")
    );
}

#[test]
fn batches_are_all_or_nothing() {
    let stubs = manager(4);
    let foo = stubs.create("foo", at(0x1000).into()).unwrap();
    let refused = [
        vec![("a", Target::Lazy), ("foo", Target::Lazy)],
        vec![("a", Target::Lazy), ("a", Target::Lazy)],
        vec![("a", Target::Lazy), ("", Target::Lazy)],
        vec![("a", Target::Lazy), ("nul\0byte", Target::Lazy)],
        vec![
            ("a", Target::Lazy),
            ("b", Target::Lazy),
            ("c", Target::Lazy),
            ("d", Target::Lazy),
        ],
    ];
    for batch in refused {
        stubs
            .create_batch(batch.clone())
            .expect_err("one of them cannot be created");
        assert_eq!((stubs.len(), stubs.find("a")), (1, None), "{batch:?}");
    }
    let after = stubs.create("bar", Target::Lazy).unwrap();
    assert_eq!(after.id.index(), 1, "refused batches use up no ids");

    let never = StubId::from_index(2);
    stubs
        .update_batch([(foo.id, at(0x2000)), (never, at(0x2000))])
        .expect_err("one of them does not exist");
    assert_eq!(stubs.target(foo.id), Some(at(0x1000)));
    stubs.remove("bar").unwrap();
    stubs
        .update_batch([(foo.id, at(0x2000)), (after.id, at(0x2000))])
        .expect_err("one of them was removed");
    assert_eq!(stubs.target(foo.id), Some(at(0x1000)));
    stubs.update_batch([(foo.id, at(0x2000))]).unwrap();
    assert_eq!(stubs.target(foo.id), Some(at(0x2000)));
    assert_eq!(stubs.create_batch::<&str>([]).unwrap(), []);
}

#[test]
fn names_are_checked() {
    let stubs = manager(4);
    let message = |name: &str| stubs.create(name, Target::Lazy).unwrap_err().to_string();
    assert_eq!(message(""), "creating a stub for \"\": the name is empty");
    assert_eq!(
        message("a\0b"),
        "creating a stub for \"a\\0b\": the name contains a NUL byte"
    );
    assert!(message(&"x".repeat(70_000)).ends_with("\": the name is longer than 64 KiB"));
    stubs
        .create(&"x".repeat(65_536), Target::Lazy)
        .expect("long, not too long");
    stubs.create("\u{1}foo", Target::Lazy).unwrap();
    stubs.create("foo", Target::Lazy).expect("a different name");
    assert_eq!(
        message("foo"),
        "creating a stub for `foo`: the name is taken"
    );
}

#[test]
fn removed_stubs_keep_their_id_until_recycled() {
    let stubs = manager(2);
    let foo = stubs.create("foo", at(0x1000).into()).unwrap();
    assert_eq!(stubs.remove("foo").unwrap(), foo.id);
    assert_eq!(
        (stubs.find("foo"), stubs.name(foo.id), stubs.target(foo.id)),
        (None, None, None)
    );
    assert_eq!((stubs.len(), stubs.is_empty()), (0, true));
    assert_eq!(stubs.id_of_address(foo.address.addr()), Some(foo.id));
    assert!(matches!(stubs.update(foo.id, at(0x2000)), Err(Error::Removed { id }) if id == foo.id));
    assert!(matches!(
        stubs.reset_lazy(foo.id),
        Err(Error::Removed { .. })
    ));
    assert!(matches!(
        stubs.remove("foo"),
        Err(Error::UnknownName { .. })
    ));

    let again = stubs.create("foo", Target::Lazy).unwrap();
    assert_ne!(again.id, foo.id, "somebody may hold the old address");
    let error = stubs.create("bar", Target::Lazy).unwrap_err();
    assert_eq!(error.to_string(), "creating 1 stubs: 0 of 2 are free");

    // SAFETY: nobody calls through the address.
    unsafe { stubs.recycle(foo.id) }.unwrap();
    assert_eq!(stubs.create("bar", Target::Lazy).unwrap(), foo);
    assert!(stubs.is_lazy(foo.id));
    // SAFETY: refused.
    let error = unsafe { stubs.recycle(foo.id) }.unwrap_err();
    assert_eq!(
        error.to_string(),
        "recycling stub #0: the stub was not removed"
    );
    // SAFETY: refused.
    let unknown = unsafe { stubs.recycle(StubId::from_index(2)) };
    assert!(matches!(unknown, Err(Error::UnknownId { .. })));
}

#[test]
fn capacity_is_exact_and_limited() {
    let stubs = manager(3);
    stubs
        .create_batch([
            ("a", Target::Lazy),
            ("b", Target::Lazy),
            ("c", Target::Lazy),
        ])
        .unwrap();
    let error = stubs.create("d", Target::Lazy).unwrap_err();
    assert!(matches!(
        error,
        Error::CapacityExhausted {
            requested: 1,
            free: 0,
            capacity: 3
        }
    ));
    let resolver = |_: StubId| at(1);
    for capacity in [0, u32::MAX] {
        let config = Config {
            capacity,
            ..Config::default()
        };
        let error = StubManager::new(config, Box::new(resolver)).unwrap_err();
        assert!(matches!(error, Error::InvalidCapacity { .. }), "{error}");
    }
}

#[test]
fn managers_do_not_share_anything() {
    let (one, two) = (manager(4), manager(4));
    let (a, b) = (
        one.create("f", Target::Lazy).unwrap(),
        two.create("f", Target::Lazy).unwrap(),
    );
    assert_ne!(a.address, b.address);
    assert_eq!(one.id_of_address(b.address.addr()), None);
    assert_eq!(two.id_of_address(a.address.addr()), None);
    drop(one);
    assert!(two.is_lazy(b.id));
}

#[test]
fn a_place_can_be_wished_for() {
    let first = manager(4);
    let near = first.reserved_range().start;
    let config = Config {
        capacity: 4,
        near: Some(near + 5),
    };
    let second = StubManager::new(config, Box::new(|_: StubId| at(1))).unwrap();
    assert_ne!(second.reserved_range().start, near, "what is there stays");
    assert!(
        first.reserved_range().end <= second.reserved_range().start
            || second.reserved_range().end <= first.reserved_range().start
    );
}

#[derive(Clone, Debug)]
enum Step {
    Create(u8, bool),
    Update(u8, usize),
    Reset(u8),
    Remove(u8),
    Recycle(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..12_u8, any::<bool>()).prop_map(|(name, lazy)| Step::Create(name, lazy)),
        3 => (0..12_u8, 1..100_usize).prop_map(|(name, target)| Step::Update(name, target)),
        1 => (0..12_u8).prop_map(Step::Reset),
        2 => (0..12_u8).prop_map(Step::Remove),
        1 => (0..8_u8).prop_map(Step::Recycle),
    ]
}

/// What the manager should know: name → (id, target), and the ids that were removed.
#[derive(Default)]
struct Model {
    live: std::collections::BTreeMap<String, (StubId, Option<CodePtr>)>,
    retired: std::collections::BTreeSet<StubId>,
}

impl Model {
    fn apply(&mut self, stubs: &StubManager, step: Step) {
        match step {
            Step::Create(name, lazy) => {
                let (name, target) = (format!("f{name}"), at(0x5000));
                let initial = if lazy {
                    Target::Lazy
                } else {
                    Target::Address(target)
                };
                match stubs.create(&name, initial) {
                    Ok(stub) => {
                        assert!(
                            !self.retired.contains(&stub.id),
                            "{} may still be held",
                            stub.id
                        );
                        let old = self.live.insert(name, (stub.id, (!lazy).then_some(target)));
                        assert_eq!(old, None);
                    }
                    Err(Error::DuplicateName { .. }) => assert!(self.live.contains_key(&name)),
                    Err(error) => {
                        assert!(
                            matches!(error, Error::CapacityExhausted { free: 0, .. }),
                            "{error}"
                        );
                        assert_eq!(self.live.len() + self.retired.len(), 8);
                    }
                }
            }
            Step::Update(name, target) => {
                let name = format!("f{name}");
                let updated = stubs.update_pointer(&name, at(target)).is_ok();
                assert_eq!(updated, self.live.contains_key(&name));
                self.live
                    .entry(name)
                    .and_modify(|entry| entry.1 = Some(at(target)));
            }
            Step::Reset(name) => {
                if let Some((id, target)) = self.live.get_mut(&format!("f{name}")) {
                    stubs.reset_lazy(*id).unwrap();
                    *target = None;
                }
            }
            Step::Remove(name) => {
                let name = format!("f{name}");
                let removed = stubs.remove(&name).ok();
                assert_eq!(removed, self.live.remove(&name).map(|(id, _)| id));
                self.retired.extend(removed);
            }
            Step::Recycle(index) => {
                let id = StubId::from_index(u32::from(index));
                // SAFETY: the stubs of this test are never called.
                let recycled = unsafe { stubs.recycle(id) }.is_ok();
                assert_eq!(recycled, self.retired.remove(&id));
            }
        }
    }

    fn check(&self, stubs: &StubManager) {
        assert_eq!(stubs.len(), self.live.len());
        for (name, &(id, target)) in &self.live {
            assert_eq!(stubs.find(name).map(|stub| stub.id), Some(id));
            assert_eq!(stubs.name(id).as_deref(), Some(name.as_str()));
            assert_eq!(
                (stubs.target(id), stubs.is_lazy(id)),
                (target, target.is_none())
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sequence_of_operations_agrees_with_a_map(steps in prop::collection::vec(step(), 0..80)) {
        let (stubs, mut model) = (manager(8), Model::default());
        for step in steps {
            model.apply(&stubs, step);
            model.check(&stubs);
        }
    }
}
