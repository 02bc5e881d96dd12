//! Which globals a definition refers to.

use std::collections::HashSet;

use inkwell::module::Module;
use inkwell::values::{AsValueRef, GlobalValue};
use llvm_sys::core::{
    LLVMAliasGetAliasee, LLVMGetBlockAddressFunction, LLVMGetFirstBasicBlock,
    LLVMGetFirstInstruction, LLVMGetGlobalIFuncResolver, LLVMGetInitializer, LLVMGetNextBasicBlock,
    LLVMGetNextInstruction, LLVMGetNumOperands, LLVMGetOperand, LLVMGetPersonalityFn,
    LLVMGetValueKind, LLVMHasPersonalityFn,
};
use llvm_sys::prelude::LLVMValueRef;
use llvm_sys::{LLVMValueKind, core::LLVMGetValueName2};

use crate::slice::find_definition;

/// The globals that a definition names, each once, in the order they first appear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// Functions, also those only reached through constants, such as the address of one in a table.
    pub functions: Vec<String>,
    /// Variables.
    pub variables: Vec<String>,
    /// Aliases and ifuncs.
    pub aliases: Vec<String>,
    /// Functions whose blocks are named by `blockaddress`.
    pub block_addresses: Vec<String>,
}

struct Walk {
    seen: HashSet<LLVMValueRef>,
    // An explicit stack: nested constants may be deeper than ours.
    pending: Vec<LLVMValueRef>,
    found: References,
}

/// The globals that the body of a function, the initializer of a variable or the target of an alias refers to.
pub fn references(definition: impl AsValueRef) -> References {
    let value = definition.as_value_ref();
    let mut walk = Walk {
        seen: HashSet::new(),
        pending: Vec::new(),
        found: References::default(),
    };
    match kind(value) {
        LLVMValueKind::LLVMFunctionValueKind => walk.function(value),
        LLVMValueKind::LLVMGlobalVariableValueKind => {
            // SAFETY: `value` is a live variable; a declaration has a null initializer.
            walk.constant(unsafe { LLVMGetInitializer(value) });
        }
        LLVMValueKind::LLVMGlobalAliasValueKind => {
            // SAFETY: `value` is a live alias.
            walk.constant(unsafe { LLVMAliasGetAliasee(value) });
        }
        LLVMValueKind::LLVMGlobalIFuncValueKind => {
            // SAFETY: `value` is a live ifunc.
            walk.constant(unsafe { LLVMGetGlobalIFuncResolver(value) });
        }
        _ => {}
    }
    walk.found
}

/// The globals that the definition `name` of a module refers to; `None` if the module does not define it. Finds aliases
/// too, for which inkwell has no type.
pub fn references_of(module: &Module<'_>, name: &str) -> Option<References> {
    let value = find_definition(module.as_mut_ptr(), name)?;
    // SAFETY: a live definition of the module; only its pointer is used.
    Some(references(unsafe { GlobalValue::new(value) }))
}

fn kind(value: LLVMValueRef) -> LLVMValueKind {
    // SAFETY: the callers pass live values.
    unsafe { LLVMGetValueKind(value) }
}

impl Walk {
    fn function(&mut self, function: LLVMValueRef) {
        // SAFETY: `function` is a live function.
        if unsafe { LLVMHasPersonalityFn(function) } != 0 {
            // SAFETY: it has one.
            self.constant(unsafe { LLVMGetPersonalityFn(function) });
        }
        // SAFETY: a live function; null when it has no body.
        let mut block = unsafe { LLVMGetFirstBasicBlock(function) };
        while !block.is_null() {
            // SAFETY: a live block; null at the end.
            let mut instruction = unsafe { LLVMGetFirstInstruction(block) };
            while !instruction.is_null() {
                self.operands(instruction);
                self.drain();
                // SAFETY: a live instruction.
                instruction = unsafe { LLVMGetNextInstruction(instruction) };
            }
            // SAFETY: a live block.
            block = unsafe { LLVMGetNextBasicBlock(block) };
        }
    }

    fn constant(&mut self, value: LLVMValueRef) {
        if !value.is_null() {
            self.pending.push(value);
            self.drain();
        }
    }

    fn operands(&mut self, user: LLVMValueRef) {
        // SAFETY: the callers pass a live user.
        let count = unsafe { LLVMGetNumOperands(user) };
        for index in 0..count.cast_unsigned() {
            // SAFETY: `index` is in range. Metadata operands come wrapped as values and are skipped by `drain`.
            let operand = unsafe { LLVMGetOperand(user, index) };
            if !operand.is_null() {
                self.pending.push(operand);
            }
        }
    }

    fn drain(&mut self) {
        use LLVMValueKind as Kind;
        while let Some(value) = self.pending.pop() {
            let kind = kind(value);
            let is_local = matches!(
                kind,
                Kind::LLVMInstructionValueKind
                    | Kind::LLVMArgumentValueKind
                    | Kind::LLVMBasicBlockValueKind
                    | Kind::LLVMMetadataAsValueValueKind
                    | Kind::LLVMInlineAsmValueKind
            );
            if is_local || !self.seen.insert(value) {
                continue;
            }
            match kind {
                Kind::LLVMFunctionValueKind => self.found.functions.push(name(value)),
                Kind::LLVMGlobalVariableValueKind => self.found.variables.push(name(value)),
                Kind::LLVMGlobalAliasValueKind | Kind::LLVMGlobalIFuncValueKind => {
                    self.found.aliases.push(name(value));
                }
                Kind::LLVMBlockAddressValueKind => {
                    // SAFETY: a live blockaddress.
                    let function = unsafe { LLVMGetBlockAddressFunction(value) };
                    let name = name(function);
                    if !self.found.block_addresses.contains(&name) {
                        self.found.block_addresses.push(name);
                    }
                }
                Kind::LLVMConstantExprValueKind
                | Kind::LLVMConstantArrayValueKind
                | Kind::LLVMConstantStructValueKind
                | Kind::LLVMConstantVectorValueKind
                | Kind::LLVMConstantPtrAuthValueKind => self.operands(value),
                _ => {}
            }
        }
    }
}

pub(crate) fn name(value: LLVMValueRef) -> String {
    let mut length = 0;
    // SAFETY: a live value; the name lives as long as it.
    let start = unsafe { LLVMGetValueName2(value, &mut length) };
    // SAFETY: LLVM returned a range of `length` bytes.
    let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) };
    String::from_utf8_lossy(bytes).into_owned()
}
