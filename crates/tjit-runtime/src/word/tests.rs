//! Every sequence of operations on one word agrees with a model that keeps the parts apart.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Op {
    BeginBaseline,
    EndBaseline(BaselineEnd),
    Trip(Tier),
    TripBehind(Tier),
    Request,
    Cancel,
    Invalidate,
    Evict,
    Renew,
    BeginJob,
    Claim,
    EndJob(JobEnd),
    RollBack(Tier),
    Resume,
    Reset,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        Just(Op::BeginBaseline),
        Just(Op::EndBaseline(BaselineEnd::Ready)),
        Just(Op::EndBaseline(BaselineEnd::Failed)),
        Just(Op::EndBaseline(BaselineEnd::Released)),
        Just(Op::Trip(Tier::BASELINE)),
        Just(Op::Trip(Tier::OPTIMIZED)),
        Just(Op::TripBehind(Tier::BASELINE)),
        Just(Op::TripBehind(Tier::OPTIMIZED)),
        Just(Op::Request),
        Just(Op::Cancel),
        Just(Op::Invalidate),
        Just(Op::Evict),
        Just(Op::Renew),
        Just(Op::BeginJob),
        Just(Op::EndJob(JobEnd::Published(Tier::OPTIMIZED))),
        Just(Op::EndJob(JobEnd::Published(Tier::MAX))),
        Just(Op::EndJob(JobEnd::Failed)),
        Just(Op::EndJob(JobEnd::Withdrawn)),
        Just(Op::EndJob(JobEnd::Declined)),
        Just(Op::Claim),
        Just(Op::RollBack(Tier::BASELINE)),
        Just(Op::RollBack(Tier::OPTIMIZED)),
        Just(Op::Resume),
        Just(Op::Reset),
    ]
}

/// The parts of a word as one would write them down without thinking of bits.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Model {
    base: Base,
    promotion: Promotion,
    last_failed: bool,
    tier: Tier,
    held: Option<Held>,
}

/// It was rolled back.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Held {
    renewal_is_due: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Base {
    Lazy,
    Compiling,
    Ready,
    Failed,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Promotion {
    Idle,
    Queued(Reasons),
    /// What it is to be queued for again: a trip only if the job is withdrawn.
    Compiling(Reasons),
}

/// Why a function is queued, or will be.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
struct Reasons {
    by_request: bool,
    renewal: bool,
    tripped: bool,
}

impl Promotion {
    const RENEWAL: Self = Self::Queued(Reasons {
        by_request: false,
        renewal: true,
        tripped: false,
    });
}

impl Model {
    const NEW: Self = Self {
        base: Base::Lazy,
        promotion: Promotion::Idle,
        last_failed: false,
        tier: Tier::BASELINE,
        held: None,
    };

    /// The state after `op`, or `None` if it is refused.
    fn apply(mut self, op: Op) -> Option<Self> {
        match op {
            Op::BeginBaseline if self.base == Base::Lazy && self.tier == Tier::BASELINE => {
                self.base = Base::Compiling;
            }
            Op::EndBaseline(end) if self.base == Base::Compiling => {
                self.base = match end {
                    BaselineEnd::Ready => Base::Ready,
                    BaselineEnd::Failed => Base::Failed,
                    BaselineEnd::Released => Base::Lazy,
                };
            }
            Op::Trip(tier)
                if self.runs(tier)
                    && self.promotion == Promotion::Idle
                    && !self.last_failed
                    && self.held.is_none() =>
            {
                self.promotion = Promotion::Queued(Reasons {
                    tripped: true,
                    ..Reasons::default()
                });
            }
            Op::TripBehind(tier) if self.runs(tier) && self.held.is_none() => {
                match &mut self.promotion {
                    Promotion::Queued(reasons) if reasons.by_request && !reasons.tripped => {
                        reasons.tripped = true;
                    }
                    Promotion::Compiling(reasons) if !reasons.tripped && !self.last_failed => {
                        reasons.tripped = true;
                    }
                    _ => return None,
                }
            }
            Op::Request => {
                self.promotion = match self.promotion {
                    Promotion::Compiling(reasons) => Promotion::Compiling(Reasons {
                        by_request: true,
                        ..reasons
                    }),
                    Promotion::Queued(reasons) => Promotion::Queued(Reasons {
                        by_request: true,
                        ..reasons
                    }),
                    Promotion::Idle => Promotion::Queued(Reasons {
                        by_request: true,
                        renewal: self.take_due_renewal(),
                        tripped: false,
                    }),
                };
            }
            Op::Cancel => match &mut self.promotion {
                Promotion::Queued(reasons) if reasons.by_request => {
                    reasons.by_request = false;
                    let renewal = reasons.renewal;
                    if let Some(held) = &mut self.held {
                        held.renewal_is_due = renewal;
                        self.promotion = Promotion::Idle;
                    } else if *reasons == Reasons::default() {
                        self.promotion = Promotion::Idle;
                    }
                }
                Promotion::Compiling(reasons) if reasons.by_request => reasons.by_request = false,
                _ => return None,
            },
            Op::Invalidate if self.tier > Tier::BASELINE => {
                self.tier = Tier::BASELINE;
                self.last_failed = false;
                if self.base == Base::Failed {
                    self.base = Base::Lazy;
                }
                match &mut self.promotion {
                    Promotion::Idle => self.renew_now_or_later(),
                    Promotion::Queued(reasons) => reasons.renewal = true,
                    Promotion::Compiling(reasons) if self.held.is_some() => reasons.renewal = true,
                    Promotion::Compiling(reasons) => reasons.tripped = true,
                }
            }
            Op::Evict
                if self.tier > Tier::BASELINE
                    && self.held.is_none()
                    && !matches!(self.promotion, Promotion::Compiling { .. }) =>
            {
                self.tier = Tier::BASELINE;
                if self.base == Base::Failed {
                    self.base = Base::Lazy;
                }
            }
            Op::Renew => {
                let is_good = self.tier > Tier::BASELINE && !self.last_failed;
                match &mut self.promotion {
                    Promotion::Idle if is_good => {
                        if self.held.is_some_and(|held| held.renewal_is_due) {
                            return None;
                        }
                        self.renew_now_or_later();
                    }
                    Promotion::Queued(reasons) if is_good && !reasons.renewal => {
                        reasons.renewal = true;
                    }
                    Promotion::Compiling(reasons) if !reasons.renewal => reasons.renewal = true,
                    _ => return None,
                }
            }
            Op::BeginJob if matches!(self.promotion, Promotion::Queued(_)) => {
                self.last_failed = false;
                self.promotion = Promotion::Compiling(Reasons::default());
            }
            Op::Claim => {
                self.promotion = Promotion::Compiling(match self.promotion {
                    Promotion::Idle => Reasons {
                        renewal: self.take_due_renewal(),
                        ..Reasons::default()
                    },
                    Promotion::Queued(reasons) => reasons,
                    Promotion::Compiling(_) => return None,
                });
            }
            Op::EndJob(end) => return self.end_job(end),
            Op::RollBack(tier) => {
                self.promotion = match self.promotion {
                    Promotion::Compiling(_) => Promotion::Compiling(Reasons::default()),
                    _ => Promotion::Idle,
                };
                self.tier = tier;
                self.last_failed = false;
                self.held = Some(Held {
                    renewal_is_due: false,
                });
            }
            Op::Resume if self.held.is_some() => {
                let due = self.take_due_renewal();
                self.held = None;
                if due {
                    self.promotion = Promotion::RENEWAL;
                    self.last_failed = false;
                }
            }
            Op::Reset
                if self.base != Base::Compiling
                    && !matches!(self.promotion, Promotion::Compiling(_)) =>
            {
                self = Self {
                    promotion: self.promotion,
                    ..Self::NEW
                };
            }
            _ => return None,
        }
        Some(self)
    }

    fn end_job(mut self, end: JobEnd) -> Option<Self> {
        let Promotion::Compiling(mut reasons) = self.promotion else {
            return None;
        };
        reasons.tripped &= end == JobEnd::Withdrawn;
        match end {
            JobEnd::Published(tier) => {
                self.tier = tier;
                self.last_failed = false;
                self.held = None;
            }
            JobEnd::Failed => self.last_failed = true,
            JobEnd::Withdrawn | JobEnd::Declined => {}
        }
        self.promotion = match &mut self.held {
            Some(held) if !reasons.by_request => {
                held.renewal_is_due = reasons.renewal;
                Promotion::Idle
            }
            _ if reasons == Reasons::default() => Promotion::Idle,
            _ => {
                self.last_failed &= reasons.by_request || !reasons.renewal;
                Promotion::Queued(reasons)
            }
        };
        Some(self)
    }

    fn renew_now_or_later(&mut self) {
        match &mut self.held {
            Some(held) => held.renewal_is_due = true,
            None => self.promotion = Promotion::RENEWAL,
        }
    }

    /// A job that is due for another reason is a renewal too.
    fn take_due_renewal(&mut self) -> bool {
        let held = self.held.as_mut();
        held.is_some_and(|held| std::mem::take(&mut held.renewal_is_due))
    }

    fn runs(self, tier: Tier) -> bool {
        let has_it = tier > Tier::BASELINE || matches!(self.base, Base::Compiling | Base::Ready);
        self.tier == tier && has_it
    }

    fn state(self) -> FunctionState {
        match self {
            Self {
                promotion: Promotion::Compiling(_),
                ..
            } => FunctionState::Compiling,
            Self {
                promotion: Promotion::Queued(_),
                ..
            } => FunctionState::Queued,
            Self {
                last_failed: true, ..
            } => FunctionState::Failed,
            Self { tier, .. } if tier > Tier::BASELINE => FunctionState::Optimized,
            Self {
                base: Base::Lazy, ..
            } => FunctionState::Lazy,
            Self {
                base: Base::Compiling,
                ..
            } => FunctionState::CompilingBaseline,
            Self {
                base: Base::Ready, ..
            } => FunctionState::Baseline,
            Self {
                base: Base::Failed, ..
            } => FunctionState::Failed,
        }
    }
}

fn apply(word: Word, op: Op) -> Option<Word> {
    match op {
        Op::BeginBaseline => word.begin_baseline(),
        Op::EndBaseline(end) => word.end_baseline(end),
        Op::Trip(tier) => word.trip(tier),
        Op::TripBehind(tier) => word.trip_behind(tier),
        Op::Request => Some(word.request().0),
        Op::Cancel => word.cancel(),
        Op::Invalidate => word.invalidate(),
        Op::Evict => word.evict(),
        Op::Renew => word.renew(),
        Op::BeginJob => word.begin_job(),
        Op::Claim => word.claim(),
        Op::RollBack(tier) => word.roll_back(tier),
        Op::Resume => word.resume(),
        Op::Reset => word.reset(),
        Op::EndJob(end) => word.end_job(end),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 8 } else { 1_024 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn words_follow_the_model(ops in proptest::collection::vec(op(), 0..60)) {
        let atomic = AtomicWord::new();
        let mut model = Model::NEW;
        for op in ops {
            let word = atomic.load();
            let reasons = match model.promotion {
                Promotion::Queued(reasons) => reasons,
                Promotion::Compiling(reasons) => Reasons { by_request: false, ..reasons },
                Promotion::Idle => Reasons::default(),
            };
            let has_code = model.base == Base::Ready || model.tier > Tier::BASELINE;
            prop_assert_eq!((word.state(), word.tier()), (model.state(), model.tier));
            prop_assert_eq!((word.urgent(), word.has_code()), (reasons.by_request, has_code));
            let is_due = model.held.is_some_and(|held| held.renewal_is_due);
            prop_assert_eq!(word.renewed(), reasons.renewal || is_due);
            prop_assert_eq!(word.is_held(), model.held.is_some());
            match (atomic.update(|word| apply(word, op)), model.apply(op)) {
                (Ok((before, after)), Some(next)) => {
                    prop_assert_eq!((before, after), (word, atomic.load()));
                    model = next;
                }
                (Err(refused), None) => prop_assert_eq!(refused, word),
                (word, model) => prop_assert!(false, "{:?}: {:?} but the model says {:?}", op, word, model),
            }
        }
    }
}

#[test]
fn requests_say_what_they_did() {
    let word = Word::NEW;
    let (queued, outcome) = word.request();
    assert_eq!(outcome, RequestOutcome::Enqueued);
    assert_eq!(queued.request(), (queued, RequestOutcome::Merged));
    let compiling = queued.begin_job().unwrap();
    assert_eq!(compiling.request().1, RequestOutcome::Deferred);
    let tripped = word.begin_baseline().unwrap().trip(Tier::BASELINE).unwrap();
    assert_eq!(tripped.request().1, RequestOutcome::Raised);
}

#[test]
fn every_tier_survives_the_word() {
    for number in 0..=Tier::MAX.number() {
        let tier = Tier::new(number).unwrap();
        let word = Word::NEW
            .request()
            .0
            .begin_job()
            .unwrap()
            .end_job(JobEnd::Published(tier))
            .unwrap();
        assert_eq!(word.tier(), tier);
    }
    assert_eq!(Tier::new(Tier::MAX.number() + 1), None);
}

#[test]
fn a_counter_of_another_tier_does_nothing() {
    let at = |tier| {
        let word = Word::NEW.begin_baseline().unwrap();
        let word = word.end_baseline(BaselineEnd::Ready).unwrap();
        let job = word.request().0.begin_job().unwrap();
        assert!(job.may_be_ahead(tier) && !job.may_be_ahead(Tier::BASELINE));
        job.end_job(JobEnd::Published(tier)).unwrap()
    };
    let top = Tier::OPTIMIZED.next().unwrap();
    assert!(at(Tier::OPTIMIZED).trip(Tier::OPTIMIZED).is_some());
    assert!(at(Tier::OPTIMIZED).trip(Tier::BASELINE).is_none());
    assert!(at(Tier::OPTIMIZED).trip(top).is_none());
    assert!(at(top).trip(Tier::OPTIMIZED).is_none());
    assert!(!at(top).may_be_ahead(top));
}
