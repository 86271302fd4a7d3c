use super::*;

#[test]
fn a_path_of_another_root_is_not_ours() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.env");
    std::fs::write(&path, "A=1").unwrap();
    let stat = std::fs::metadata(&path).unwrap();
    let file = |path: Option<&Path>, inode| Touched { path: path.map(Path::to_owned), inode };
    assert!(is_there(&file(Some(&path), Some((stat.dev(), stat.ino())))));
    // What another root has under that name has another inode.
    assert!(!is_there(&file(Some(&path), Some((stat.dev(), stat.ino() + 1)))));
    assert!(!is_there(&file(Some(&path), Some((rustix::fs::makedev(250, 7), stat.ino())))));
    assert!(!is_there(&file(Some(&path), None)), "nobody can say it");
    assert!(!is_there(&file(Some(&dir.path().join("other")), Some((stat.dev(), stat.ino())))));
}

#[test]
fn the_network_of_a_process_is_known_while_it_lives() {
    let own = std::fs::metadata("/proc/self/ns/net").unwrap().ino();
    assert_eq!(network_of(std::process::id()), Some(own));
    assert_eq!(network_of(u32::MAX - 1), None);
}

#[test]
fn a_whole_command_line_of_proc_comes_before_one_that_was_cut() {
    let own = Process::look(std::process::id()).unwrap();
    let cut = Process { command: Some(Process::command_of(b"x\0y")), ..own.clone() };
    assert_eq!(completed(cut.clone(), true).command, own.command);
    assert_eq!(completed(cut.clone(), false).command, cut.command, "audit took it with the call");
}
