//! What a module does with a variable: who reads it, who writes it, and where its address goes.

use std::collections::HashSet;

use inkwell::values::{AsValueRef, FunctionValue, GlobalValue, InstructionValue};
use llvm_sys::core::{
    LLVMCountParams, LLVMGetBasicBlockParent, LLVMGetCalledValue, LLVMGetConstOpcode,
    LLVMGetInstructionParent, LLVMGetNumArgOperands, LLVMGetParam, LLVMIsAInstruction,
};
use llvm_sys::prelude::LLVMValueRef;
use llvm_sys::{LLVMOpcode, LLVMValueKind};

use crate::references::name;
use crate::uses::{
    Body, body, is_call_of, is_global, is_pointer, is_volatile, is_volatile_intrinsic, kind,
    local_variable, only_operand, only_reads, opcode, operand, users, uses_in,
};

/// One thing that is done with a variable or its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access<'m> {
    /// Bytes of the variable are read, and nothing is wrong with reading other bytes that are equal.
    Read(InstructionValue<'m>),
    /// Bytes of the variable are written; also by atomic instructions that read as well.
    Write(InstructionValue<'m>),
    /// Memory is accessed for the access itself: a volatile load or store.
    Volatile(InstructionValue<'m>),
    /// The address is an argument of a direct call, which was not followed.
    Passed {
        /// The call.
        call: InstructionValue<'m>,
        /// The function that is called.
        function: String,
        /// Which of its parameters, from 0.
        index: u32,
    },
    /// The address is returned, and its callers were not followed.
    Returned(InstructionValue<'m>),
    /// The address is known to somebody else from here on: an unknown function, other memory, a number.
    Escape(InstructionValue<'m>),
    /// The address is part of the value of this global; an alias stands for the variable itself.
    InGlobal(String),
}

/// Where an address comes from.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'m> {
    /// It is that of the variable, or of what the alias stands for.
    Global(GlobalValue<'m>),
    /// A parameter of the function, from 0, holds it.
    Parameter(FunctionValue<'m>, u32),
    /// The function returns it to those that call it directly.
    Results(FunctionValue<'m>),
}

/// How far an address is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Within each function, also through its local variables.
    Function,
    /// As well into functions that the module has a body of, and to those of its calls that get the address back. Where an
    /// address leaves the module is not told then: a function without a body, a caller outside.
    Module,
}

/// Everything that a module does with an address that it has from `origin`, as far as `follow` goes.
///
/// An address is followed through address arithmetic, phis and selects, and through local variables that it is stored in.
/// Each instruction is listed once per kind of access. Comparing addresses and marking lifetimes are no accesses.
pub fn accesses<'m>(origin: Origin<'m>, follow: Follow) -> Vec<Access<'m>> {
    let mut flow = Flow {
        follow,
        seen: HashSet::new(),
        pending: Vec::new(),
        found: Vec::new(),
    };
    match origin {
        Origin::Global(global) => flow.add(global.as_value_ref(), Role::Address),
        Origin::Parameter(function, index) => {
            if let Some(parameter) = function.get_nth_param(index) {
                flow.add(parameter.as_value_ref(), Role::Address);
            }
        }
        Origin::Results(function) => {
            let function = function.as_value_ref();
            for call in users(function)
                .into_iter()
                .filter(|&user| is_call_of(user, function))
            {
                flow.add(call, Role::Address);
            }
        }
    }
    while let Some((value, role)) = flow.pending.pop() {
        for user in users(value) {
            match role {
                Role::Address => flow.address(value, user),
                Role::Holder => flow.holder(value, user),
            }
        }
    }
    flow.found
}

/// What a value has to do with the variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    /// It points into the variable.
    Address,
    /// It points to memory of the function's own in which such a pointer is.
    Holder,
}

struct Flow<'m> {
    follow: Follow,
    seen: HashSet<(LLVMValueRef, Role)>,
    pending: Vec<(LLVMValueRef, Role)>,
    found: Vec<Access<'m>>,
}

impl<'m> Flow<'m> {
    fn add(&mut self, value: LLVMValueRef, role: Role) {
        if self.seen.insert((value, role)) {
            self.pending.push((value, role));
        }
    }

    fn report(&mut self, kind: fn(InstructionValue<'m>) -> Access<'m>, user: LLVMValueRef) {
        // SAFETY: the callers pass a live instruction of the module that the variable is of.
        let access = kind(unsafe { InstructionValue::new(user) });
        if self.found.last() != Some(&access) {
            self.found.push(access);
        }
    }

    fn address(&mut self, value: LLVMValueRef, user: LLVMValueRef) {
        use LLVMOpcode as Op;
        // SAFETY: a live value.
        if unsafe { LLVMIsAInstruction(user) }.is_null() {
            return self.constant(user);
        }
        match opcode(user) {
            Op::LLVMGetElementPtr
            | Op::LLVMBitCast
            | Op::LLVMAddrSpaceCast
            | Op::LLVMPHI
            | Op::LLVMSelect
            | Op::LLVMFreeze => self.add(user, Role::Address),
            Op::LLVMICmp => {}
            Op::LLVMLoad if is_volatile(user) => self.report(Access::Volatile, user),
            Op::LLVMLoad => self.report(Access::Read, user),
            Op::LLVMStore if operand(user, 0) == value => self.stored(user, operand(user, 1)),
            Op::LLVMStore if is_volatile(user) => self.report(Access::Volatile, user),
            Op::LLVMStore => self.report(Access::Write, user),
            Op::LLVMAtomicRMW | Op::LLVMAtomicCmpXchg if only_operand(user, value, 0) => {
                self.report(Access::Write, user);
            }
            Op::LLVMCall | Op::LLVMInvoke => self.call(value, user),
            Op::LLVMRet if self.follow == Follow::Module => self.returned(user),
            Op::LLVMRet => self.report(Access::Returned, user),
            _ => self.report(Access::Escape, user),
        }
    }

    /// The variable is named in a constant.
    fn constant(&mut self, user: LLVMValueRef) {
        use LLVMValueKind as Kind;
        match kind(user) {
            Kind::LLVMConstantExprValueKind => {
                // SAFETY: a live constant expression.
                let opcode = unsafe { LLVMGetConstOpcode(user) };
                let is_address = matches!(
                    opcode,
                    LLVMOpcode::LLVMGetElementPtr
                        | LLVMOpcode::LLVMBitCast
                        | LLVMOpcode::LLVMAddrSpaceCast
                );
                match is_address {
                    true => self.add(user, Role::Address),
                    false => self.lost(user),
                }
            }
            _ => self.lost(user),
        }
    }

    /// A constant that the address can't be followed through: what uses it has the address.
    fn lost(&mut self, constant: LLVMValueRef) {
        let mut pending = vec![constant];
        let mut seen = HashSet::new();
        while let Some(value) = pending.pop() {
            if !seen.insert(value) {
                continue;
            }
            // SAFETY: a live value.
            if !unsafe { LLVMIsAInstruction(value) }.is_null() {
                self.report(Access::Escape, value);
            } else if is_global(value) {
                self.found.push(Access::InGlobal(name(value)));
            } else {
                pending.extend(users(value));
            }
        }
    }

    /// The address is stored to memory.
    fn stored(&mut self, store: LLVMValueRef, to: LLVMValueRef) {
        match local_variable(to) {
            Some(variable) if operand(store, 0) != to && !is_volatile(store) => {
                self.add(variable, Role::Holder);
            }
            _ => self.report(Access::Escape, store),
        }
    }

    fn call(&mut self, value: LLVMValueRef, call: LLVMValueRef) {
        // SAFETY: a live call.
        let callee = unsafe { LLVMGetCalledValue(call) };
        let called = name(callee);
        let is = |prefix: &str| called.starts_with(prefix);
        if is("llvm.lifetime.") || is("llvm.dbg.") || is("llvm.assume") {
            return;
        }
        if is("llvm.memcpy.") || is("llvm.memmove.") || is("llvm.memset.") {
            if is_volatile_intrinsic(call) {
                return self.report(Access::Volatile, call);
            }
            if operand(call, 0) == value {
                self.report(Access::Write, call);
            }
            if operand(call, 1) == value {
                self.report(Access::Read, call);
            }
            return;
        }
        // SAFETY: a live call.
        let arguments = unsafe { LLVMGetNumArgOperands(call) };
        let passed: Vec<_> = (0..arguments)
            .filter(|&index| operand(call, index) == value)
            .collect();
        // The address may as well be called, or named in an operand bundle.
        let only_passed = passed.len() == uses_in(call, value);
        if !only_passed || callee == value {
            return self.report(Access::Escape, call);
        }
        match body(callee) {
            Body::Defined(_) | Body::Elsewhere if self.follow == Follow::Function => {
                self.passed(call, callee, &passed);
            }
            Body::Defined(function) => self.parameters(call, function, &passed),
            // It may give the address back.
            Body::Elsewhere if is_pointer(call) => self.add(call, Role::Address),
            Body::Elsewhere => {}
            Body::Unknown => self.report(Access::Escape, call),
        }
    }

    fn passed(&mut self, call: LLVMValueRef, function: LLVMValueRef, passed: &[u32]) {
        // SAFETY: a live function.
        let count = unsafe { LLVMCountParams(function) };
        for &index in passed {
            if index >= count {
                return self.report(Access::Escape, call);
            }
            if only_reads(call, function, index) {
                self.report(Access::Read, call);
                continue;
            }
            // SAFETY: a live instruction of the module that the address is of.
            let call = unsafe { InstructionValue::new(call) };
            let function = name(function);
            self.found.push(Access::Passed {
                call,
                function,
                index,
            });
        }
    }

    fn parameters(&mut self, call: LLVMValueRef, function: LLVMValueRef, passed: &[u32]) {
        // SAFETY: a live function.
        let count = unsafe { LLVMCountParams(function) };
        for &index in passed {
            if index >= count {
                return self.report(Access::Escape, call);
            }
            // SAFETY: the function has that many parameters.
            self.add(unsafe { LLVMGetParam(function, index) }, Role::Address);
        }
    }

    /// The address is returned: to the calls of the function in the module, and to whoever else calls it.
    fn returned(&mut self, instruction: LLVMValueRef) {
        // SAFETY: a live instruction, which is in a block.
        let block = unsafe { LLVMGetInstructionParent(instruction) };
        // SAFETY: a live block, which is in a function.
        let function = unsafe { LLVMGetBasicBlockParent(block) };
        for user in users(function) {
            match is_call_of(user, function) {
                true => self.add(user, Role::Address),
                // Whoever calls it by its address gets the variable's.
                false => self.report(Access::Escape, instruction),
            }
        }
    }

    /// A use of local memory that holds the address.
    fn holder(&mut self, value: LLVMValueRef, user: LLVMValueRef) {
        use LLVMOpcode as Op;
        // SAFETY: a live value.
        if unsafe { LLVMIsAInstruction(user) }.is_null() {
            return;
        }
        match opcode(user) {
            Op::LLVMGetElementPtr | Op::LLVMBitCast | Op::LLVMAddrSpaceCast => {
                self.add(user, Role::Holder);
            }
            Op::LLVMICmp => {}
            // Bits of the address that are not a pointer can't be followed.
            Op::LLVMLoad if is_pointer(user) && !is_volatile(user) => self.add(user, Role::Address),
            Op::LLVMStore if operand(user, 0) != value => {}
            Op::LLVMCall if self.copied(value, user) => {}
            _ => self.report(Access::Escape, user),
        }
    }

    /// Whether a call with local memory that holds the address does nothing with it but copy it to other local memory.
    fn copied(&mut self, value: LLVMValueRef, call: LLVMValueRef) -> bool {
        // SAFETY: a live call.
        let called = name(unsafe { LLVMGetCalledValue(call) });
        let is = |prefix: &str| called.starts_with(prefix);
        if is("llvm.lifetime.") || is("llvm.dbg.") || is("llvm.assume") || is("llvm.memset.") {
            return true;
        }
        if !is("llvm.memcpy.") && !is("llvm.memmove.") {
            return false;
        }
        if operand(call, 1) != value {
            return true;
        }
        let copy = local_variable(operand(call, 0));
        if let Some(variable) = copy {
            self.add(variable, Role::Holder);
        }
        copy.is_some()
    }
}
