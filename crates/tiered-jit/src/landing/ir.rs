//! The functions through which the program is entered, in IR: they come back twice, which Rust's can't.

use std::collections::HashMap;

use super::{Landing, caught};
use crate::Error;

/// Calls the function with three words and returns 0; if the entry is ended, returns something else. The landing's first
/// words receive: where to jump back to, the stack pointer, the function's result.
type EnterFn = unsafe extern "C-unwind" fn(*const Landing, usize, usize, usize, usize) -> i32;

/// For `main`: an exception that nobody in the program catches must end in `std::terminate` where it was thrown, and not in a
/// handler further out, such as the one that Rust has around its main. So it has no unwind information, and the search for
/// a handler ends in it.
const TERMINATES: &str = "tjit.enter";
/// For constructors and the like: an exception that leaves the function is an error.
const CATCHES: &str = "tjit.enter.catching";
/// For closures of the embedder: their panics, and exceptions, go on to whoever entered.
const PASSES: &str = "tjit.enter.passing";

/// The functions of [`support_ir`].
pub(crate) const NAMES: [&str; 3] = [TERMINATES, CATCHES, PASSES];

/// One of the functions, compiled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry(EnterFn);

impl Entry {
    pub(super) fn function(self) -> EnterFn {
        self.0
    }

    pub(crate) fn terminating(support: &HashMap<String, u64>) -> Result<Self, Error> {
        Self::find(support, TERMINATES)
    }

    pub(crate) fn catching(support: &HashMap<String, u64>) -> Result<Self, Error> {
        Self::find(support, CATCHES)
    }

    pub(crate) fn passing(support: &HashMap<String, u64>) -> Result<Self, Error> {
        Self::find(support, PASSES)
    }

    fn find(support: &HashMap<String, u64>, name: &str) -> Result<Self, Error> {
        let address = support.get(name).copied().filter(|&address| address != 0);
        let address = address.ok_or_else(|| Error::NoEntry(name.to_owned()))?;
        // SAFETY: not null, and compiled from the IR below, which has this type.
        Ok(Self(unsafe {
            std::mem::transmute::<*const (), EnterFn>(address as *const ())
        }))
    }
}

/// Room for a `sigjmp_buf` of glibc, in words: 25 on x86-64, 39 on aarch64.
const BUFFER_WORDS: usize = 64;

/// Their IR. The signal mask is kept as well, since an entry may be ended in a signal handler.
pub(crate) fn support_ir() -> String {
    let declarations = "\
        declare i32 @__sigsetjmp(ptr, i32) returns_twice\n\
        declare ptr @llvm.stacksave.p0()\n\
        declare i32 @llvm.eh.typeid.for.p0(ptr)\n\
        declare i32 @__gxx_personality_v0(...)\n\
        @_ZTISt9exception = external constant ptr\n";
    let call = "  %result = call i64 %function(i64 %a, i64 %b, i64 %c)\n  br label %done\n";
    let invoke = format!(
        "  %result = invoke i64 %function(i64 %a, i64 %b, i64 %c) to label %done unwind label %thrown\n\
         thrown:\n  \
           %pad = landingpad {{ ptr, i32 }} catch ptr @_ZTISt9exception catch ptr null\n  \
           %exception = extractvalue {{ ptr, i32 }} %pad, 0\n  \
           %selector = extractvalue {{ ptr, i32 }} %pad, 1\n  \
           %standard = call i32 @llvm.eh.typeid.for.p0(ptr @_ZTISt9exception)\n  \
           %is.standard = icmp eq i32 %selector, %standard\n  \
           %flag = zext i1 %is.standard to i32\n  \
           call void inttoptr (i64 {} to ptr)(ptr %landing, ptr %exception, i32 %flag)\n  \
           br label %back\n",
        caught::caught as unsafe extern "C" fn(_, _, _) as usize
    );
    let personality = "uwtable personality ptr @__gxx_personality_v0";
    declarations.to_owned()
        + &function(TERMINATES, "nounwind", call)
        + &function(CATCHES, personality, &invoke)
        + &function(PASSES, "uwtable", call)
}

fn function(name: &str, attributes: &str, call: &str) -> String {
    format!(
        "define i32 @\"{name}\"(ptr %landing, ptr %function, i64 %a, i64 %b, i64 %c) {attributes} {{\n  \
           %buffer = alloca [{BUFFER_WORDS} x i64], align 16\n  \
           %stack = call ptr @llvm.stacksave.p0()\n  \
           store ptr %buffer, ptr %landing\n  \
           %stack.place = getelementptr i64, ptr %landing, i64 1\n  \
           store ptr %stack, ptr %stack.place\n  \
           %code = call i32 @__sigsetjmp(ptr %buffer, i32 1) returns_twice\n  \
           %first = icmp eq i32 %code, 0\n  \
           br i1 %first, label %go, label %back\n\
         go:\n\
         {call}\
         done:\n  \
           %result.place = getelementptr i64, ptr %landing, i64 2\n  \
           store i64 %result, ptr %result.place\n  \
           ret i32 0\n\
         back:\n  \
           ret i32 1\n\
         }}\n"
    )
}
