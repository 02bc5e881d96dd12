//! From a counter in generated code to the runtime.

use std::sync::Arc;

use tjit_runtime::{FunctionId, Runtime};
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

/// The IR of the function that counters call, which adds the context to their argument.
pub(crate) fn support_ir(context: &TripContext, name: &str) -> String {
    let function = trip as unsafe extern "C" fn(*const TripContext, usize) as usize;
    let context = std::ptr::from_ref(context) as usize;
    format!(
        "define void @\"{name}\"(i64 %stub) nounwind {{\n  \
           tail call void inttoptr (i64 {function} to ptr)(ptr inttoptr (i64 {context} to ptr), i64 %stub)\n  \
           ret void\n\
         }}\n"
    )
}

/// Called on the mutator, possibly in a signal handler: no lock, no allocation, and no waiting unless it is asked for.
///
/// # Safety
/// `context` is the one whose address [`support_ir`] wrote down, and its engine lives.
unsafe extern "C" fn trip(context: *const TripContext, stub: usize) {
    // SAFETY: says our caller.
    let context = unsafe { &*context };
    if let Some(id) = context.stubs.id_of_address(stub) {
        // Whatever the outcome is, the function runs on as it is.
        let function = FunctionId::new(id.index());
        let _outcome = context.runtime.trip(function);
        if let Some(record) = context.runtime.table().get(function) {
            context.foreground.wait(record);
        }
    }
}
