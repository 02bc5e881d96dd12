//! What is lost with frames that are given up without cleanups.

use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr;

use tjit_runtime::PinsSince;

/// Ends those of `pins` that were taken in frames of this thread's stack below `end`, which are gone. Frames on other stacks, such as
/// those of coroutines, may be entered again, and keep theirs.
pub(super) fn give_up(pins: PinsSince, end: usize) {
    if !pins.are_held() {
        return;
    }
    if let Some(stack) = of_thread().filter(|stack| stack.contains(&end)) {
        pins.give_up(&(stack.start..end));
    }
}

/// The stack that the system gave this thread.
fn of_thread() -> Option<Range<usize>> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut start, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the first call initialises the attributes if it returns 0, the second reads them, and the last frees what they own.
    let is_known = unsafe {
        libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) == 0 && {
            let read =
                libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut start, &raw mut size);
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            read == 0
        }
    };
    is_known.then(|| start.addr()..start.addr().saturating_add(size))
}
