use std::os::unix::fs::MetadataExt;

use rustix::process::{dumpable_behavior, getrlimit};

use super::*;

#[test]
fn a_hardened_process_dumps_no_core_and_makes_private_files() {
    apply().unwrap();
    assert_eq!(getrlimit(Resource::Core).current, Some(0));
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new");
    std::fs::File::create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}
