//! Whole processes: how long they take and how much memory.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A process that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Finished {
    /// From before it was created to after it was waited for.
    pub wall: Duration,
    /// The most memory it had resident at one time, in bytes.
    pub peak_bytes: u64,
}

/// Runs `command` to its end; what it prints goes nowhere.
///
/// # Panics
/// If it does not start or fails: a process that fails is quick and small.
#[must_use]
#[expect(
    clippy::zombie_processes,
    reason = "`wait` waits for it, and gets its use of memory too"
)]
pub fn run(command: &mut Command) -> Finished {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let child = command
        .spawn()
        .unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
    let (status, usage) =
        wait(&child).unwrap_or_else(|error| panic!("waiting for {command:?}: {error}"));
    let wall = start.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    let peak_bytes = peak(&usage);
    // Linux counts what the parent has resident when it creates the process towards the child's peak (`exec_mmap`).
    let own = peak(&own_usage());
    assert!(
        peak_bytes > own,
        "{command:?}: its peak of {peak_bytes} bytes hides behind the {own} of this process"
    );
    Finished { wall, peak_bytes }
}

/// Waits for a child that nobody else waits for.
fn wait(child: &Child) -> io::Result<(ExitStatus, libc::rusage)> {
    let pid = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    let mut status = 0;
    let mut usage = no_usage();
    loop {
        // SAFETY: both pointers are valid for writes; `pid` is our child and was not waited for.
        let waited = unsafe { libc::wait4(pid, &mut status, 0, &mut usage) };
        if waited == pid {
            return Ok((ExitStatus::from_raw(status), usage));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

fn own_usage() -> libc::rusage {
    let mut usage = no_usage();
    // SAFETY: the pointer is valid for writes. The call can't fail with these arguments.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut usage) };
    usage
}

fn no_usage() -> libc::rusage {
    // SAFETY: a C structure of integers, for which zero is a value.
    unsafe { std::mem::zeroed() }
}

/// The peak in bytes, which Linux counts in KiB and macOS in bytes.
fn peak(usage: &libc::rusage) -> u64 {
    let unit = if cfg!(target_vendor = "apple") {
        1
    } else {
        1 << 10
    };
    u64::try_from(usage.ru_maxrss).unwrap_or_default() * unit
}

/// What `command` prints on its standard output.
///
/// # Panics
/// If it does not start or fails.
#[must_use]
pub fn output(command: &mut Command) -> Vec<u8> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("starting {command:?}: {error}"));
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{shown}",
        output.status
    );
    output.stdout
}
