//! The architecture this process runs on: its encoder, what its CPU has, its instruction cache.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
use x86_64 as imp;

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "aarch64")]
use aarch64 as imp;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("tjit-stubs has no stub encoder for this architecture");

pub(crate) use imp::encoder;

/// The trampoline for this CPU: calls `resolver(context, index, return address)` with the C convention of this host.
pub(crate) fn trampoline(resolver: u64, context: u64) -> Vec<u8> {
    imp::trampoline(resolver, context)
}

/// Makes instructions just written to `bytes` visible to instruction fetch on every core.
pub(crate) fn flush_instruction_cache(bytes: &[u8]) {
    imp::flush_instruction_cache(bytes);
}
