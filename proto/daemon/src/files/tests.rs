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

#[test]
#[ignore = "run by the test of locks, in its own process"]
fn child_that_holds_a_lock() {
    let path = std::env::var_os("DRIFTLINE_TEST_PATH").unwrap();
    let _lock = Lock::take(Path::new(&path)).unwrap();
    // Until it is killed, or the parent is gone.
    _ = io::stdin().read(&mut [0]);
}

#[test]
fn a_lock_of_another_process_is_held_until_that_is_killed() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lock");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "files::tests::child_that_holds_a_lock", "--ignored"])
        .env("DRIFTLINE_TEST_PATH", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let began = Instant::now();
    while !read_limited(&path, 100).is_ok_and(|text| text == format!("{pid}\n").as_bytes()) {
        assert!(began.elapsed() < Duration::from_secs(60), "the child took no lock");
        std::thread::sleep(Duration::from_millis(20));
    }
    let error = Lock::take(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("{} is in use by process {pid}", path.display()));
    assert_eq!(read_limited(&path, 100).unwrap(), format!("{pid}\n").as_bytes(), "who asks writes nothing");
    child.kill().unwrap();
    child.wait().unwrap();
    let _lock = Lock::take(&path).unwrap();
    assert_eq!(read_limited(&path, 100).unwrap(), format!("{}\n", std::process::id()).as_bytes());
}

#[test]
fn a_lock_that_cannot_be_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = Lock::take(&dir.path().join("none/lock")).unwrap_err();
    assert!(matches!(error, LockError::Io { .. }), "{error:?}");
    assert!(error.to_string().ends_with("none/lock"), "{error}");
    assert!(matches!(Lock::take(dir.path()).unwrap_err(), LockError::Io { .. }), "a directory is no lock");
}

/// The process id of a child that has ended.
fn dead_pid() -> u32 {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child.id()
}

#[test]
fn a_leftover_of_a_process_that_is_gone_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let leftover = dir.path().join(format!("key.{}.new", dead_pid()));
    fs::write(&leftover, b"half a private key").unwrap();
    write_private(&dir.path().join("key"), b"new").unwrap();
    assert!(!leftover.exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_leftover_stays() {
    let dir = tempfile::tempdir().unwrap();
    // Our parent runs: what it writes is its own.
    let live = format!("key.{}.new", std::os::unix::process::parent_id());
    let dead = dead_pid();
    let others = [live, format!("other.{dead}.new"), format!("key.{dead}.old"), "key.x.new".into(), "key.new".into()];
    for name in &others {
        fs::write(dir.path().join(name), b"mine").unwrap();
    }
    write_private(&dir.path().join("key"), b"new").unwrap();
    for name in &others {
        assert_eq!(read_limited(&dir.path().join(name), 10).unwrap(), b"mine", "{name}");
    }
}

#[test]
fn a_leftover_that_is_a_link_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("target");
    fs::write(&target, b"precious").unwrap();
    let own = dir.path().join(format!("key.{}.new", std::process::id()));
    std::os::unix::fs::symlink(&target, &own).unwrap();
    write_private(&dir.path().join("key"), b"new").unwrap();
    assert_eq!(read_limited(&target, 100).unwrap(), b"precious");
    assert!(!own.exists());
    assert!(!fs::symlink_metadata(dir.path().join("key")).unwrap().is_symlink());
}

#[test]
fn a_file_behind_a_link_is_read_and_a_link_that_loops_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link, looping) = (dir.path().join("file"), dir.path().join("link"), dir.path().join("loop"));
    fs::write(&file, b"text").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    std::os::unix::fs::symlink(&looping, &looping).unwrap();
    assert_eq!(read_limited(&link, 4).unwrap(), b"text");
    let error = read_limited(&looping, 4).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::LOOP.raw_os_error()));
    assert_eq!(read_limited(&file, 0).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
}
