//! From a counter in generated code to the runtime.

use std::num::NonZeroU32;
use std::sync::Arc;

use tjit_runtime::{FunctionId, Runtime, Tier, TierPolicy, TripOutcome};
use tjit_stubs::StubManager;

use crate::foreground::Foreground;
use crate::request::Request;

/// What the trip function needs; at a fixed address, which is part of the generated code.
#[derive(Debug)]
pub(crate) struct TripContext {
    pub(crate) stubs: Arc<StubManager>,
    pub(crate) runtime: Arc<Runtime<Request>>,
    pub(crate) foreground: Foreground,
}

/// The functions that the counters of one tier call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TripFunctions {
    /// By the counter of calls.
    pub(crate) calls: String,
    /// By that of turns of loops.
    pub(crate) loops: String,
}

impl TripFunctions {
    /// Names that no program has.
    pub(crate) fn own(tier: Tier) -> Self {
        let of_tier = |function: &str| match tier {
            Tier::BASELINE => format!("tjit.{function}"),
            _ => format!("tjit.{function}.{}", tier.number()),
        };
        Self {
            calls: of_tier(tjit_instrument::TRIP_FUNCTION),
            loops: of_tier(tjit_instrument::LOOP_FUNCTION),
        }
    }

    /// Of each tier that is not the highest.
    pub(crate) fn all(policy: &dyn TierPolicy) -> impl Iterator<Item = (Tier, Self)> {
        let below_top = (0..policy.top().number()).filter_map(Tier::new);
        below_top.map(|tier| (tier, Self::own(tier)))
    }
}

/// The IR of the functions that counters call, which add the context and the tier to their arguments.
pub(crate) fn support_ir(context: &TripContext) -> String {
    let tripped = trip as unsafe extern "C" fn(*const TripContext, usize, u8) as usize;
    let turned = turn as unsafe extern "C" fn(*const TripContext, usize, u8, u32) as usize;
    let policy = context.runtime.policy();
    let context = format!(
        "ptr inttoptr (i64 {} to ptr)",
        std::ptr::from_ref(context) as usize
    );
    let of_tier = |(tier, functions): (Tier, TripFunctions)| {
        let TripFunctions { calls, loops } = functions;
        let tier = tier.number();
        format!(
            "define void @\"{calls}\"(i64 %stub) nounwind {{\n  \
               tail call void inttoptr (i64 {tripped} to ptr)({context}, i64 %stub, i8 zeroext {tier})\n  \
               ret void\n\
             }}\n\
             define void @\"{loops}\"(i64 %stub, i32 %loop, i32 %turns) nounwind {{\n  \
               tail call void inttoptr (i64 {turned} to ptr)({context}, i64 %stub, i8 zeroext {tier}, i32 %turns)\n  \
               ret void\n\
             }}\n"
        )
    };
    TripFunctions::all(policy).map(of_tier).collect()
}

/// Called on the mutator, possibly in a signal handler: no lock, no allocation, and no waiting unless it is asked for.
///
/// # Safety
/// `context` is the one whose address [`support_ir`] wrote down, and its engine lives.
unsafe extern "C" fn trip(context: *const TripContext, stub: usize, tier: u8) {
    // SAFETY: says our caller.
    let context = unsafe { &*context };
    context.promote(stub, tier, |function, tier| {
        Some(context.runtime.trip_from(function, tier))
    });
}

/// Called on the mutator every so many turns of a loop, as [`trip`].
///
/// # Safety
/// As [`trip`].
unsafe extern "C" fn turn(context: *const TripContext, stub: usize, tier: u8, turns: u32) {
    // SAFETY: says our caller.
    let context = unsafe { &*context };
    let Some(turns) = NonZeroU32::new(turns) else {
        return;
    };
    context.promote(stub, tier, |function, tier| {
        context.runtime.turned(function, tier, turns)
    });
}

impl TripContext {
    /// Tells the runtime of a counter in a version at `tier`, and waits if that is wanted.
    fn promote(
        &self,
        stub: usize,
        tier: u8,
        tell: impl FnOnce(FunctionId, Tier) -> Option<TripOutcome>,
    ) {
        let (Some(id), Some(tier)) = (self.stubs.id_of_address(stub), Tier::new(tier)) else {
            return;
        };
        let function = FunctionId::new(id.index());
        // Whatever the outcome is, the function runs on as it is.
        let outcome = tell(function, tier);
        if let (Some(_), Some(record)) = (outcome, self.runtime.table().get(function)) {
            self.foreground.wait(record, tier);
        }
    }
}
