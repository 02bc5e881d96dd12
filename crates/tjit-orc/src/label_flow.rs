//! Where the addresses of a function's labels go.

use std::collections::HashSet;

use inkwell::values::{AsValueRef, FunctionValue, GlobalValue};
use llvm_sys::core::{LLVMGetCalledValue, LLVMGetNumOperands, LLVMIsAInstruction, LLVMIsAUser};
use llvm_sys::prelude::LLVMValueRef;
use llvm_sys::{LLVMOpcode, LLVMValueKind};

use crate::references::name;
use crate::survey::each_instruction;
use crate::uses::{is_global, kind, local_variable, opcode, operand, users};

/// Whether an address of a label of `function` may be seen after the call that it was taken in, or by other functions.
///
/// `tables` are the variables that hold such addresses. If the answer is no, each version of the function can have labels
/// and tables of its own: what it jumps to it has read from its own tables during the same call. Writing to a table
/// counts as being seen. The analysis follows values through local variables, and gives up (true) at everything else.
pub fn labels_escape(function: FunctionValue<'_>, tables: &[GlobalValue<'_>]) -> bool {
    let tables: HashSet<_> = tables.iter().map(|table| table.as_value_ref()).collect();
    let mut flow = Flow {
        seen: HashSet::new(),
        pending: Vec::new(),
        escaped: false,
    };
    for &table in &tables {
        flow.add(table);
    }
    each_instruction(function.as_value_ref(), |instruction| {
        for operand in operands(instruction) {
            flow.add_labels(operand);
        }
    });
    while let Some(value) = flow.pending.pop() {
        if flow.escaped {
            break;
        }
        for user in users(value) {
            flow.visit(value, user, &tables);
        }
    }
    flow.escaped
}

/// The values that are, hold or point to an address of a label.
struct Flow {
    seen: HashSet<LLVMValueRef>,
    pending: Vec<LLVMValueRef>,
    escaped: bool,
}

impl Flow {
    fn add(&mut self, value: LLVMValueRef) {
        if self.seen.insert(value) {
            self.pending.push(value);
        }
    }

    /// Adds the labels that an operand names, directly or inside a constant expression.
    fn add_labels(&mut self, operand: LLVMValueRef) {
        match kind(operand) {
            LLVMValueKind::LLVMBlockAddressValueKind => self.add(operand),
            LLVMValueKind::LLVMConstantExprValueKind => {
                for inner in operands(operand) {
                    self.add_labels(inner);
                }
            }
            _ => {}
        }
    }

    fn visit(&mut self, value: LLVMValueRef, user: LLVMValueRef, tables: &HashSet<LLVMValueRef>) {
        // SAFETY: a live value.
        if unsafe { LLVMIsAInstruction(user) }.is_null() {
            match is_global(user) {
                // The labels in a table's initializer.
                true => self.escaped |= !tables.contains(&user),
                false => self.add(user),
            }
            return;
        }
        use LLVMOpcode as Op;
        match opcode(user) {
            Op::LLVMGetElementPtr
            | Op::LLVMBitCast
            | Op::LLVMAddrSpaceCast
            | Op::LLVMPtrToInt
            | Op::LLVMIntToPtr
            | Op::LLVMTrunc
            | Op::LLVMZExt
            | Op::LLVMSExt
            | Op::LLVMAdd
            | Op::LLVMSub
            | Op::LLVMMul
            | Op::LLVMAnd
            | Op::LLVMOr
            | Op::LLVMXor
            | Op::LLVMShl
            | Op::LLVMLShr
            | Op::LLVMAShr
            | Op::LLVMPHI
            | Op::LLVMSelect
            | Op::LLVMFreeze
            | Op::LLVMLoad => self.add(user),
            Op::LLVMICmp | Op::LLVMIndirectBr | Op::LLVMSwitch => {}
            Op::LLVMStore => self.store(value, operand(user, 0), operand(user, 1)),
            Op::LLVMCall => self.call(value, user),
            _ => self.escaped = true,
        }
    }

    /// `value` is stored, or stored to.
    fn store(&mut self, value: LLVMValueRef, stored: LLVMValueRef, to: LLVMValueRef) {
        match local_variable(to) {
            Some(variable) if stored == value => self.add(variable),
            Some(_) => {}
            None => self.escaped = true,
        }
    }

    fn call(&mut self, value: LLVMValueRef, call: LLVMValueRef) {
        // SAFETY: a live call.
        let callee = unsafe { LLVMGetCalledValue(call) };
        let callee = name(callee);
        let is = |prefix: &str| callee.starts_with(prefix);
        if is("llvm.lifetime.") || is("llvm.dbg.") || is("llvm.assume") {
            return;
        }
        if is("llvm.memcpy.") || is("llvm.memmove.") {
            let source = operand(call, 1);
            let copied = if source == value {
                value
            } else {
                std::ptr::null_mut()
            };
            return self.store(value, copied, operand(call, 0));
        }
        self.escaped |= !(is("llvm.memset.") && local_variable(operand(call, 0)).is_some());
    }
}

fn operands(user: LLVMValueRef) -> Vec<LLVMValueRef> {
    // SAFETY: a live value.
    if unsafe { LLVMIsAUser(user) }.is_null() {
        return Vec::new();
    }
    // SAFETY: a live user.
    let count = unsafe { LLVMGetNumOperands(user) };
    let all = (0..count.cast_unsigned()).map(|index| operand(user, index));
    all.filter(|operand| !operand.is_null()).collect()
}
