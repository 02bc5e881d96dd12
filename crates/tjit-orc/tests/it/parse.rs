//! From bytes to modules, and what happens to bytes that are none.

use std::io::Write;
use std::ops::Range;
use std::process::{Command, Stdio};

use tjit_orc::{Error, ErrorKind, ThreadSafeContext, ThreadSafeModule};
use tjit_test_util::temp_dir;

fn bitcode() -> Vec<u8> {
    // Written here rather than by clang, so that it is the same on every machine with this LLVM.
    parse_named("flips.ll", include_bytes!("flips.ll"))
        .unwrap_or_else(|error| panic!("{error}"))
        .to_bitcode()
        .as_slice()
        .to_vec()
}

fn parse_named(name: &str, bytes: &[u8]) -> Result<ThreadSafeModule, Error> {
    ThreadSafeContext::new().parse(name, bytes)
}

#[track_caller]
fn fails(bytes: &[u8], text: &str) {
    let error = parse_named("input", bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parse);
    assert_eq!(error.operation(), "parsing `input`");
    assert!(error.message().contains(text), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
}

#[test]
fn bitcode_and_text_are_told_apart() {
    assert!(parse_named("a", &bitcode()).is_ok());
    assert!(parse_named("a", b"define void @f() { ret void }").is_ok());
    assert!(parse_named("a", b"; nothing but a comment").is_ok());
}

#[test]
fn empty_input() {
    fails(b"", "the file is empty");
}

#[test]
fn bytes_that_are_neither() {
    fails(b"\x7fELF\x02\x01\x01", "expected top-level entity");
}

#[test]
fn truncated_bitcode() {
    let bitcode = bitcode();
    // The four bytes of the magic number alone, then ever more.
    for length in (4..bitcode.len()).step_by(bitcode.len() / 40) {
        let error = parse_named("input", &bitcode[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse, "{length} bytes");
    }
}

#[test]
fn syntax_errors_say_where() {
    let ir = b"define void @f() {\n  ret void\n}\ndefine void @g() {\n  ret viod\n}\n";
    let error = parse_named("dir/bad.ll", ir).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parsing `dir/bad.ll`: dir/bad.ll:5:7: error: expected type"
    );
}

#[test]
fn a_name_with_a_nul_byte() {
    let error = parse_named("a\0b", b"; x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Name);
    assert!(error.message().contains("NUL"), "{error}");
}

#[test]
fn files_that_can_not_be_read() {
    let directory = temp_dir();
    let context = ThreadSafeContext::new();
    for path in [
        directory.path().join("missing.ll"),
        directory.path().to_owned(),
    ] {
        let error = context.parse_file(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse);
        assert!(
            error.operation().contains(path.to_str().unwrap()),
            "{error}"
        );
    }
    let path = directory.path().join("good.ll");
    std::fs::write(&path, "define void @f() { ret void }").unwrap();
    let module = context.parse_file(&path).unwrap();
    let name = module.with_module(|module| module.get_name().to_str().unwrap().to_owned());
    assert_eq!(name, path.to_str().unwrap());
}

/// Where the flips of one run of the child start and end; unset in an ordinary test run.
const RANGE: &str = "TJIT_ORC_FLIPS";

const FLIPS: usize = 300;

/// The bit that flip `index` turns over: a linear congruential generator (Knuth's MMIX constants), the same on every
/// machine.
fn flipped_bit(index: usize, bits: usize) -> usize {
    let mut state = u64::try_from(index).unwrap();
    for _ in 0..3 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
    }
    usize::try_from(state >> 33).unwrap() % bits
}

/// What a child process did with its flips.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    refused: usize,
    accepted: usize,
    /// Flips that ended the process.
    fatal: Vec<usize>,
}

/// LLVM's bitcode reader is not made for malformed input. Failure means that a flip ended the process by which it did
/// not before.
#[test]
fn flipped_bits() {
    let mut tally = Tally::default();
    let mut next = 0;
    while next < FLIPS {
        next = run_child(next..FLIPS, &mut tally);
    }
    assert_eq!(tally.refused + tally.accepted + tally.fatal.len(), FLIPS);
    let known = |flip: &usize| FATAL_FLIPS.contains(flip);
    assert!(tally.fatal.iter().all(known), "{tally:?}");
    assert!(tally.refused > FLIPS / 4, "{tally:?}");
}

/// Flips that end the process inside LLVM 22.1.8: a segmentation fault in its reader of functions, and an allocation of
/// more memory than there is, at which LLVM aborts. No handler helps there, only reading in a process of its own. This
/// list may only get shorter.
const FATAL_FLIPS: &[usize] = &[163, 166];

/// Lets a child try flips; returns where to go on.
fn run_child(flips: Range<usize>, tally: &mut Tally) -> usize {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "parse::child", "--nocapture", "--test-threads=1"])
        .env(RANGE, format!("{}..{}", flips.start, flips.end))
        .stderr(Stdio::null())
        .output()
        .unwrap();
    let mut done = flips.start;
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        // The first one is preceded on its line by what the test harness writes.
        if line.ends_with("flip refused") {
            tally.refused += 1;
        } else if line.ends_with("flip accepted") {
            tally.accepted += 1;
        } else {
            continue;
        }
        done += 1;
    }
    if done < flips.end {
        tally.fatal.push(done);
        done += 1;
    }
    done
}

/// Not a test of its own: the process in which [`flipped_bits`] tries them.
#[test]
fn child() {
    let Ok(range) = std::env::var(RANGE) else {
        return;
    };
    let (start, end) = range.split_once("..").unwrap();
    let original = bitcode();
    for index in start.parse::<usize>().unwrap()..end.parse().unwrap() {
        let mut flipped = original.clone();
        let bit = flipped_bit(index, flipped.len() * 8);
        flipped[bit / 8] ^= 1 << (bit % 8);
        let result = parse_named("flipped", &flipped).and_then(|module| module.verify());
        let word = if result.is_ok() {
            "accepted"
        } else {
            "refused"
        };
        let mut out = std::io::stdout();
        writeln!(out, "flip {word}").unwrap();
        out.flush().unwrap();
    }
}
