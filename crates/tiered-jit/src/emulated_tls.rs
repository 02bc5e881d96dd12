//! The program's own thread-local variables: where each thread has its copy.
//!
//! The compiler's runtime library has such a function as well, but frees a thread's copies with the first of the keys'
//! destructors, while others may still want them, and takes a lock when a variable is first used.

use std::alloc::Layout;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{self, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(test)]
mod tests;

/// What code calls for the address.
pub(crate) const FUNCTION: &str = "__emutls_get_address";

/// How often a key's destructor sets the key again before it frees: destructors are called in this many rounds at least
/// (`PTHREAD_DESTRUCTOR_ITERATIONS`, 4 on Linux), and after the last but one a thread is as good as over.
const ROUNDS_BEFORE_LAST: u32 = 3;

/// Describes a variable: `__emutls_object` of libgcc, which `tjit-link` makes in data modules.
#[repr(C)]
pub(crate) struct Control {
    size: usize,
    align: usize,
    // 0, or one more than the index of the variable in each thread's copies.
    number: AtomicUsize,
    // The value a copy starts with; null for zeros.
    template: *const u8,
}

/// A thread's copies, by the variables' indices; null for those it has not used.
#[derive(Default)]
struct Copies {
    pointers: Vec<Copy>,
    rounds: u32,
}

#[derive(Clone)]
struct Copy {
    start: *mut u8,
    layout: Layout,
}

/// How many variables have numbers.
static NUMBERED: AtomicUsize = AtomicUsize::new(0);

/// Whose destructor frees a thread's copies.
static KEY: OnceLock<libc::pthread_key_t> = OnceLock::new();

thread_local! {
    // Without a destructor of its own: it must outlive those of all variables.
    static COPIES: Cell<*mut Copies> = const { Cell::new(null_mut()) };
}

/// The address of [`get_address`].
pub(crate) fn function() -> u64 {
    let function = get_address as unsafe extern "C" fn(*const Control) -> *mut u8;
    function as usize as u64
}

/// The calling thread's copy of a variable.
///
/// # Safety
/// `control` describes a variable, and lives and stays as it is as long as any thread may call this.
unsafe extern "C" fn get_address(control: *const Control) -> *mut u8 {
    // SAFETY: says our caller.
    let control = unsafe { &*control };
    let number = control.number.load(Ordering::Relaxed);
    let copies = COPIES.get();
    if !copies.is_null() && number != 0 {
        // SAFETY: not null, so this thread's, which nobody else refers to.
        let copies = unsafe { &*copies };
        if let Some(copy) = copies.pointers.get(number - 1)
            && !copy.start.is_null()
        {
            return copy.start;
        }
    }
    first_use(control)
}

#[cold]
fn first_use(control: &Control) -> *mut u8 {
    let number = number(control);
    let copies = own_copies();
    let copy = new_copy(control);
    let start = copy.start;
    // SAFETY: this thread's; allocating above may have used other variables, but is over.
    let copies = unsafe { &mut *copies };
    if copies.pointers.len() < number {
        let none = Copy {
            start: null_mut(),
            layout: Layout::new::<()>(),
        };
        copies.pointers.resize(number, none);
    }
    copies.pointers[number - 1] = copy;
    start
}

/// The variable's number, which the first thread to use it gives it.
fn number(control: &Control) -> usize {
    let number = control.number.load(Ordering::Relaxed);
    if number != 0 {
        return number;
    }
    let new = NUMBERED.fetch_add(1, Ordering::Relaxed) + 1;
    // Nothing else is published with it, so relaxed does. A thread that lost leaves a number unused.
    let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
    match control.number.compare_exchange(0, new, success, failure) {
        Ok(_) => new,
        Err(number) => number,
    }
}

fn own_copies() -> *mut Copies {
    let copies = COPIES.get();
    if !copies.is_null() {
        return copies;
    }
    let copies = Box::into_raw(Box::<Copies>::default());
    COPIES.set(copies);
    free_at_end(copies);
    copies
}

fn new_copy(control: &Control) -> Copy {
    // Every variable has an address of its own, also one of no bytes.
    let layout = Layout::from_size_align(control.size.max(1), control.align.max(1));
    let layout = layout.unwrap_or_else(|_| std::process::abort());
    // SAFETY: the layout has a size.
    let start = unsafe { std::alloc::alloc_zeroed(layout) };
    if start.is_null() {
        std::alloc::handle_alloc_error(layout);
    }
    if !control.template.is_null() {
        // SAFETY: a template has `size` bytes, and so has the block that was just allocated.
        unsafe { ptr::copy_nonoverlapping(control.template, start, control.size) };
    }
    Copy { start, layout }
}

/// Has the system free the copies at the end of this thread; the main thread's live as long as the process.
fn free_at_end(copies: *mut Copies) {
    let key = KEY.get_or_init(|| {
        let mut key = 0;
        // SAFETY: the key is valid for writes, and the destructor gets what is set below.
        let error = unsafe { libc::pthread_key_create(&mut key, Some(end_round)) };
        if error != 0 {
            // The process has used up all keys: better no destructor than no variable.
            return libc::pthread_key_t::MAX;
        }
        key
    });
    // SAFETY: a key that was created; any other is answered with an error, and the copies are then kept.
    unsafe { libc::pthread_setspecific(*key, copies.cast()) };
}

/// At the end of a thread, after the destructors of its variables (which the C library calls first) and among those of keys.
unsafe extern "C" fn end_round(copies: *mut c_void) {
    let copies: *mut Copies = copies.cast();
    {
        // SAFETY: `free_at_end` set the key to this thread's copies, which nobody refers to now.
        let copies = unsafe { &mut *copies };
        copies.rounds += 1;
        if copies.rounds < ROUNDS_BEFORE_LAST + 1 {
            return free_at_end(copies);
        }
    }
    COPIES.set(null_mut());
    // SAFETY: it was made by `Box::into_raw`, and the thread has forgotten it.
    let copies = unsafe { Box::from_raw(copies) };
    for copy in copies.pointers {
        if !copy.start.is_null() {
            // SAFETY: `new_copy` allocated it with this layout.
            unsafe { std::alloc::dealloc(copy.start, copy.layout) };
        }
    }
}
