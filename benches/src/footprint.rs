//! What a process has of the system, at one moment.

use std::fs;

/// What a process has, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Mappings of its address space.
    pub mappings: usize,
    /// Bytes that are resident.
    pub resident: u64,
    /// The most bytes that were, since [`Footprint::forget_peak`].
    pub peak: u64,
}

impl Footprint {
    /// Of this process.
    ///
    /// # Panics
    /// If the system does not say it as Linux does.
    #[must_use]
    pub fn now() -> Self {
        let maps = fs::read_to_string("/proc/self/maps").expect("Linux has it");
        let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
        let bytes = |name| {
            let kibibytes = status.lines().find_map(|line| {
                let value = line.strip_prefix(name)?.strip_prefix(':')?;
                value.trim().strip_suffix(" kB")?.parse::<u64>().ok()
            });
            kibibytes.expect("Linux says it") << 10
        };
        Self {
            mappings: maps.lines().count(),
            resident: bytes("VmRSS"),
            peak: bytes("VmHWM"),
        }
    }

    /// Begins to look for the peak anew.
    ///
    /// # Panics
    /// If the system does not allow it as Linux does (`clear_refs` of proc(5)).
    pub fn forget_peak() {
        fs::write("/proc/self/clear_refs", "5").expect("Linux allows it");
    }
}

#[cfg(test)]
mod tests {
    use super::Footprint;

    #[test]
    fn memory_that_is_written_is_resident() {
        Footprint::forget_peak();
        let written = std::hint::black_box(vec![1_u8; 64 << 20]);
        let now = Footprint::now();
        assert!(
            now.peak >= 64 << 20 && now.resident > 0 && now.mappings > 0,
            "{now:?}"
        );
        drop(written);
    }
}
