//! Every sequence of operations on one word agrees with a model that keeps the parts apart.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Op {
    BeginBaseline,
    EndBaseline(BaselineEnd),
    Trip(Tier),
    TripBehindRequest(Tier),
    Request,
    Cancel,
    Invalidate,
    Renew,
    BeginJob,
    EndJob(JobEnd),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        Just(Op::BeginBaseline),
        Just(Op::EndBaseline(BaselineEnd::Ready)),
        Just(Op::EndBaseline(BaselineEnd::Failed)),
        Just(Op::EndBaseline(BaselineEnd::Released)),
        Just(Op::Trip(Tier::BASELINE)),
        Just(Op::Trip(Tier::OPTIMIZED)),
        Just(Op::TripBehindRequest(Tier::BASELINE)),
        Just(Op::TripBehindRequest(Tier::OPTIMIZED)),
        Just(Op::Request),
        Just(Op::Cancel),
        Just(Op::Invalidate),
        Just(Op::Renew),
        Just(Op::BeginJob),
        Just(Op::EndJob(JobEnd::Published(Tier::OPTIMIZED))),
        Just(Op::EndJob(JobEnd::Published(Tier::MAX))),
        Just(Op::EndJob(JobEnd::Failed)),
    ]
}

/// The parts of a word as one would write them down without thinking of bits.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Model {
    base: Base,
    promotion: Promotion,
    last_failed: bool,
    tier: Tier,
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
    Compiling { again: bool, renew: bool },
}

/// Why a function is queued.
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
                if self.runs(tier) && self.promotion == Promotion::Idle && !self.last_failed =>
            {
                self.promotion = Promotion::Queued(Reasons {
                    tripped: true,
                    ..Reasons::default()
                });
            }
            Op::TripBehindRequest(tier) if self.runs(tier) => match &mut self.promotion {
                Promotion::Queued(reasons) if reasons.by_request && !reasons.tripped => {
                    reasons.tripped = true;
                }
                _ => return None,
            },
            Op::Request => {
                self.promotion = match self.promotion {
                    Promotion::Compiling { renew, .. } => {
                        Promotion::Compiling { again: true, renew }
                    }
                    Promotion::Queued(reasons) => Promotion::Queued(Reasons {
                        by_request: true,
                        ..reasons
                    }),
                    Promotion::Idle => Promotion::Queued(Reasons {
                        by_request: true,
                        ..Reasons::default()
                    }),
                };
            }
            Op::Cancel => match &mut self.promotion {
                Promotion::Queued(reasons) if reasons.by_request => {
                    reasons.by_request = false;
                    if *reasons == Reasons::default() {
                        self.promotion = Promotion::Idle;
                    }
                }
                Promotion::Compiling { again, .. } if *again => *again = false,
                _ => return None,
            },
            Op::Invalidate if self.tier > Tier::BASELINE => {
                self.tier = Tier::BASELINE;
                self.last_failed = false;
                if self.base == Base::Failed {
                    self.base = Base::Lazy;
                }
                match &mut self.promotion {
                    Promotion::Idle => self.promotion = Promotion::RENEWAL,
                    Promotion::Queued(reasons) => reasons.renewal = true,
                    Promotion::Compiling { .. } => {}
                }
            }
            Op::Renew => {
                let is_good = self.tier > Tier::BASELINE && !self.last_failed;
                match &mut self.promotion {
                    Promotion::Idle if is_good => self.promotion = Promotion::RENEWAL,
                    Promotion::Queued(reasons) if is_good && !reasons.renewal => {
                        reasons.renewal = true;
                    }
                    Promotion::Compiling { renew, .. } if !*renew => *renew = true,
                    _ => return None,
                }
            }
            Op::BeginJob if matches!(self.promotion, Promotion::Queued { .. }) => {
                self.last_failed = false;
                self.promotion = Promotion::Compiling {
                    again: false,
                    renew: false,
                };
            }
            Op::EndJob(end) => {
                let Promotion::Compiling { again, renew } = self.promotion else {
                    return None;
                };
                self.last_failed = end == JobEnd::Failed && (again || !renew);
                if let JobEnd::Published(tier) = end {
                    self.tier = tier;
                }
                self.promotion = if again || renew {
                    Promotion::Queued(Reasons {
                        by_request: again,
                        renewal: renew,
                        tripped: false,
                    })
                } else {
                    Promotion::Idle
                };
            }
            _ => return None,
        }
        Some(self)
    }

    fn runs(self, tier: Tier) -> bool {
        let has_it = tier > Tier::BASELINE || matches!(self.base, Base::Compiling | Base::Ready);
        self.tier == tier && has_it
    }

    fn state(self) -> FunctionState {
        match self {
            Self {
                promotion: Promotion::Compiling { .. },
                ..
            } => FunctionState::Compiling,
            Self {
                promotion: Promotion::Queued { .. },
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
        Op::TripBehindRequest(tier) => word.trip_behind_request(tier),
        Op::Request => Some(word.request().0),
        Op::Cancel => word.cancel(),
        Op::Invalidate => word.invalidate(),
        Op::Renew => word.renew(),
        Op::BeginJob => word.begin_job(),
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
                Promotion::Compiling { renew, .. } => Reasons { renewal: renew, ..Reasons::default() },
                Promotion::Idle => Reasons::default(),
            };
            let has_code = model.base == Base::Ready || model.tier > Tier::BASELINE;
            prop_assert_eq!((word.state(), word.tier()), (model.state(), model.tier));
            prop_assert_eq!((word.urgent(), word.has_code()), (reasons.by_request, has_code));
            prop_assert_eq!(word.renewed(), reasons.renewal);
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
