//! Target machines: the pass pipelines and code generation of one thread.

use std::ffi::{CString, c_char, c_void};

use inkwell::module::Module;
use llvm_sys::core::LLVMGetModuleContext;
use llvm_sys::error::LLVMErrorRef;
use llvm_sys::prelude::LLVMModuleRef;
use llvm_sys::target::{
    LLVM_InitializeNativeAsmParser, LLVM_InitializeNativeAsmPrinter, LLVM_InitializeNativeTarget,
    LLVMCopyStringRepOfTargetData, LLVMDisposeTargetData,
};
use llvm_sys::target_machine::{
    LLVMCodeGenFileType, LLVMCodeGenOptLevel, LLVMCodeModel, LLVMCreateTargetDataLayout,
    LLVMCreateTargetMachine, LLVMDisposeTargetMachine, LLVMGetDefaultTargetTriple,
    LLVMGetHostCPUFeatures, LLVMGetHostCPUName, LLVMGetTargetFromTriple, LLVMNormalizeTargetTriple,
    LLVMRelocMode, LLVMTargetMachineEmitToMemoryBuffer, LLVMTargetMachineRef,
};
use once_cell::sync::OnceCell;
use tjit_failpoint::Point;

use crate::buffer::MemoryBuffer;
use crate::diagnostics::latched;
use crate::error::{Error, ErrorKind, check, failpoint, take_c_message};
use crate::names::c_name;
use crate::statics;
use crate::stop::{Stop, ask};

/// Mirrors `TjitShouldStop` in `shim/passes.cpp`.
type ShouldStop = extern "C" fn(state: *const c_void) -> bool;

unsafe extern "C" {
    fn tjit_run_passes(
        module: LLVMModuleRef,
        passes: *const c_char,
        machine: LLVMTargetMachineRef,
        should_stop: ShouldStop,
        state: *const c_void,
    ) -> LLVMErrorRef;
}

/// How much work the code generator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodeGenLevel {
    /// Fast instruction selection and register allocation (`-O0`).
    None,
    /// `-O1`.
    Less,
    /// `-O2`.
    Default,
    /// `-O3`.
    Aggressive,
}

/// The processor and system that this process runs on, as LLVM names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The default target triple, normalised.
    pub triple: String,
    /// The processor, for example `znver4`.
    pub cpu: String,
    /// Its features, for example `+sse2,+avx,-avx512f`.
    pub features: String,
    /// The data layout string of the host's target machine.
    pub data_layout: String,
}

impl Host {
    /// The host; found out once, and LLVM's native target is initialised then.
    ///
    /// # Errors
    /// [`ErrorKind::Target`] if LLVM was built without the host's target.
    pub fn get() -> Result<&'static Host, Error> {
        // A failure is not kept: it is told to each caller anew.
        static HOST: OnceCell<Host> = OnceCell::new();
        HOST.get_or_try_init(detect)
    }
}

fn detect() -> Result<Host, Error> {
    statics::keep();
    // SAFETY: registering targets is idempotent, and the caller's OnceLock serialises it.
    let failures = unsafe {
        [
            LLVM_InitializeNativeTarget(),
            LLVM_InitializeNativeAsmPrinter(),
            LLVM_InitializeNativeAsmParser(),
        ]
    };
    if failures.iter().any(|&failed| failed != 0) {
        let message = "LLVM was built without it";
        return Err(Error::new(
            ErrorKind::Target,
            "initialising the native target",
            message,
        ));
    }
    // SAFETY: no preconditions; the returned messages are owned by us.
    let (triple, cpu, features) = unsafe {
        (
            LLVMGetDefaultTargetTriple(),
            LLVMGetHostCPUName(),
            LLVMGetHostCPUFeatures(),
        )
    };
    let triple = normalize_triple(&take_c_message(triple))?;
    let (cpu, features) = (take_c_message(cpu), take_c_message(features));
    let machine = create(&triple, &cpu, &features, CodeGenLevel::None)?;
    let data_layout = machine.data_layout();
    Ok(Host {
        triple,
        cpu,
        features,
        data_layout,
    })
}

/// The canonical spelling of a target triple (`x86_64-linux-gnu` becomes `x86_64-unknown-linux-gnu`).
///
/// # Errors
/// [`ErrorKind::Name`] if the triple holds a NUL byte.
pub fn normalize_triple(triple: &str) -> Result<String, Error> {
    let triple = c_name(triple, "a target triple")?;
    // SAFETY: a NUL-terminated string; the result is owned by us.
    Ok(take_c_message(unsafe {
        LLVMNormalizeTargetTriple(triple.as_ptr())
    }))
}

/// Options of a [`TargetMachine`] for the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetOptions {
    /// The code generator's effort.
    pub level: CodeGenLevel,
    /// Generate for this very processor; otherwise for the generic one of the architecture. Functions with
    /// `target-cpu` or `target-features` attributes override either.
    pub host_cpu: bool,
}

/// An LLVM target machine: position-independent code, small code model.
///
/// Not `Sync`: LLVM keeps mutable state in it, so each thread that compiles needs its own. Creating one costs 0.4 ms.
#[derive(Debug)]
pub struct TargetMachine {
    raw: LLVMTargetMachineRef,
}

// SAFETY: a target machine is tied to no thread; it only must not be used by two at once (it is not Sync).
unsafe impl Send for TargetMachine {}

impl Drop for TargetMachine {
    fn drop(&mut self) {
        // SAFETY: `raw` is owned by this value and disposed of once.
        unsafe { LLVMDisposeTargetMachine(self.raw) };
    }
}

fn create(
    triple: &str,
    cpu: &str,
    features: &str,
    level: CodeGenLevel,
) -> Result<TargetMachine, Error> {
    let operation = || format!("creating a target machine for `{triple}`");
    let c_triple = c_name(triple, "a target triple")?;
    let (cpu, features) = (c_name(cpu, "a processor")?, c_name(features, "features")?);
    let mut target = std::ptr::null_mut();
    let mut message = std::ptr::null_mut();
    // SAFETY: valid out-pointers and a NUL-terminated triple.
    let failed = unsafe { LLVMGetTargetFromTriple(c_triple.as_ptr(), &mut target, &mut message) };
    let message = take_c_message(message);
    if failed != 0 {
        return Err(Error::new(ErrorKind::Target, operation(), message));
    }
    let level = match level {
        CodeGenLevel::None => LLVMCodeGenOptLevel::LLVMCodeGenLevelNone,
        CodeGenLevel::Less => LLVMCodeGenOptLevel::LLVMCodeGenLevelLess,
        CodeGenLevel::Default => LLVMCodeGenOptLevel::LLVMCodeGenLevelDefault,
        CodeGenLevel::Aggressive => LLVMCodeGenOptLevel::LLVMCodeGenLevelAggressive,
    };
    // SAFETY: the target is LLVM's static description, and the strings are NUL-terminated. PIC and the small code
    // model, because what a slice refers to may be anywhere and is reached through relaxable GOT entries.
    let raw = unsafe {
        LLVMCreateTargetMachine(
            target,
            c_triple.as_ptr(),
            cpu.as_ptr(),
            features.as_ptr(),
            level,
            LLVMRelocMode::LLVMRelocPIC,
            LLVMCodeModel::LLVMCodeModelSmall,
        )
    };
    if raw.is_null() {
        return Err(Error::new(
            ErrorKind::Target,
            operation(),
            "the target has no code generator",
        ));
    }
    Ok(TargetMachine { raw })
}

impl TargetMachine {
    /// A machine for the host.
    ///
    /// # Errors
    /// [`ErrorKind::Target`] if LLVM was built without the host's target.
    pub fn host(options: &TargetOptions) -> Result<Self, Error> {
        let host = Host::get()?;
        let (cpu, features) = if options.host_cpu {
            (host.cpu.as_str(), host.features.as_str())
        } else {
            ("", "")
        };
        create(&host.triple, cpu, features, options.level)
    }

    /// The data layout string, for example `e-m:e-p270:32:32-…`.
    pub fn data_layout(&self) -> String {
        // SAFETY: `raw` is live; the target data is owned by us.
        let data = unsafe { LLVMCreateTargetDataLayout(self.raw) };
        // SAFETY: `data` is live; the string is owned by us.
        let layout = take_c_message(unsafe { LLVMCopyStringRepOfTargetData(data) });
        // SAFETY: `data` was created above and is not used again.
        unsafe { LLVMDisposeTargetData(data) };
        layout
    }

    /// Runs a pass pipeline in the syntax of `opt -passes=`, for example `default<O3>`.
    ///
    /// # Errors
    /// [`ErrorKind::Passes`] with LLVM's message, also for a misspelt pipeline. The module may be half transformed then.
    pub fn run_passes(&self, module: &Module<'_>, pipeline: &str) -> Result<(), Error> {
        self.run_passes_unless(module, pipeline, &Stop::default())
    }

    /// As [`TargetMachine::run_passes`], until `stop` says that nobody wants the result any more. It is asked before each pass
    /// on each function or loop, and once that is so, the passes that are left are skipped, but for those without which the IR
    /// would be wrong. A pass that has begun is not interrupted.
    ///
    /// # Errors
    /// [`ErrorKind::Stopped`] if it was stopped, and as [`TargetMachine::run_passes`]. The module may be half transformed then.
    pub fn run_passes_unless(
        &self,
        module: &Module<'_>,
        pipeline: &str,
        stop: &Stop,
    ) -> Result<(), Error> {
        let operation = || format!("running the pipeline `{pipeline}`");
        let c_pipeline: CString = c_name(pipeline, "a pass pipeline")?;
        failpoint(Point::Optimize, ErrorKind::Passes, operation)?;
        let raw = module.as_mut_ptr();
        // SAFETY: the module is live and lent to us.
        let context = unsafe { LLVMGetModuleContext(raw) };
        latched(context, ErrorKind::Passes, operation, || {
            let state = stop.as_state();
            // SAFETY: all handles are live, the pipeline is NUL-terminated, and the state is what `ask` expects. LLVM is built
            // without exceptions, and `ask` does not unwind.
            let error = unsafe { tjit_run_passes(raw, c_pipeline.as_ptr(), self.raw, ask, state) };
            check(error, ErrorKind::Passes, operation)?;
            match stop.is_wanted() {
                true => Err(stopped(operation())),
                false => Ok(()),
            }
        })
    }

    /// Generates an object file. The module is lowered in place and good for nothing else afterwards.
    ///
    /// # Errors
    /// [`ErrorKind::CodeGeneration`] with LLVM's message, for example for bad inline assembly. The module must have been
    /// verified: LLVM crashes on broken ones.
    pub fn emit_object(&self, module: &Module<'_>) -> Result<MemoryBuffer, Error> {
        let raw = module.as_mut_ptr();
        let operation = || format!("generating code for `{}`", crate::module::module_name(raw));
        failpoint(Point::Emit, ErrorKind::CodeGeneration, operation)?;
        // SAFETY: the module is live and lent to us.
        let context = unsafe { LLVMGetModuleContext(raw) };
        latched(context, ErrorKind::CodeGeneration, operation, || {
            let mut buffer = std::ptr::null_mut();
            let mut message: *mut c_char = std::ptr::null_mut();
            // SAFETY: all handles are live; the out-pointers are valid.
            let failed = unsafe {
                LLVMTargetMachineEmitToMemoryBuffer(
                    self.raw,
                    raw,
                    LLVMCodeGenFileType::LLVMObjectFile,
                    &mut message,
                    &mut buffer,
                )
            };
            if failed != 0 {
                return Err(Error::new(
                    ErrorKind::CodeGeneration,
                    operation(),
                    take_c_message(message),
                ));
            }
            Ok(MemoryBuffer::new(buffer))
        })
    }
}

/// The error of what was stopped on the way.
fn stopped(operation: String) -> Error {
    Error::new(ErrorKind::Stopped, operation, "it was told to stop")
}

/// LLVM's version, for example `22.1.8`.
pub fn llvm_version() -> String {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: valid out-pointers.
    unsafe { llvm_sys::core::LLVMGetVersion(&mut major, &mut minor, &mut patch) };
    format!("{major}.{minor}.{patch}")
}
