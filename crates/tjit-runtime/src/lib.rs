//! Function table, per-function state machine, trip queue and events of a tiered JIT.
