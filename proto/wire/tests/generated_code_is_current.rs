//! Makes the protobuf code anew with a pure-Rust compiler (no protoc) and
//! compares it with what is checked in. `DRIFTLINE_BLESS=1` writes it instead.
#![allow(clippy::disallowed_methods, reason = "reads files that this test has just made")]

use std::path::Path;

#[test]
fn generated_code_is_current() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let files = protox::compile(["driftline/v1/driftline.proto"], [crate_dir.join("proto")]).unwrap();
    let made = tonic_prost_build::configure().emit_rerun_if_changed(false).codec_path("crate::codec::FrameCodec");
    made.out_dir(out.path()).compile_fds(files).unwrap();

    let made = std::fs::read(out.path().join("driftline.v1.rs")).unwrap();
    let kept_at = crate_dir.join("src/gen/driftline.v1.rs");
    if std::env::var_os("DRIFTLINE_BLESS").is_some() {
        std::fs::write(&kept_at, &made).unwrap();
    }
    let kept = std::fs::read(&kept_at).unwrap();
    assert!(kept == made, "generated code differs from the .proto: run this test with DRIFTLINE_BLESS=1");
}
