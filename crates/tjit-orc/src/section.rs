//! Sections with bounds: variables one behind the other, as a linker places them.

use inkwell::module::Module;
use inkwell::values::AsValueRef;
use llvm_sys::core::{
    LLVMAddAlias2, LLVMAddGlobal, LLVMArrayType2, LLVMConstGEP2, LLVMConstInt, LLVMConstNull,
    LLVMConstStructInContext, LLVMDeleteGlobal, LLVMGetAlignment, LLVMGetInitializer,
    LLVMGetModuleContext, LLVMGetSection, LLVMGlobalGetValueType, LLVMInt8TypeInContext,
    LLVMInt64TypeInContext, LLVMIsGlobalConstant, LLVMReplaceAllUsesWith, LLVMSetAlignment,
    LLVMSetGlobalConstant, LLVMSetInitializer, LLVMSetLinkage, LLVMSetSection, LLVMTypeOf,
};
use llvm_sys::prelude::{LLVMModuleRef, LLVMTypeRef, LLVMValueRef};
use llvm_sys::target::{
    LLVMABISizeOfType, LLVMGetModuleDataLayout, LLVMPreferredAlignmentOfGlobal,
};
use llvm_sys::{LLVMLinkage, prelude::LLVMContextRef};

use crate::error::{Error, ErrorKind};
use crate::globals::set_name;
use crate::slice::find_definition;

/// One variable made of several, while it grows.
struct Merged {
    module: LLVMModuleRef,
    context: LLVMContextRef,
    fields: Vec<LLVMValueRef>,
    size: u64,
    alignment: u32,
    constant: bool,
}

/// Makes the variables `members` of a module one variable in which they lie one behind the other, in that order and each
/// as aligned as it asks for: what a linker makes of the variables of one section. Each keeps its name, and `start` and
/// `stop`, where given, become names of the first byte and of the one behind the last.
///
/// The result is constant if all members are, and in the section of the first.
///
/// # Errors
/// [`ErrorKind::Link`] if the module does not define one of the members. Nothing has changed then.
pub fn merge_variables(
    module: &Module<'_>,
    members: &[&str],
    start: Option<&str>,
    stop: Option<&str>,
) -> Result<(), Error> {
    let raw = module.as_mut_ptr();
    let find = |name: &&str| {
        let variable = module
            .get_global(name)
            .filter(|variable| variable.get_initializer().is_some());
        variable
            .map(|variable| variable.as_value_ref())
            .ok_or_else(|| {
                let operation = format!("placing `{name}` in a section");
                Error::new(ErrorKind::Link, operation, "the module does not define it")
            })
    };
    let variables: Vec<_> = members.iter().map(find).collect::<Result<_, _>>()?;
    let Some(&first) = variables.first() else {
        return Ok(());
    };
    let mut merged = Merged {
        module: raw,
        // SAFETY: a live module.
        context: unsafe { LLVMGetModuleContext(raw) },
        fields: Vec::new(),
        size: 0,
        alignment: 1,
        constant: true,
    };
    let offsets: Vec<_> = variables
        .iter()
        .map(|&variable| merged.push(variable))
        .collect();
    let whole = merged.finish(first);
    for ((&variable, offset), name) in variables.iter().zip(offsets).zip(members) {
        set_name(variable, "");
        // SAFETY: a live variable.
        let value_type = unsafe { LLVMGlobalGetValueType(variable) };
        let alias = merged.alias(whole, value_type, offset, name);
        // SAFETY: both are pointers to globals of the module. What refers to the variable may be the whole's own value,
        // which LLVM then makes anew.
        unsafe { LLVMReplaceAllUsesWith(variable, alias) };
        // SAFETY: a live variable that nothing refers to any more, and that is not used here after this.
        unsafe { LLVMDeleteGlobal(variable) };
    }
    for (name, offset) in [(start, 0), (stop, merged.size)] {
        if let Some(name) = name {
            merged.bound(whole, offset, name);
        }
    }
    Ok(())
}

impl Merged {
    /// Puts a variable behind the others. Returns its offset.
    fn push(&mut self, variable: LLVMValueRef) -> u64 {
        let alignment = self.alignment_of(variable);
        let offset = self.size.next_multiple_of(u64::from(alignment));
        if offset > self.size {
            let padding = self.bytes(offset - self.size);
            // SAFETY: a live type.
            self.fields.push(unsafe { LLVMConstNull(padding) });
        }
        // SAFETY: a live variable with an initializer.
        let value = unsafe { LLVMGetInitializer(variable) };
        self.fields.push(value);
        // SAFETY: a live module, which owns its layout; an initializer's type is sized (verifier).
        let size =
            unsafe { LLVMABISizeOfType(LLVMGetModuleDataLayout(self.module), LLVMTypeOf(value)) };
        self.size = offset + size;
        self.alignment = self.alignment.max(alignment);
        // SAFETY: a live variable.
        self.constant &= unsafe { LLVMIsGlobalConstant(variable) } != 0;
        offset
    }

    /// Bytes. What is in a section of its own is aligned to exactly what it asks for (`getGVAlignment`, `AsmPrinter.cpp`).
    fn alignment_of(&self, variable: LLVMValueRef) -> u32 {
        // SAFETY: a live variable.
        match unsafe { LLVMGetAlignment(variable) } {
            // SAFETY: a live module, which owns its layout, and a live variable of it.
            0 => unsafe {
                LLVMPreferredAlignmentOfGlobal(LLVMGetModuleDataLayout(self.module), variable)
            }
            .max(1),
            alignment => alignment,
        }
    }

    fn finish(&mut self, first: LLVMValueRef) -> LLVMValueRef {
        let count = u32::try_from(self.fields.len()).unwrap_or(u32::MAX);
        // SAFETY: the fields are live constants of the context, and as many as are said to be there. Packed.
        let value =
            unsafe { LLVMConstStructInContext(self.context, self.fields.as_mut_ptr(), count, 1) };
        // SAFETY: a live module and the type of a live constant.
        let whole = unsafe { LLVMAddGlobal(self.module, LLVMTypeOf(value), c"".as_ptr()) };
        // SAFETY: a live variable and a value of its type.
        unsafe { LLVMSetInitializer(whole, value) };
        // SAFETY: a live variable with an initializer.
        unsafe { LLVMSetLinkage(whole, LLVMLinkage::LLVMPrivateLinkage) };
        // SAFETY: a live variable.
        unsafe { LLVMSetGlobalConstant(whole, i32::from(self.constant)) };
        // SAFETY: as above; a power of two, as those of the members are.
        unsafe { LLVMSetAlignment(whole, self.alignment) };
        // SAFETY: a live variable; the text lives as long as it.
        let section = unsafe { LLVMGetSection(first) };
        if !section.is_null() {
            // SAFETY: NUL-terminated text, which LLVM copies.
            unsafe { LLVMSetSection(whole, section) };
        }
        whole
    }

    fn bytes(&self, count: u64) -> LLVMTypeRef {
        // SAFETY: a live context.
        unsafe { LLVMArrayType2(LLVMInt8TypeInContext(self.context), count) }
    }

    fn alias(&self, whole: LLVMValueRef, of: LLVMTypeRef, offset: u64, name: &str) -> LLVMValueRef {
        // SAFETY: a live context.
        let (byte, word) = unsafe {
            (
                LLVMInt8TypeInContext(self.context),
                LLVMInt64TypeInContext(self.context),
            )
        };
        // SAFETY: a live type.
        let mut index = unsafe { LLVMConstInt(word, offset, 0) };
        // SAFETY: a live variable and one index; the offset is within it or just behind it.
        let address = unsafe { LLVMConstGEP2(byte, whole, &mut index, 1) };
        // SAFETY: a live module, a type and a constant of its context.
        let alias = unsafe { LLVMAddAlias2(self.module, of, 0, address, c"".as_ptr()) };
        set_name(alias, name);
        alias
    }

    fn bound(&self, whole: LLVMValueRef, offset: u64, name: &str) {
        let alias = self.alias(whole, self.bytes(0), offset, "");
        match declaration(self.module, name) {
            None => set_name(alias, name),
            Some(declared) => {
                set_name(declared, "");
                set_name(alias, name);
                // SAFETY: two pointers to globals of one module.
                unsafe { LLVMReplaceAllUsesWith(declared, alias) };
                // SAFETY: a live declaration that nothing refers to any more.
                unsafe { LLVMDeleteGlobal(declared) };
            }
        }
    }
}

fn declaration(module: LLVMModuleRef, name: &str) -> Option<LLVMValueRef> {
    debug_assert!(
        find_definition(module, name).is_none(),
        "a linker defines no bound that is there"
    );
    let (start, length) = (name.as_ptr().cast(), name.len());
    // SAFETY: a live module, and the range is that of a live slice.
    let variable = unsafe { llvm_sys::core::LLVMGetNamedGlobalWithLength(module, start, length) };
    (!variable.is_null()).then_some(variable)
}
