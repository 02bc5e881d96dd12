//! Faults in the middle of a link, for tests: JITLink allocates, protects and registers where no code of ours runs.

use std::ffi::c_int;

use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::lljit::{LLVMOrcLLJITBuilderRef, LLVMOrcLLJITRef};
use tjit_failpoint::{Point, hit};

use crate::error::{Error, ErrorKind, check};

/// Mirrors `TjitFails` in `shim/link_faults.cpp`.
type Fails = extern "C" fn(point: c_int) -> bool;

unsafe extern "C" {
    fn tjit_let_allocations_fail(builder: LLVMOrcLLJITBuilderRef, fails: Fails) -> LLVMErrorRef;
    fn tjit_let_links_fail(lljit: LLVMOrcLLJITRef, fails: Fails);
}

/// Mirrors `LinkPoint` in `shim/link_faults.cpp`.
const POINTS: [Point; 4] = [
    Point::Link,
    Point::Allocate,
    Point::Protect,
    Point::Register,
];

extern "C" fn fails(point: c_int) -> bool {
    usize::try_from(point)
        .ok()
        .and_then(|index| POINTS.get(index))
        .is_some_and(|&point| hit(point).is_err())
}

/// Puts a memory manager that can fail in front of the one of the JIT that `builder`, which is live, will build.
pub(crate) fn let_allocations_fail(builder: LLVMOrcLLJITBuilderRef) -> Result<(), Error> {
    // SAFETY: the callers pass a live builder; the callback keeps no state.
    let error = unsafe { tjit_let_allocations_fail(builder, fails) };
    check(error, ErrorKind::Link, || {
        "letting allocations fail".to_owned()
    })
}

/// Lets links of `lljit`, which is live, fail.
pub(crate) fn let_links_fail(lljit: LLVMOrcLLJITRef) {
    // SAFETY: the callers pass a live LLJIT, whose object layer is JITLink's; the callback keeps no state.
    unsafe { tjit_let_links_fail(lljit, fails) };
}
