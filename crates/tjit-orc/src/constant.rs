//! Constants out of the bytes that a variable has in memory.

use std::ffi::c_uint;

use inkwell::module::Module;
use inkwell::values::{AsValueRef, BasicValueEnum, GlobalValue};
use llvm_sys::LLVMTypeKind as Kind;
use llvm_sys::core::{
    LLVMConstArray2, LLVMConstBitCast, LLVMConstDataArray, LLVMConstIntOfArbitraryPrecision,
    LLVMConstIntToPtr, LLVMConstNamedStruct, LLVMConstNull, LLVMConstStructInContext,
    LLVMConstVector, LLVMCountStructElementTypes, LLVMGetElementType, LLVMGetModuleContext,
    LLVMGetPointerAddressSpace, LLVMGetTypeKind, LLVMGetVectorSize, LLVMGlobalGetValueType,
    LLVMInt8TypeInContext, LLVMIntTypeInContext, LLVMStructGetTypeAtIndex, LLVMTypeIsSized,
    LLVMTypeOf,
};
use llvm_sys::prelude::{LLVMContextRef, LLVMTypeRef, LLVMValueRef};
use llvm_sys::target::{
    LLVMABISizeOfType, LLVMByteOrder, LLVMByteOrdering, LLVMGetModuleDataLayout,
    LLVMOffsetOfElement, LLVMSizeOfTypeInBits, LLVMTargetDataRef,
};

/// A constant that has these bytes in memory, all of them, those of padding too; `None` if there is none.
///
/// It is of the type of `variable` where that can be. Where it can't, because bits that the type leaves open are not zero, it is
/// of another type of the same size. `bytes` must be as many as the variable takes. `symbol` is asked for the
/// global of `module`, which is that of the variable, at the address that a pointer holds; a pointer to something else becomes a number.
pub fn constant_of_bytes<'m>(
    module: &Module<'m>,
    variable: GlobalValue<'m>,
    bytes: &[u8],
    symbol: &mut dyn FnMut(u64) -> Option<GlobalValue<'m>>,
) -> Option<BasicValueEnum<'m>> {
    let raw = module.as_mut_ptr();
    // SAFETY: a live module, which owns its data layout.
    let layout = unsafe { LLVMGetModuleDataLayout(raw) };
    // SAFETY: a live module.
    let context = unsafe { LLVMGetModuleContext(raw) };
    // SAFETY: a live variable.
    let value_type = unsafe { LLVMGlobalGetValueType(variable.as_value_ref()) };
    // SAFETY: a live data layout.
    let little = unsafe { LLVMByteOrder(layout) } == LLVMByteOrdering::LLVMLittleEndian;
    if !little || !is_plain(value_type) {
        return None;
    }
    let mut builder = Builder {
        context,
        layout,
        symbol: &mut |address| symbol(address).map(|global| global.as_value_ref()),
    };
    if builder.size(value_type) != bytes.len() {
        return None;
    }
    let constant = builder.constant(value_type, bytes);
    // SAFETY: a live constant of a first-class type.
    Some(unsafe { BasicValueEnum::new(constant) })
}

/// Whether a type is made of nothing but bits: no scalable vectors, no types of a target, nothing opaque.
fn is_plain(value_type: LLVMTypeRef) -> bool {
    // SAFETY: a live type.
    match unsafe { LLVMGetTypeKind(value_type) } {
        Kind::LLVMIntegerTypeKind
        | Kind::LLVMHalfTypeKind
        | Kind::LLVMBFloatTypeKind
        | Kind::LLVMFloatTypeKind
        | Kind::LLVMDoubleTypeKind
        | Kind::LLVMX86_FP80TypeKind
        | Kind::LLVMFP128TypeKind
        | Kind::LLVMPPC_FP128TypeKind => true,
        // SAFETY: a live pointer type. In other address spaces a pointer need not be a number.
        Kind::LLVMPointerTypeKind => unsafe { LLVMGetPointerAddressSpace(value_type) == 0 },
        Kind::LLVMArrayTypeKind | Kind::LLVMVectorTypeKind => is_plain(element(value_type)),
        Kind::LLVMStructTypeKind => {
            // SAFETY: a live type.
            let sized = unsafe { LLVMTypeIsSized(value_type) } != 0;
            sized && (0..fields(value_type)).all(|index| is_plain(field(value_type, index)))
        }
        _ => false,
    }
}

struct Builder<'a> {
    context: LLVMContextRef,
    layout: LLVMTargetDataRef,
    symbol: &'a mut dyn FnMut(u64) -> Option<LLVMValueRef>,
}

impl Builder<'_> {
    /// A constant that takes as many bytes as `value_type` does, one after the other; all have a defined value.
    fn constant(&mut self, value_type: LLVMTypeRef, bytes: &[u8]) -> LLVMValueRef {
        if bytes.iter().all(|&byte| byte == 0) {
            // SAFETY: a live, sized type.
            return unsafe { LLVMConstNull(value_type) };
        }
        // SAFETY: a live type.
        let typed = match unsafe { LLVMGetTypeKind(value_type) } {
            Kind::LLVMPointerTypeKind => self.pointer(value_type, bytes),
            Kind::LLVMArrayTypeKind => Some(self.array(value_type, bytes)),
            Kind::LLVMStructTypeKind => Some(self.structure(value_type, bytes)),
            Kind::LLVMVectorTypeKind
                // SAFETY: a live type.
                if unsafe { LLVMGetTypeKind(element(value_type)) } == Kind::LLVMPointerTypeKind =>
            {
                self.pointers(value_type, bytes)
            }
            _ => self.bits(value_type, bytes),
        };
        typed.unwrap_or_else(|| self.raw(bytes))
    }

    /// An integer, a float or a vector of them; `None` if bits are set that it has not.
    fn bits(&self, value_type: LLVMTypeRef, bytes: &[u8]) -> Option<LLVMValueRef> {
        let width = self.width(value_type);
        if (width..8 * bytes.len()).any(|index| bit(bytes, index)) {
            return None;
        }
        // SAFETY: a live type.
        if unsafe { LLVMGetTypeKind(value_type) } != Kind::LLVMVectorTypeKind {
            return self.scalar(value_type, bytes, 0);
        }
        let element_type = element(value_type);
        // LLVM packs the elements of a vector, whatever they take alone.
        let starts = (0..width).step_by(self.width(element_type));
        let mut elements = starts
            .map(|start| self.scalar(element_type, bytes, start))
            .collect::<Option<Vec<_>>>()?;
        let count = c_uint::try_from(elements.len()).ok()?;
        // SAFETY: an array of that many live constants of one type.
        Some(unsafe { LLVMConstVector(elements.as_mut_ptr(), count) })
    }

    /// The integer or float whose bits begin at bit `start`.
    fn scalar(&self, value_type: LLVMTypeRef, bytes: &[u8], start: usize) -> Option<LLVMValueRef> {
        let width = self.width(value_type);
        let mut words = vec![0_u64; width.div_ceil(64)];
        for index in (0..width).filter(|index| bit(bytes, start + index)) {
            words[index / 64] |= 1 << (index % 64);
        }
        let count = c_uint::try_from(words.len()).ok()?;
        // SAFETY: a live context, and the width of a type that variables have.
        let integer_type =
            unsafe { LLVMIntTypeInContext(self.context, c_uint::try_from(width).ok()?) };
        // SAFETY: a live type and an array of that many words.
        let integer =
            unsafe { LLVMConstIntOfArbitraryPrecision(integer_type, count, words.as_ptr()) };
        // SAFETY: as wide as the type, and constants of such types are computed at once.
        let typed = unsafe { LLVMConstBitCast(integer, value_type) };
        // SAFETY: as above.
        let back = unsafe { LLVMConstBitCast(typed, integer_type) };
        // LLVM has no number for some encodings of `x86_fp80`.
        (back == integer).then_some(typed)
    }

    fn pointer(&mut self, value_type: LLVMTypeRef, bytes: &[u8]) -> Option<LLVMValueRef> {
        if bytes.len() > size_of::<u64>() {
            return None;
        }
        let address = word(bytes);
        if address == 0 {
            // SAFETY: a live type.
            return Some(unsafe { LLVMConstNull(value_type) });
        }
        if let Some(global) = (self.symbol)(address) {
            // A global of another address space is of another type.
            // SAFETY: live values have live types.
            if unsafe { LLVMTypeOf(global) } == value_type {
                return Some(global);
            }
        }
        let width = c_uint::try_from(8 * bytes.len()).ok()?;
        // SAFETY: a live context.
        let integer_type = unsafe { LLVMIntTypeInContext(self.context, width) };
        // SAFETY: a live type and an array of one word.
        let integer =
            unsafe { LLVMConstIntOfArbitraryPrecision(integer_type, 1, &raw const address) };
        // SAFETY: a constant integer, and a pointer type of the address space in which pointers are numbers.
        Some(unsafe { LLVMConstIntToPtr(integer, value_type) })
    }

    /// A vector of pointers.
    fn pointers(&mut self, value_type: LLVMTypeRef, bytes: &[u8]) -> Option<LLVMValueRef> {
        let element_type = element(value_type);
        let size = self.size(element_type);
        // SAFETY: a live vector type.
        let count = usize::try_from(unsafe { LLVMGetVectorSize(value_type) }).ok()?;
        let (used, padding) = bytes.split_at_checked(count * size)?;
        if padding.iter().any(|&byte| byte != 0) {
            return None;
        }
        let mut elements = used
            .chunks(size)
            .map(|bytes| self.pointer(element_type, bytes))
            .collect::<Option<Vec<_>>>()?;
        let count = c_uint::try_from(elements.len()).ok()?;
        // SAFETY: an array of that many live constants of one type.
        Some(unsafe { LLVMConstVector(elements.as_mut_ptr(), count) })
    }

    fn array(&mut self, value_type: LLVMTypeRef, bytes: &[u8]) -> LLVMValueRef {
        let element_type = element(value_type);
        let size = self.size(element_type);
        if self.is_data(element_type) {
            // SAFETY: a live type of which LLVM packs constants, and a live slice. The host's byte order is the module's.
            return unsafe { LLVMConstDataArray(element_type, bytes.as_ptr().cast(), bytes.len()) };
        }
        // Not all bytes are zero, so there are some, and so the elements have a size.
        let elements = bytes
            .chunks(size)
            .map(|bytes| self.constant(element_type, bytes))
            .collect();
        self.row(elements)
    }

    /// Constants of one type as an array, others as a packed structure.
    fn row(&self, mut elements: Vec<LLVMValueRef>) -> LLVMValueRef {
        // SAFETY: live values have live types.
        let type_of = |value: &LLVMValueRef| unsafe { LLVMTypeOf(*value) };
        let first = type_of(&elements[0]);
        if elements.iter().all(|element| type_of(element) == first) {
            let count = elements.len() as u64;
            // SAFETY: an array of that many live constants of that type.
            return unsafe { LLVMConstArray2(first, elements.as_mut_ptr(), count) };
        }
        self.packed(elements)
    }

    fn packed(&self, mut parts: Vec<LLVMValueRef>) -> LLVMValueRef {
        // A variable with 2³² parts would not fit into the bytes that were read.
        let count = parts.len() as c_uint;
        // SAFETY: a live context and an array of that many live constants.
        unsafe { LLVMConstStructInContext(self.context, parts.as_mut_ptr(), count, 1) }
    }

    fn structure(&mut self, value_type: LLVMTypeRef, bytes: &[u8]) -> LLVMValueRef {
        let mut parts = Vec::new();
        let mut values = Vec::new();
        let mut is_typed = true;
        let mut end = 0;
        for index in 0..fields(value_type) {
            // SAFETY: a live structure type of a known size, and an index that it has.
            let offset = unsafe { LLVMOffsetOfElement(self.layout, value_type, index) };
            // An offset within bytes that are in memory.
            let offset = offset as usize;
            let field_type = field(value_type, index);
            let size = self.size(field_type);
            is_typed &= self.padding(&bytes[end..offset], &mut parts);
            let value = self.constant(field_type, &bytes[offset..offset + size]);
            // SAFETY: live values have live types.
            is_typed &= unsafe { LLVMTypeOf(value) } == field_type;
            parts.push(value);
            values.push(value);
            end = offset + size;
        }
        is_typed &= self.padding(&bytes[end..], &mut parts);
        if !is_typed {
            return self.packed(parts);
        }
        let count = values.len() as c_uint;
        // SAFETY: a live structure type, and a constant of its type for each field; LLVM leaves padding zero.
        unsafe { LLVMConstNamedStruct(value_type, values.as_mut_ptr(), count) }
    }

    /// Adds the bytes between two fields. Whether they may as well be left to LLVM.
    fn padding(&self, bytes: &[u8], parts: &mut Vec<LLVMValueRef>) -> bool {
        if !bytes.is_empty() {
            parts.push(self.raw(bytes));
        }
        bytes.iter().all(|&byte| byte == 0)
    }

    fn raw(&self, bytes: &[u8]) -> LLVMValueRef {
        // SAFETY: a live context.
        let byte = unsafe { LLVMInt8TypeInContext(self.context) };
        // SAFETY: a live type of which LLVM packs constants, and a live slice.
        unsafe { LLVMConstDataArray(byte, bytes.as_ptr().cast(), bytes.len()) }
    }

    /// Whether LLVM keeps arrays of the type as bytes (`ConstantDataSequential::isElementTypeCompatible`).
    fn is_data(&self, element_type: LLVMTypeRef) -> bool {
        // SAFETY: a live type.
        let kind = unsafe { LLVMGetTypeKind(element_type) };
        match kind {
            Kind::LLVMIntegerTypeKind => matches!(self.width(element_type), 8 | 16 | 32 | 64),
            Kind::LLVMHalfTypeKind
            | Kind::LLVMBFloatTypeKind
            | Kind::LLVMFloatTypeKind
            | Kind::LLVMDoubleTypeKind => true,
            _ => false,
        }
    }

    fn width(&self, value_type: LLVMTypeRef) -> usize {
        // SAFETY: a live, sized type.
        let bits = unsafe { LLVMSizeOfTypeInBits(self.layout, value_type) };
        usize::try_from(bits).unwrap_or(usize::MAX)
    }

    /// The bytes from one variable of the type to the next in an array.
    fn size(&self, value_type: LLVMTypeRef) -> usize {
        // SAFETY: a live, sized type.
        let size = unsafe { LLVMABISizeOfType(self.layout, value_type) };
        usize::try_from(size).unwrap_or(usize::MAX)
    }
}

fn bit(bytes: &[u8], index: usize) -> bool {
    bytes
        .get(index / 8)
        .is_some_and(|byte| byte >> (index % 8) & 1 != 0)
}

/// Up to eight bytes as a number.
fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, &byte| word << 8 | u64::from(byte))
}

fn element(sequence: LLVMTypeRef) -> LLVMTypeRef {
    // SAFETY: the callers pass a live array or vector type.
    unsafe { LLVMGetElementType(sequence) }
}

fn fields(structure: LLVMTypeRef) -> c_uint {
    // SAFETY: the callers pass a live structure type.
    unsafe { LLVMCountStructElementTypes(structure) }
}

fn field(structure: LLVMTypeRef, index: c_uint) -> LLVMTypeRef {
    // SAFETY: the callers pass a live structure type and an index that it has.
    unsafe { LLVMStructGetTypeAtIndex(structure, index) }
}
