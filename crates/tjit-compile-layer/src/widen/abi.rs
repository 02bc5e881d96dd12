//! Which signatures mean other registers on a processor with more features.

use inkwell::types::{BasicMetadataTypeEnum, BasicTypeEnum, FunctionType};

use crate::compiled::KeptFeatures;

/// The width in bits of vectors that every processor of the architecture passes in one register: xmm0 and q0.
const BASELINE_VECTOR_BITS: u64 = 128;

/// Calling conventions that save the same registers whatever the features, by LLVM's numbers (`CallingConv.h`): C,
/// fast, cold, GHC, preserve_most, Swift, tail, Swift tail, the System V and the Windows convention of x86-64.
const FEATURE_FREE: &[u32] = &[0, 8, 9, 10, 14, 16, 18, 20, 78, 79];

/// Why a signature depends on features, if it does.
pub(super) fn depends_on_features(
    signature: FunctionType<'_>,
    convention: u32,
) -> Option<KeptFeatures> {
    if !FEATURE_FREE.contains(&convention) {
        return Some(KeptFeatures::CallingConvention);
    }
    let parameters = signature
        .get_param_types()
        .into_iter()
        .filter_map(value_type);
    signature
        .get_return_type()
        .into_iter()
        .chain(parameters)
        .any(has_wide_vector)
        .then_some(KeptFeatures::VectorSignature)
}

fn value_type(parameter: BasicMetadataTypeEnum<'_>) -> Option<BasicTypeEnum<'_>> {
    BasicTypeEnum::try_from(parameter).ok()
}

/// Whether a type holds a vector that does not fit a register of every processor.
pub(super) fn has_wide_vector(outer: BasicTypeEnum<'_>) -> bool {
    // An explicit stack: types may be nested deeper than ours is.
    let mut pending = vec![outer];
    while let Some(inner) = pending.pop() {
        match inner {
            BasicTypeEnum::VectorType(vector) => {
                if is_wide(vector.get_element_type(), vector.get_size()) {
                    return true;
                }
            }
            BasicTypeEnum::ScalableVectorType(_) => return true,
            BasicTypeEnum::ArrayType(array) => pending.push(array.get_element_type()),
            BasicTypeEnum::StructType(structure) => pending.extend(structure.get_field_types()),
            BasicTypeEnum::IntType(_)
            | BasicTypeEnum::FloatType(_)
            | BasicTypeEnum::PointerType(_) => {}
        }
    }
    false
}

/// Vectors of bits and other odd sizes count as wide: AVX-512 passes them in mask registers.
fn is_wide(element: BasicTypeEnum<'_>, length: u32) -> bool {
    const POINTER_BITS: u32 = 64;
    let element_bits = match element {
        BasicTypeEnum::IntType(int) => int.get_bit_width(),
        BasicTypeEnum::FloatType(float) => float.get_bit_width(),
        _ => POINTER_BITS,
    };
    let odd = !element_bits.is_multiple_of(8);
    odd || u64::from(element_bits) * u64::from(length) > BASELINE_VECTOR_BITS
}
