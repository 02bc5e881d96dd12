//! Processors and triples.

use tjit_orc::{ErrorKind, Host, Subtarget, llvm_version, normalize_triple};

#[test]
fn the_host_is_what_this_was_compiled_for() {
    let host = Host::get().unwrap();
    assert!(host.triple.starts_with(std::env::consts::ARCH), "{host:?}");
    assert!(llvm_version().starts_with("22."));
}

#[test]
fn triples_have_one_spelling() {
    assert_eq!(
        normalize_triple("x86_64-linux-gnu").unwrap(),
        "x86_64-unknown-linux-gnu"
    );
    assert_eq!(
        normalize_triple("a\0b").unwrap_err().kind(),
        ErrorKind::Name
    );
}

#[cfg(target_arch = "x86_64")]
#[test]
fn features_imply_others() {
    let generic = Subtarget::new("", "").unwrap();
    assert!(generic.has("sse2") && !generic.has("avx"));
    let wide = Subtarget::new("x86-64", "+avx512f").unwrap();
    assert!(wide.has("fma") && wide.has("avx2"));
    let narrowed = Subtarget::new("x86-64-v4", "-avx2").unwrap();
    assert!(narrowed.has("avx") && !narrowed.has("avx512f"));
    let v3 = Subtarget::new("x86-64-v3", "").unwrap();
    assert!(v3.features().any(|feature| feature == "fma"));
    assert_eq!(
        Subtarget::host().unwrap().has("avx2"),
        std::arch::is_x86_feature_detected!("avx2")
    );
}

/// Failure, most likely the end of the process, may indicate that an unknown processor reached the code generator.
#[test]
fn unknown_processors_and_features() {
    let error = Subtarget::new("abacus", "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Target);
    assert_eq!(
        error.to_string(),
        "looking up the processor `abacus`: LLVM does not know it"
    );
    let host = Subtarget::host().unwrap();
    assert!(!host.knows("no-such-thing"));
    assert_eq!(host.keep_known("+no-such-thing,,-,x"), "");
    assert_eq!(
        Subtarget::new("", "+no-such-thing").unwrap(),
        Subtarget::new("", "").unwrap()
    );
}
