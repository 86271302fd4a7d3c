//! Files, and what only looks like one.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn a_file_is_read_up_to_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    std::fs::write(&path, b"12345").unwrap();
    assert_eq!(read_limited(&path, 5).unwrap(), b"12345");
    assert!(read_limited(&path, 4).unwrap_err().to_string().contains("more than 4 bytes"));
}

#[test]
fn w9_what_is_no_file_is_refused_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    assert!(read_limited(dir.path(), 9).unwrap_err().to_string().contains("directory"));
    assert!(read_limited(Path::new("/dev/null"), 9).unwrap_err().to_string().contains("not a regular file"));
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_bits_truncate(0o600),
        0,
    )
    .unwrap();
    assert!(read_limited(&fifo, 9).unwrap_err().to_string().contains("not a regular file"));
    assert_eq!(read_limited(&dir.path().join("none"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn what_is_written_is_private_and_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/er/cli.toml");
    write_private(&path, b"one").unwrap();
    write_private(&path, b"two").unwrap();
    assert_eq!(read_limited(&path, 9).unwrap(), b"two");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}
