//! Every sequence of operations on one word agrees with a model that keeps the parts apart.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Op {
    BeginBaseline,
    EndBaseline(BaselineEnd),
    Trip,
    Request,
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
        Just(Op::Trip),
        Just(Op::Request),
        Just(Op::Invalidate),
        Just(Op::Renew),
        Just(Op::BeginJob),
        Just(Op::EndJob(JobEnd::Published(Tier::OPTIMIZED))),
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
    Queued { by_request: bool, renewal: bool },
    Compiling { again: bool, renew: bool },
}

impl Promotion {
    const RENEWAL: Self = Self::Queued {
        by_request: false,
        renewal: true,
    };
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
            Op::Trip
                if matches!(self.base, Base::Compiling | Base::Ready)
                    && self.tier == Tier::BASELINE
                    && self.promotion == Promotion::Idle
                    && !self.last_failed =>
            {
                self.promotion = Promotion::Queued {
                    by_request: false,
                    renewal: false,
                };
            }
            Op::Request => {
                self.promotion = match self.promotion {
                    Promotion::Compiling { renew, .. } => {
                        Promotion::Compiling { again: true, renew }
                    }
                    Promotion::Queued { renewal, .. } => Promotion::Queued {
                        by_request: true,
                        renewal,
                    },
                    Promotion::Idle => Promotion::Queued {
                        by_request: true,
                        renewal: false,
                    },
                };
                self.last_failed &= matches!(self.promotion, Promotion::Compiling { .. });
            }
            Op::Invalidate if self.tier > Tier::BASELINE => {
                self.tier = Tier::BASELINE;
                self.last_failed = false;
                if self.base == Base::Failed {
                    self.base = Base::Lazy;
                }
                if self.promotion == Promotion::Idle {
                    self.promotion = Promotion::RENEWAL;
                }
            }
            Op::Renew => match self.promotion {
                Promotion::Idle if self.tier > Tier::BASELINE && !self.last_failed => {
                    self.promotion = Promotion::RENEWAL;
                }
                Promotion::Compiling {
                    again,
                    renew: false,
                } => self.promotion = Promotion::Compiling { again, renew: true },
                _ => return None,
            },
            Op::BeginJob if matches!(self.promotion, Promotion::Queued { .. }) => {
                self.promotion = Promotion::Compiling {
                    again: false,
                    renew: false,
                };
            }
            Op::EndJob(end) => {
                let Promotion::Compiling { again, renew } = self.promotion else {
                    return None;
                };
                self.last_failed = end == JobEnd::Failed && !again && !renew;
                if let JobEnd::Published(tier) = end {
                    self.tier = tier;
                }
                self.promotion = if again || renew {
                    Promotion::Queued {
                        by_request: again,
                        renewal: renew,
                    }
                } else {
                    Promotion::Idle
                };
            }
            _ => return None,
        }
        Some(self)
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
        Op::Trip => word.trip(),
        Op::Request => Some(word.request().0),
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
            let by_request = matches!(model.promotion, Promotion::Queued { by_request: true, .. });
            let has_code = model.base == Base::Ready || model.tier > Tier::BASELINE;
            prop_assert_eq!((word.state(), word.tier()), (model.state(), model.tier));
            let renewal = matches!(
                model.promotion,
                Promotion::Queued { renewal: true, .. } | Promotion::Compiling { renew: true, .. }
            );
            prop_assert_eq!((word.urgent(), word.has_code()), (by_request, has_code));
            prop_assert_eq!(word.renewed(), renewal);
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
    let tripped = word.begin_baseline().and_then(Word::trip).unwrap();
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
