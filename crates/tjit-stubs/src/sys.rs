//! What the operating system does for us: reserve addresses, change protection, keep `errno`.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as imp;

#[cfg(not(target_os = "linux"))]
compile_error!("tjit-stubs cannot map stubs on this operating system");

pub(crate) use imp::{ErrnoGuard, Mapping, page_size};
