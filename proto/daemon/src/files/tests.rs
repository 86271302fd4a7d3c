use std::time::{Duration, Instant};

use rustix::fs::{CWD, mknodat};

use super::*;

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_file_is_read_up_to_its_limit_and_not_beyond() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    fs::write(&path, b"12345").unwrap();
    assert_eq!(read_limited(&path, 5).unwrap(), b"12345");
    let error = read_limited(&path, 4).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    assert_eq!(error.to_string(), "has more than 4 bytes");
}

#[test]
fn a_fifo_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let began = Instant::now();
    assert_eq!(read_limited(&path, 10).unwrap_err().to_string(), "is a FIFO");
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_device_a_directory_and_nothing_are_told_apart() {
    assert_eq!(read_limited(Path::new("/dev/zero"), 10).unwrap_err().to_string(), "is a character device");
    assert_eq!(read_limited(Path::new("/"), 10).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    assert_eq!(read_limited(Path::new("/none/such"), 10).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_private_file_replaces_one_that_others_could_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    fs::write(&path, b"old").unwrap();
    write_private(&path, b"new").unwrap();
    assert_eq!(read_limited(&path, 10).unwrap(), b"new");
    assert_eq!(mode_of(&path), 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_write_that_fails_leaves_the_old_file_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("taken");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), b"x").unwrap();
    write_private(&path, b"new").unwrap_err();
    assert!(path.join("inside").exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_leftover_of_a_crash_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    fs::write(dir.path().join(format!("key.{}.new", std::process::id())), b"torn").unwrap();
    write_private(&path, b"new").unwrap();
    assert_eq!(read_limited(&path, 10).unwrap(), b"new");
}

#[test]
fn a_path_without_a_file_name_is_refused() {
    assert_eq!(write_private(Path::new("/"), b"").unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn directories_are_made_private_and_open_ones_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b");
    create_private_dir(&path).unwrap();
    assert_eq!(mode_of(&path), 0o700);
    create_private_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let error = create_private_dir(&path).unwrap_err();
    assert_eq!(error.to_string(), "has mode 0755, and only its owner may enter it (0700)");
}

#[test]
fn a_lock_is_held_once_and_names_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let lock = Lock::take(&path).unwrap();
    let error = Lock::take(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is in use by process {}", path.display(), std::process::id()));
    drop(lock);
    Lock::take(&path).unwrap();
}

#[test]
fn a_lock_file_of_garbage_is_still_a_lock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    fs::write(&path, b"not a number at all, and long").unwrap();
    let _lock = Lock::take(&path).unwrap();
    assert!(matches!(Lock::take(&path), Err(LockError::Held { .. })));
}
