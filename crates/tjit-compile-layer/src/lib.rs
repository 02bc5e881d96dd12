//! An ORC IR compile layer that picks the optimisation level by the tier suffix.
