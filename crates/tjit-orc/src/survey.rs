//! What a linker must know of a module: every global value, every call, every initializer.

use inkwell::module::{Linkage, Module};
use inkwell::values::{AsValueRef, FunctionValue, GlobalValue};
use llvm_sys::comdat::{LLVMComdatSelectionKind, LLVMGetComdat, LLVMGetComdatSelectionKind};
use llvm_sys::core::{
    LLVMAliasGetAliasee, LLVMConstIntGetZExtValue, LLVMGetAlignment, LLVMGetCalledValue,
    LLVMGetConstOpcode, LLVMGetEnumAttributeAtIndex, LLVMGetEnumAttributeKindForName,
    LLVMGetFirstBasicBlock, LLVMGetFirstInstruction, LLVMGetFirstUse, LLVMGetGlobalIFuncResolver,
    LLVMGetInitializer, LLVMGetInlineAsmAsmString, LLVMGetInstructionOpcode, LLVMGetNextBasicBlock,
    LLVMGetNextInstruction, LLVMGetNumOperands, LLVMGetOperand, LLVMGetSection, LLVMGetValueKind,
    LLVMGetVisibility, LLVMGlobalGetValueType, LLVMIsAConstantInt, LLVMIsAGlobalValue,
    LLVMIsAInlineAsm, LLVMIsDeclaration, LLVMIsExternallyInitialized, LLVMIsGlobalConstant,
    LLVMIsThreadLocal, LLVMSetOperand,
};
use llvm_sys::prelude::{LLVMModuleRef, LLVMValueRef};
use llvm_sys::target::{LLVMABISizeOfType, LLVMGetModuleDataLayout};
use llvm_sys::{LLVMAttributeFunctionIndex, LLVMOpcode, LLVMValueKind, LLVMVisibility};

use crate::fixed::is_fixed;
use crate::globals::{GlobalKind, each, is_callable};

/// A global value, defined or only declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyedGlobal {
    /// Its name in the IR, as LLVM has it: any bytes, none for values without a name.
    pub name: Vec<u8>,
    /// What it is.
    pub kind: GlobalKind,
    /// Whether it can be called: functions, ifuncs and aliases of functions.
    pub callable: bool,
    /// How it is linked.
    pub linkage: Linkage,
    /// Visible within the dylib only.
    pub hidden: bool,
    /// Whether the module has its body, initializer or target (also one that is only there to be inlined).
    pub defined: bool,
    /// Whether anything in the module refers to it.
    pub used: bool,
    /// One per thread.
    pub thread_local: bool,
    /// Never written after initialization.
    pub constant: bool,
    /// Has another value than its initializer when the program starts.
    pub externally_initialized: bool,
    /// The section it asks for.
    pub section: Option<String>,
    /// How its COMDAT, if it is in one, is chosen among others of the name.
    pub comdat: Option<ComdatKind>,
    /// For a sized variable: bytes.
    pub size: u64,
    /// Bytes; 0 where none is asked for.
    pub alignment: u32,
    /// For an alias, what it stands for; for an ifunc, its resolver.
    pub target: Option<AliasTarget>,
    /// Attributes of a function.
    pub attributes: FunctionAttributes,
}

/// How one COMDAT of a name is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComdatKind {
    /// Any will do.
    Any,
    /// There must be one only.
    NoDeduplicate,
    /// By comparing sizes or contents.
    Compared,
}

/// What an alias stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasTarget {
    /// The function, variable, alias or ifunc; `None` for an address that is not in any.
    pub base: Option<String>,
    /// Whether it is the very address of `base`, and not one inside it.
    pub exact: bool,
}

/// What a function asks of the optimiser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FunctionAttributes {
    /// `alwaysinline`.
    pub always_inline: bool,
    /// `noinline`.
    pub no_inline: bool,
    /// `optnone`.
    pub opt_none: bool,
    /// `naked`.
    pub naked: bool,
    /// It is the body that [`fix_labels`](crate::fix_labels) has made.
    pub fixed: bool,
}

/// Every global value of a module, in the module's order: functions, variables, aliases, ifuncs.
pub fn survey(module: &Module<'_>) -> Vec<SurveyedGlobal> {
    let raw = module.as_mut_ptr();
    let mut found = Vec::new();
    each(raw, |kind, value| found.push(describe(raw, kind, value)));
    found
}

fn describe(module: LLVMModuleRef, kind: GlobalKind, value: LLVMValueRef) -> SurveyedGlobal {
    // SAFETY: `each` passes a live global value; so for all calls below.
    let visibility = unsafe { LLVMGetVisibility(value) };
    // SAFETY: as above; inkwell reads nothing of it here that not every kind has.
    let linkage = unsafe { GlobalValue::new(value) }.get_linkage();
    let is_variable = kind == GlobalKind::Variable;
    let is_object = is_variable || kind == GlobalKind::Function;
    // SAFETY: a live value.
    let used = !unsafe { LLVMGetFirstUse(value) }.is_null();
    SurveyedGlobal {
        name: name_bytes(value),
        kind,
        callable: is_callable(value),
        linkage,
        hidden: visibility != LLVMVisibility::LLVMDefaultVisibility,
        // SAFETY: a live global value.
        defined: unsafe { LLVMIsDeclaration(value) } == 0,
        used,
        thread_local: is_thread_local(kind, value),
        // SAFETY: only asked of variables.
        constant: is_variable && unsafe { LLVMIsGlobalConstant(value) } != 0,
        // SAFETY: only asked of variables.
        externally_initialized: is_variable && unsafe { LLVMIsExternallyInitialized(value) } != 0,
        section: if is_object { section(value) } else { None },
        comdat: if is_object { comdat(value) } else { None },
        size: if is_variable { size(module, value) } else { 0 },
        alignment: if is_object { alignment(value) } else { 0 },
        target: match kind {
            // SAFETY: a live alias.
            GlobalKind::Alias => Some(target(unsafe { LLVMAliasGetAliasee(value) })),
            // SAFETY: a live ifunc.
            GlobalKind::IFunc => Some(target(unsafe { LLVMGetGlobalIFuncResolver(value) })),
            GlobalKind::Function | GlobalKind::Variable => None,
        },
        attributes: match kind {
            GlobalKind::Function => attributes(value),
            _ => FunctionAttributes::default(),
        },
    }
}

pub(crate) fn name_bytes(value: LLVMValueRef) -> Vec<u8> {
    let mut length = 0;
    // SAFETY: a live value; the name lives as long as it.
    let start = unsafe { llvm_sys::core::LLVMGetValueName2(value, &mut length) };
    // SAFETY: LLVM returned a range of `length` bytes.
    unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) }.to_vec()
}

fn is_thread_local(kind: GlobalKind, value: LLVMValueRef) -> bool {
    match kind {
        // SAFETY: a live variable.
        GlobalKind::Variable => (unsafe { LLVMIsThreadLocal(value) }) != 0,
        GlobalKind::Alias => {
            // SAFETY: a live alias.
            let base = base(unsafe { LLVMAliasGetAliasee(value) }).0;
            // SAFETY: a live value; null is answered with null.
            let variable = unsafe { llvm_sys::core::LLVMIsAGlobalVariable(base) };
            // SAFETY: not null, so a live variable.
            !variable.is_null() && unsafe { LLVMIsThreadLocal(variable) } != 0
        }
        _ => false,
    }
}

fn alignment(value: LLVMValueRef) -> u32 {
    // SAFETY: the caller passes a live function or variable.
    unsafe { LLVMGetAlignment(value) }
}

fn section(value: LLVMValueRef) -> Option<String> {
    // SAFETY: a live function or variable; the text lives as long as it, NUL-terminated.
    let text = unsafe { LLVMGetSection(value) };
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, so a NUL-terminated string.
    let text = unsafe { std::ffi::CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned()).filter(|text| !text.is_empty())
}

fn comdat(value: LLVMValueRef) -> Option<ComdatKind> {
    // SAFETY: a live function or variable.
    let comdat = unsafe { LLVMGetComdat(value) };
    if comdat.is_null() {
        return None;
    }
    // SAFETY: a live COMDAT.
    Some(match unsafe { LLVMGetComdatSelectionKind(comdat) } {
        LLVMComdatSelectionKind::LLVMAnyComdatSelectionKind => ComdatKind::Any,
        LLVMComdatSelectionKind::LLVMNoDuplicatesComdatSelectionKind => ComdatKind::NoDeduplicate,
        _ => ComdatKind::Compared,
    })
}

fn size(module: LLVMModuleRef, variable: LLVMValueRef) -> u64 {
    // SAFETY: a live variable.
    let value_type = unsafe { LLVMGlobalGetValueType(variable) };
    // SAFETY: a live type.
    if unsafe { llvm_sys::core::LLVMTypeIsSized(value_type) } == 0 {
        return 0;
    }
    // SAFETY: a live module, which owns its data layout.
    let layout = unsafe { LLVMGetModuleDataLayout(module) };
    // SAFETY: a live layout and a sized type.
    unsafe { LLVMABISizeOfType(layout, value_type) }
}

/// The global that a constant is the address of, through constant expressions but not through aliases (null if there is
/// none), and whether at offset 0.
fn base(mut value: LLVMValueRef) -> (LLVMValueRef, bool) {
    let mut exact = true;
    loop {
        // SAFETY: the callers pass a live constant.
        if !unsafe { LLVMIsAGlobalValue(value) }.is_null() {
            return (value, exact);
        }
        // SAFETY: a live constant.
        if unsafe { LLVMGetValueKind(value) } != LLVMValueKind::LLVMConstantExprValueKind {
            return (std::ptr::null_mut(), false);
        }
        // SAFETY: a live constant expression.
        let opcode = unsafe { LLVMGetConstOpcode(value) };
        exact &= matches!(
            opcode,
            LLVMOpcode::LLVMBitCast | LLVMOpcode::LLVMAddrSpaceCast
        );
        // SAFETY: every constant expression has an operand 0.
        value = unsafe { LLVMGetOperand(value, 0) };
    }
}

fn target(value: LLVMValueRef) -> AliasTarget {
    let (base, exact) = base(value);
    AliasTarget {
        base: (!base.is_null()).then(|| String::from_utf8_lossy(&name_bytes(base)).into_owned()),
        exact,
    }
}

fn attributes(function: LLVMValueRef) -> FunctionAttributes {
    let has = |name: &str| {
        // SAFETY: the range is that of a live slice.
        let kind = unsafe { LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()) };
        // SAFETY: a live function; null if it does not have the attribute.
        let found =
            unsafe { LLVMGetEnumAttributeAtIndex(function, LLVMAttributeFunctionIndex, kind) };
        !found.is_null()
    };
    FunctionAttributes {
        always_inline: has("alwaysinline"),
        no_inline: has("noinline"),
        opt_none: has("optnone"),
        naked: has("naked"),
        fixed: is_fixed(function),
    }
}

/// What the body of a function does, in numbers and names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The functions and aliases it calls directly (call, invoke, callbr), each once, in the order they first appear;
    /// without intrinsics.
    pub calls: Vec<String>,
    /// How many instructions it has.
    pub instructions: usize,
    /// The texts of inline assembly that it calls, in its order.
    pub assembly: Vec<String>,
}

/// Reads the body of a function; empty for a declaration.
pub fn body(function: FunctionValue<'_>) -> Body {
    let mut body = Body::default();
    let mut seen = std::collections::HashSet::new();
    each_instruction(function.as_value_ref(), |instruction| {
        body.instructions += 1;
        body.assembly.extend(assembly_text(instruction));
        if let Some(callee) = direct_callee(instruction)
            && seen.insert(callee)
        {
            let name = name_bytes(callee);
            if !name.starts_with(b"llvm.") {
                body.calls.push(String::from_utf8_lossy(&name).into_owned());
            }
        }
    });
    body
}

/// Makes the direct calls in `function` that go to `from` go to `to`; the address of `from` as a value stays. All three
/// must be of one module, else the module becomes invalid.
pub fn redirect_calls(function: FunctionValue<'_>, from: FunctionValue<'_>, to: FunctionValue<'_>) {
    each_instruction(function.as_value_ref(), |instruction| {
        if direct_callee(instruction) == Some(from.as_value_ref()) {
            // SAFETY: a live call.
            let count = unsafe { LLVMGetNumOperands(instruction) };
            let callee = count.cast_unsigned() - 1;
            // SAFETY: the callee is the last operand of every kind of call, and `to`, as any function, is a pointer.
            unsafe { LLVMSetOperand(instruction, callee, to.as_value_ref()) };
        }
    });
}

pub(crate) fn each_instruction(function: LLVMValueRef, mut visit: impl FnMut(LLVMValueRef)) {
    // SAFETY: the callers pass a live function; null when it has no body.
    let mut block = unsafe { LLVMGetFirstBasicBlock(function) };
    while !block.is_null() {
        // SAFETY: a live block; null at the end.
        let mut instruction = unsafe { LLVMGetFirstInstruction(block) };
        while !instruction.is_null() {
            visit(instruction);
            // SAFETY: a live instruction, which `visit` does not remove.
            instruction = unsafe { LLVMGetNextInstruction(instruction) };
        }
        // SAFETY: a live block.
        block = unsafe { LLVMGetNextBasicBlock(block) };
    }
}

fn direct_callee(instruction: LLVMValueRef) -> Option<LLVMValueRef> {
    let callee = callee(instruction)?;
    // SAFETY: a live value.
    (!unsafe { LLVMIsAGlobalValue(callee) }.is_null()).then_some(callee)
}

/// What a call calls, whatever it is; `None` for other instructions.
fn callee(instruction: LLVMValueRef) -> Option<LLVMValueRef> {
    // SAFETY: a live instruction.
    let opcode = unsafe { LLVMGetInstructionOpcode(instruction) };
    let is_call = matches!(
        opcode,
        LLVMOpcode::LLVMCall | LLVMOpcode::LLVMInvoke | LLVMOpcode::LLVMCallBr
    );
    // SAFETY: a live call.
    is_call.then(|| unsafe { LLVMGetCalledValue(instruction) })
}

/// The text of the inline assembly that an instruction runs.
fn assembly_text(instruction: LLVMValueRef) -> Option<String> {
    let callee = callee(instruction)?;
    // SAFETY: a live value.
    if unsafe { LLVMIsAInlineAsm(callee) }.is_null() {
        return None;
    }
    let mut length = 0;
    // SAFETY: live inline assembly, which the text is part of.
    let text = unsafe { LLVMGetInlineAsmAsmString(callee, &raw mut length) };
    if text.is_null() {
        return None;
    }
    // SAFETY: LLVM returned a range of `length` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// An entry of `llvm.global_ctors` or `llvm.global_dtors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initializer {
    /// Lower ones run first.
    pub priority: u32,
    /// The function or alias to call.
    pub function: String,
    /// Runs only if this global's definition in the module is the prevailing one.
    pub associated: Option<String>,
}

/// The entries of `list`, which is `llvm.global_ctors` or `llvm.global_dtors`, in the module's order. Empty entries are
/// left out.
pub fn initializers(module: &Module<'_>, list: &str) -> Vec<Initializer> {
    let Some(variable) = module.get_global(list) else {
        return Vec::new();
    };
    // SAFETY: a live variable; null when it is a declaration.
    let array = unsafe { LLVMGetInitializer(variable.as_value_ref()) };
    if array.is_null() {
        return Vec::new();
    }
    operands(array)
        .into_iter()
        .filter_map(initializer)
        .collect()
}

fn initializer(entry: LLVMValueRef) -> Option<Initializer> {
    let fields = operands(entry);
    let [priority, function, associated] = fields[..] else {
        return None;
    };
    // SAFETY: a live value.
    if unsafe { LLVMIsAConstantInt(priority) }.is_null() {
        return None;
    }
    // SAFETY: a constant integer, which is an i32 (verifier).
    let priority = unsafe { LLVMConstIntGetZExtValue(priority) };
    let global = |value: LLVMValueRef| {
        // SAFETY: a live value.
        let found = unsafe { LLVMIsAGlobalValue(value) };
        (!found.is_null()).then(|| String::from_utf8_lossy(&name_bytes(found)).into_owned())
    };
    Some(Initializer {
        priority: u32::try_from(priority).ok()?,
        function: global(function)?,
        associated: global(associated),
    })
}

/// The operands of a constant aggregate; none for data and zeros.
pub(crate) fn operands(value: LLVMValueRef) -> Vec<LLVMValueRef> {
    // SAFETY: a live value.
    let kind = unsafe { LLVMGetValueKind(value) };
    if !matches!(
        kind,
        LLVMValueKind::LLVMConstantArrayValueKind | LLVMValueKind::LLVMConstantStructValueKind
    ) {
        return Vec::new();
    }
    // SAFETY: a live constant aggregate, which is a user.
    let count = unsafe { LLVMGetNumOperands(value) };
    (0..count.cast_unsigned())
        // SAFETY: each index is in range.
        .map(|index| unsafe { LLVMGetOperand(value, index) })
        .collect()
}
