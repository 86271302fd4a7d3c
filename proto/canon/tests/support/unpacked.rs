//! Debian packages that are unpacked and never installed: their files are read,
//! their services never start.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder that a package's files are in, as below `/`. None where the
/// package cannot be had; as root that fails.
pub(crate) fn unpacked(package: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages");
    let root = folder.join(package);
    if root.join("done").exists() {
        return Some(root);
    }
    std::fs::create_dir_all(&root).unwrap();
    // Tests run side by side, and one of them is enough to unpack it.
    let line = format!("[ -e done ] || (apt-get download -q {package} && dpkg-deb -x {package}_*.deb . && : >done)");
    let output = Command::new("flock").current_dir(&root).args(["lock", "sh", "-c", &line]).output().unwrap();
    if output.status.success() {
        return Some(root);
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    assert!(!is_root, "{package}: {}", String::from_utf8_lossy(&output.stderr));
    eprintln!("skipped: {package} cannot be had");
    None
}

/// All files below a folder whose names end so.
pub(crate) fn files_below(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|path| path.ends_with(end)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
