use std::fs;
use std::os::unix::fs::symlink;

use super::*;

#[test]
fn w5_a_directory_that_became_a_link_after_it_was_looked_at_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    for name in ["own", "other"] {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("x"), name).unwrap();
    }
    let path = root.join("own/x");
    let seen = rustix::fs::stat(&path).unwrap();
    assert!(matches!(open(CWD, &path, &seen), What::File(..)));
    // Between the look and the opening; both files are of one owner.
    fs::rename(root.join("own"), root.join("before")).unwrap();
    symlink("other", root.join("own")).unwrap();
    assert!(matches!(open(CWD, &path, &seen), What::Unreadable(Errno::AGAIN, None)));
    assert!(matches!(examine(&path).what, What::File(..)), "the next look follows it");
}
