//! LLVM's variables at the end of the process: they stay.
//!
//! LLVM makes many a static variable when a pass first needs it, and with it registers its destructor. Handlers of `exit` run last
//! registered first, so those destructors would run before handlers of a program that was started earlier, which may have
//! functions compiled, and while other threads compile. So libLLVM's own entry for `__cxa_atexit` in its table of imported
//! functions is led to one that registers nothing; the rest of the process keeps the C library's. What libLLVM registered while it
//! was loaded stays registered: it is destroyed after everything that was registered since.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::slice;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use libc::{PT_DYNAMIC, PT_GNU_RELRO, PT_LOAD, dl_phdr_info};
use llvm_sys::core::LLVMContextCreate;
use object::NativeEndian;
use object::elf::{
    DT_JMPREL, DT_NULL, DT_PLTRELSZ, DT_RELA, DT_RELASZ, DT_STRTAB, DT_SYMTAB, Dyn64, DynamicTag,
    R_AARCH64_GLOB_DAT, R_AARCH64_JUMP_SLOT, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, Rela64,
    RelocationType, Sym64,
};

type Destructor = unsafe extern "C" fn(*mut c_void);
type Register = extern "C" fn(Option<Destructor>, *mut c_void, *mut c_void) -> c_int;

const NAME: &CStr = c"__cxa_atexit";
const E: NativeEndian = NativeEndian;

/// Relocations that fill in addresses of functions.
const SLOTS: [RelocationType; 2] = if cfg!(target_arch = "aarch64") {
    [R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT]
} else {
    [R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT]
};

/// Sees to it, once, that variables which LLVM makes from now on are not destroyed at exit. Where LLVM is part of the executable
/// or of the library that we are in, its handlers can't be told from others', and stay.
pub(crate) fn keep() {
    static KEPT: Once = Once::new();
    KEPT.call_once(|| {
        // SAFETY: the callback has no preconditions but those that this function promises, and does not use its data.
        unsafe { libc::dl_iterate_phdr(Some(visit), std::ptr::null_mut()) };
    });
}

/// Whether nothing of LLVM is ever destroyed.
static IS_NEVER_DESTROYED: AtomicBool = AtomicBool::new(false);

/// Says that the process sees to it that no destructor of LLVM runs at its end, those included that were registered while LLVM was
/// loaded. Code is compiled to the very end then, and nobody waits for what is being compiled when the process ends.
pub fn llvm_is_never_destroyed() {
    // Relaxed, here and below: it is said before anything is compiled, and orders nothing.
    IS_NEVER_DESTROYED.store(true, Ordering::Relaxed);
}

/// Whether destructors of LLVM may run at the end of the process.
#[must_use]
pub fn is_llvm_destroyed() -> bool {
    !IS_NEVER_DESTROYED.load(Ordering::Relaxed)
}

/// Takes the place of `__cxa_atexit`.
extern "C" fn register_nothing(
    _destructor: Option<Destructor>,
    _argument: *mut c_void,
    _dso: *mut c_void,
) -> c_int {
    0
}

/// Called with each object of the process until it returns something else than zero.
///
/// # Safety
/// `info` describes a loaded object.
unsafe extern "C" fn visit(info: *mut dl_phdr_info, _size: usize, _data: *mut c_void) -> c_int {
    // SAFETY: says our caller.
    let object = unsafe { Loaded::new(&*info) };
    if !object.contains(LLVMContextCreate as *const () as usize) {
        return 0;
    }
    if !object.contains(register_nothing as Register as usize) {
        object.redirect();
    }
    1
}

/// A loaded object.
struct Loaded<'a> {
    base: usize,
    headers: &'a [libc::Elf64_Phdr],
}

impl<'a> Loaded<'a> {
    /// # Safety
    /// `info` describes an object that stays loaded.
    unsafe fn new(info: &'a dl_phdr_info) -> Self {
        // SAFETY: the program headers of a loaded object, says our caller.
        let headers =
            unsafe { slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        Self {
            base: info.dlpi_addr as usize,
            headers,
        }
    }

    /// Where in memory the segments of one kind are: address and size.
    fn segments(&self, kind: u32) -> impl Iterator<Item = (usize, usize)> {
        let headers = self
            .headers
            .iter()
            .filter(move |header| header.p_type == kind);
        headers.map(|header| (self.base + header.p_vaddr as usize, header.p_memsz as usize))
    }

    fn contains(&self, address: usize) -> bool {
        self.segments(PT_LOAD)
            .any(|(start, size)| (start..start + size).contains(&address))
    }

    /// What the dynamic section says under a tag.
    fn dynamic(&self, tag: DynamicTag) -> Option<usize> {
        let (start, size) = self.segments(PT_DYNAMIC).next()?;
        // SAFETY: a segment of a loaded object, which is an array of entries; any bytes are one.
        let entries = unsafe {
            slice::from_raw_parts(
                start as *const Dyn64<NativeEndian>,
                size / size_of::<Dyn64<NativeEndian>>(),
            )
        };
        let mut entries = entries
            .iter()
            .take_while(|entry| entry.d_tag.get(E) != DT_NULL);
        let entry = entries.find(|entry| entry.d_tag.get(E) == tag)?;
        usize::try_from(entry.d_val.get(E)).ok()
    }

    /// The address that the dynamic section says; glibc has made it absolute, other loaders leave it relative to the object.
    fn address(&self, tag: DynamicTag) -> Option<usize> {
        let address = self.dynamic(tag)?;
        Some(if address < self.base {
            self.base + address
        } else {
            address
        })
    }

    /// Leads the object's own entries for the function to ours.
    fn redirect(&self) {
        let (Some(symbols), Some(strings)) = (self.address(DT_SYMTAB), self.address(DT_STRTAB))
        else {
            return;
        };
        for (table, size) in [(DT_JMPREL, DT_PLTRELSZ), (DT_RELA, DT_RELASZ)] {
            let (Some(table), Some(size)) = (self.address(table), self.dynamic(size)) else {
                continue;
            };
            // SAFETY: the loader has gone through this table, whose entries have addends on the machines that we know; any bytes
            // are an entry.
            let entries = unsafe {
                slice::from_raw_parts(
                    table as *const Rela64<NativeEndian>,
                    size / size_of::<Rela64<NativeEndian>>(),
                )
            };
            for entry in entries {
                let symbol = entry.r_sym(E, false);
                if symbol == 0 || !SLOTS.contains(&entry.r_type(E, false)) {
                    continue;
                }
                // SAFETY: relocations refer to symbols of the object's table, and those to NUL-terminated names.
                let name = unsafe {
                    let symbol = symbols as *const Sym64<NativeEndian>;
                    let symbol = &*symbol.add(entry.r_sym(E, false) as usize);
                    CStr::from_ptr((strings + symbol.st_name.get(E) as usize) as *const c_char)
                };
                if name == NAME {
                    self.lead(self.base + entry.r_offset.get(E) as usize);
                }
            }
        }
    }

    /// Leads the entry at an address to our function.
    fn lead(&self, entry: usize) {
        let is_protected = self
            .segments(PT_GNU_RELRO)
            .any(|(start, size)| (start..start + size).contains(&entry));
        if is_protected && !protect(entry, libc::PROT_READ | libc::PROT_WRITE) {
            return;
        }
        // SAFETY: a word of the object that the loader has filled in, and which is writable now; the processor may read it at
        // any time, so it is only ever written at once.
        let slot = unsafe { AtomicUsize::from_ptr(entry as *mut usize) };
        // Release: nothing is to be seen through it but code that has always been there.
        slot.store(register_nothing as Register as usize, Ordering::Release);
        if is_protected {
            protect(entry, libc::PROT_READ);
        }
    }
}

/// Changes what may be done with the page of an address. False if the system says no.
fn protect(address: usize, protection: c_int) -> bool {
    // SAFETY: a question without preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let Ok(size) = usize::try_from(size) else {
        return false;
    };
    let page = address / size * size;
    // SAFETY: a page that holds nothing but what the loader has filled in for libLLVM: it stays readable.
    unsafe { libc::mprotect(page as *mut c_void, size, protection) == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the entries for the function lead to, in the object that LLVM is in.
    unsafe extern "C" fn look(info: *mut dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
        // SAFETY: the system describes a loaded object.
        let object = unsafe { Loaded::new(&*info) };
        if !object.contains(LLVMContextCreate as *const () as usize) {
            return 0;
        }
        let own = register_nothing as Register as usize;
        let words = object.segments(PT_LOAD).filter(|&(start, _)| {
            // Where the table is, which is writable.
            object.headers.iter().any(|header| {
                header.p_type == PT_LOAD
                    && header.p_flags & libc::PF_W != 0
                    && object.base + header.p_vaddr as usize == start
            })
        });
        let found = words
            .flat_map(|(start, size)| (start.next_multiple_of(8)..start + size - 8).step_by(8));
        // SAFETY: words of a loaded, readable segment.
        let count = found
            .filter(|&word| unsafe { (word as *const usize).read_volatile() } == own)
            .count();
        // SAFETY: the test's own counter.
        unsafe { *data.cast::<usize>() = count };
        1
    }

    #[test]
    fn llvm_registers_nothing() {
        keep();
        let mut count = 0_usize;
        // SAFETY: the callback gets the counter that it expects.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut count).cast()) };
        assert_eq!(count, 1, "one entry leads to our function");
    }
}
