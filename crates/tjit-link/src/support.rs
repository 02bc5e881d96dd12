//! What C libraries link into every program statically, so that nobody can look it up.

use tjit_orc::{Host, ThreadSafeContext, ThreadSafeModule};

use crate::LinkError;

/// The parts of glibc's `libc_nonshared.a` (glibc 2.34 and later: `atexit`, `at_quick_exit`, `pthread_atfork`) and of the
/// compiler's `crtbegin.o` that a program refers to. Everything is weak: a program's own definitions win. The handle's
/// value does not matter, its address does: it tells the program's exit handlers from others'.
///
/// On the stack-protector symbol of 32-bit x86, which is in the archive too: no target of ours calls it.
const GLIBC: &str = r#"
@__dso_handle = weak hidden global ptr @__dso_handle

define weak hidden i32 @atexit(ptr %function) nounwind {
  %result = call i32 @__cxa_atexit(ptr %function, ptr null, ptr @__dso_handle)
  ret i32 %result
}

define weak hidden i32 @at_quick_exit(ptr %function) nounwind {
  %result = call i32 @__cxa_at_quick_exit(ptr %function, ptr @__dso_handle)
  ret i32 %result
}

define weak hidden i32 @pthread_atfork(ptr %prepare, ptr %parent, ptr %child) nounwind {
  %result = call i32 @__register_atfork(ptr %prepare, ptr %parent, ptr %child, ptr @__dso_handle)
  ret i32 %result
}

define weak hidden i32 @__pthread_atfork(ptr %prepare, ptr %parent, ptr %child) nounwind {
  %result = call i32 @__register_atfork(ptr %prepare, ptr %parent, ptr %child, ptr @__dso_handle)
  ret i32 %result
}

declare i32 @__cxa_atexit(ptr, ptr, ptr) nounwind
declare i32 @__cxa_at_quick_exit(ptr, ptr) nounwind
declare i32 @__register_atfork(ptr, ptr, ptr, ptr) nounwind
"#;

/// Where the C library leaves nothing to programs but the handle.
const HANDLE_ONLY: &str = "@__dso_handle = weak hidden global ptr @__dso_handle\n";

/// A module with what the host's C library links into every program, owned by the program it is linked into: exit and fork
/// handlers that are registered through it belong to that program's own `__dso_handle`.
///
/// All of it is weak and hidden, so that the program's own definitions win. It can be linked with the modules of a
/// program, or compiled by itself and offered as symbols of the host.
///
/// # Errors
/// [`LinkError::Llvm`] if LLVM can't generate code for the host.
pub fn support_module(context: &ThreadSafeContext) -> Result<ThreadSafeModule, LinkError> {
    let host = Host::get()?;
    let text = if host.triple.contains("-linux-gnu") {
        GLIBC
    } else {
        HANDLE_ONLY
    };
    let header = format!(
        "target datalayout = \"{}\"\ntarget triple = \"{}\"\n",
        host.data_layout, host.triple
    );
    let module = context.parse("support", format!("{header}{text}").as_bytes())?;
    module.verify()?;
    Ok(module)
}
