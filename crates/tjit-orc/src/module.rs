//! Modules behind their context's lock.

use std::ffi::c_void;
use std::mem::ManuallyDrop;

use inkwell::module::Module;
use llvm_sys::analysis::{LLVMVerifierFailureAction, LLVMVerifyModule};
use llvm_sys::bit_writer::LLVMWriteBitcodeToMemoryBuffer;
use llvm_sys::core::LLVMGetModuleContext;
use llvm_sys::debuginfo::LLVMStripModuleDebugInfo;
use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::{
    LLVMOrcDisposeThreadSafeModule, LLVMOrcThreadSafeModuleRef, LLVMOrcThreadSafeModuleWithModuleDo,
};
use llvm_sys::prelude::LLVMModuleRef;
use tjit_failpoint::Point;

use crate::aliases;
use crate::buffer::MemoryBuffer;
use crate::context::ThreadSafeContext;
use crate::diagnostics::latched;
use crate::error::{Error, ErrorKind, failpoint, take_c_message};
use crate::slice::{self, Definition, SlicePart};

/// An owned `LLVMOrcThreadSafeModuleRef`.
#[derive(Debug)]
pub(crate) struct LockedModule {
    raw: LLVMOrcThreadSafeModuleRef,
}

// SAFETY: the module is reached only through `with`, which holds the context's lock, and disposing of it takes
// that lock too (ThreadSafeModule's destructor).
unsafe impl Send for LockedModule {}
// SAFETY: as for Send.
unsafe impl Sync for LockedModule {}

impl Drop for LockedModule {
    fn drop(&mut self) {
        // SAFETY: `raw` is owned by this value and disposed of once.
        unsafe { LLVMOrcDisposeThreadSafeModule(self.raw) };
    }
}

/// What `with` hands through C: the closure, and where its result goes.
struct Call<F, R> {
    f: Option<F>,
    result: Option<std::thread::Result<R>>,
}

extern "C" fn call<F: FnOnce(LLVMModuleRef) -> R, R>(
    state: *mut c_void,
    module: LLVMModuleRef,
) -> LLVMErrorRef {
    // SAFETY: `with` passes a pointer to its own `Call<F, R>`, which nobody else touches meanwhile.
    let call = unsafe { &mut *state.cast::<Call<F, R>>() };
    if let Some(f) = call.f.take() {
        call.result = Some(std::panic::catch_unwind(std::panic::AssertUnwindSafe(
            || f(module),
        )));
    }
    std::ptr::null_mut()
}

impl LockedModule {
    /// Takes ownership of `raw`.
    pub(crate) fn new(raw: LLVMOrcThreadSafeModuleRef) -> Self {
        Self { raw }
    }

    /// Runs `f` on the module while its context is locked; a panic of `f` goes on after the lock is released.
    pub(crate) fn with<R, F: FnOnce(LLVMModuleRef) -> R>(&self, f: F) -> R {
        let mut state = Call {
            f: Some(f),
            result: None,
        };
        // SAFETY: `raw` is live, and `state` is of the very type that this instance of `call` expects. The callback
        // never returns a failure, so there is nothing to consume.
        let _success = unsafe {
            LLVMOrcThreadSafeModuleWithModuleDo(self.raw, call::<F, R>, (&raw mut state).cast())
        };
        match state
            .result
            .expect("LLVM runs the callback before it returns")
        {
            Ok(result) => result,
            Err(payload) => std::panic::resume_unwind(payload),
        }
    }
}

/// A module of a [`ThreadSafeContext`]; freed, under the context's lock, when dropped.
#[derive(Debug)]
pub struct ThreadSafeModule {
    // Declared before the context: a module must go first.
    module: LockedModule,
    context: ThreadSafeContext,
    source_hash: Option<[u8; 32]>,
}

impl ThreadSafeModule {
    pub(crate) fn new(module: LockedModule, context: ThreadSafeContext) -> Self {
        Self {
            module,
            context,
            source_hash: None,
        }
    }

    pub(crate) fn parsed_from(mut self, bytes: &[u8]) -> Self {
        self.source_hash = Some(*blake3::hash(bytes).as_bytes());
        self
    }

    /// The BLAKE3 hash of the bytes that the module was parsed from, whatever was done to it since; `None` for a module that was
    /// made in memory.
    pub fn source_hash(&self) -> Option<&[u8; 32]> {
        self.source_hash.as_ref()
    }

    /// The context the module belongs to.
    pub fn context(&self) -> &ThreadSafeContext {
        &self.context
    }

    /// Runs `f` on the module while its context is locked.
    ///
    /// The fresh lifetime keeps every value of the module inside the closure. Other modules of the same
    /// context must not be locked inside `f` by another thread that `f` waits for.
    pub fn with_module<R>(&self, f: impl for<'m> FnOnce(&Module<'m>) -> R) -> R {
        self.module.with(|raw| {
            // SAFETY: `raw` is live during this call. `ManuallyDrop` leaves ownership where it was: the value is a
            // loan, which inkwell has no type for.
            let module = ManuallyDrop::new(unsafe { Module::new(raw) });
            f(&module)
        })
    }

    /// Checks the module against the rules of the IR verifier.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] with the first broken rule.
    pub fn verify(&self) -> Result<(), Error> {
        self.module.with(verify_raw)
    }

    /// The module as bitcode.
    pub fn to_bitcode(&self) -> MemoryBuffer {
        self.with_module(to_bitcode)
    }

    /// The module in a context of its own, so that it can be worked on without holding up this one.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`] if LLVM can't read back what it wrote.
    pub fn clone_to_new_context(&self) -> Result<Self, Error> {
        let bitcode = self.to_bitcode();
        let name = self.with_module(|module| module.get_name().to_string_lossy().into_owned());
        ThreadSafeContext::new().parse(&name, bitcode.as_slice())
    }

    /// Drops all debug information.
    pub fn strip_debug_info(&self) {
        self.module.with(|module| {
            // SAFETY: the module is live and locked.
            unsafe { LLVMStripModuleDebugInfo(module) };
        });
    }

    /// A new module of the same context that holds copies of `definitions`, and declarations of whatever they
    /// refer to. Cost: 13 µs for a typical function without debug information.
    ///
    /// # Errors
    /// [`ErrorKind::Link`] if a name is not defined in this module, or is defined twice in the result.
    pub fn slice(&self, name: &str, definitions: &[Definition<'_>]) -> Result<Self, Error> {
        let module = self;
        Self::slice_all(
            name,
            &[SlicePart {
                module,
                definitions,
            }],
        )
    }

    /// As [`ThreadSafeModule::slice`], with definitions of several modules of one context. What one part refers to and
    /// another takes over is found by its name; triple, data layout and module flags are those of the first part.
    ///
    /// # Errors
    /// As [`ThreadSafeModule::slice`], and if there are no parts, or they are of several contexts.
    pub fn slice_all(name: &str, parts: &[SlicePart<'_>]) -> Result<Self, Error> {
        let operation = || format!("slicing `{name}`");
        failpoint(Point::Slice, ErrorKind::Link, operation)?;
        let fail = |message| Err(Error::new(ErrorKind::Link, operation(), message));
        let Some(first) = parts.first() else {
            return fail("there is nothing to slice");
        };
        let context = &first.module.context;
        if !parts.iter().all(|part| part.module.context.is(context)) {
            return fail("its parts are of several contexts");
        }
        let slice = first.module.module.with(|raw| {
            // The lock is the context's, so the other modules of it may be used as long as it is held here.
            let parts: Vec<_> = parts
                .iter()
                .map(|part| (part.module.module.with(|raw| raw), part.definitions))
                .collect();
            slice::slice(name, raw, &parts)
        })?;
        Ok(first.module.context.adopt(slice))
    }

    /// A copy of a module that inkwell owns, in a new context.
    ///
    /// # Errors
    /// [`ErrorKind::Verify`] if the module is broken (writing it would crash), or [`ErrorKind::Parse`] if LLVM can't
    /// read back what it wrote.
    pub fn from_inkwell(module: &Module<'_>) -> Result<Self, Error> {
        let bitcode = verified_bitcode(module)?;
        ThreadSafeContext::new().parse(&module.get_name().to_string_lossy(), bitcode.as_slice())
    }

    /// A copy of the module in a context that inkwell owns.
    ///
    /// # Errors
    /// [`ErrorKind::Parse`] if LLVM can't read back what it wrote.
    pub fn to_inkwell<'ctx>(
        &self,
        context: &'ctx inkwell::context::Context,
    ) -> Result<Module<'ctx>, Error> {
        let bitcode = self.to_bitcode();
        let name = self.with_module(|module| module.get_name().to_string_lossy().into_owned());
        let raw = crate::parse::parse(context.raw(), &name, bitcode.as_slice())?;
        // SAFETY: `raw` was just made in `context` and is owned by nobody else.
        Ok(unsafe { Module::new(raw) })
    }
}

/// Checks any inkwell module against the rules of the IR verifier; see [`ThreadSafeModule::verify`].
///
/// # Errors
/// [`ErrorKind::Verify`] with the first broken rule.
pub fn verify(module: &Module<'_>) -> Result<(), Error> {
    verify_raw(module.as_mut_ptr())
}

/// The bitcode of any inkwell module.
///
/// # Errors
/// [`ErrorKind::Verify`] if the module is broken: writing it would crash.
pub fn verified_bitcode(module: &Module<'_>) -> Result<MemoryBuffer, Error> {
    verify(module)?;
    Ok(to_bitcode(module))
}

fn verify_raw(module: LLVMModuleRef) -> Result<(), Error> {
    // SAFETY: the callers pass a live module that no other thread is using.
    let context = unsafe { LLVMGetModuleContext(module) };
    let operation = || format!("verifying `{}`", module_name(module));
    failpoint(Point::Verify, ErrorKind::Verify, operation)?;
    if let Some(alias) = aliases::find_cycle(module) {
        let message = format!("Aliases cannot form a cycle: `{alias}`");
        return Err(Error::new(ErrorKind::Verify, operation(), message));
    }
    latched(context, ErrorKind::Verify, operation, || {
        let mut message = std::ptr::null_mut();
        // SAFETY: as above; the message is owned by us on return, also on success (it is empty then).
        let broken = unsafe {
            LLVMVerifyModule(
                module,
                LLVMVerifierFailureAction::LLVMReturnStatusAction,
                &mut message,
            )
        };
        let message = take_c_message(message);
        if broken == 0 {
            Ok(())
        } else {
            Err(Error::new(
                ErrorKind::Verify,
                operation(),
                one_line(&message),
            ))
        }
    })
}

/// The verifier's message on one line: the rule, then the values it names.
fn one_line(message: &str) -> String {
    message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

pub(crate) fn module_name(module: LLVMModuleRef) -> String {
    let mut length = 0;
    // SAFETY: the callers pass a live module; the identifier lives as long as it.
    let name = unsafe { llvm_sys::core::LLVMGetModuleIdentifier(module, &mut length) };
    // SAFETY: LLVM returned a range of `length` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), length) };
    String::from_utf8_lossy(bytes).into_owned()
}

fn to_bitcode(module: &Module<'_>) -> MemoryBuffer {
    // SAFETY: the module is live and lent to us; the buffer is owned by us.
    MemoryBuffer::new(unsafe { LLVMWriteBitcodeToMemoryBuffer(module.as_mut_ptr()) })
}
