//! Processes as `/proc` and control groups show them, over a made tree.

use super::*;

fn host(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let root = Root::open(dir.path()).unwrap();
    (dir, root)
}

fn line(pid: u32, name: &str, state: char, parent: u32, started: u64) -> String {
    format!("{pid} ({name}) {state} {parent} 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 {started} 99 100\n")
}

#[test]
fn fields_are_counted_behind_a_name_with_brackets() {
    let stat = parse_stat(&line(7, "a) S 3 (b", 'S', 1, 4711)).unwrap();
    assert_eq!((stat.parent, stat.started), (1, 4711));
    assert_eq!(parse_stat(&line(7, "gone", 'Z', 1, 4711)), None);
    assert_eq!(parse_stat("7 (cut"), None);
}

#[test]
fn a_unit_is_found_below_its_slices_and_workers_are_left_out() {
    let (_dir, root) = host(&[
        ("sys/fs/cgroup/system.slice/system-web.slice/web.service/cgroup.procs", "12\n10\n"),
        ("sys/fs/cgroup/system.slice/system-web.slice/web.service/sub/cgroup.procs", "30\n"),
        ("sys/fs/cgroup/system.slice/other.service/cgroup.procs", "99\n"),
        ("proc/10/stat", &line(10, "web", 'S', 1, 500)),
        ("proc/12/stat", &line(12, "web", 'S', 10, 600)),
        ("proc/30/stat", &line(30, "helper", 'S', 1, 400)),
        ("proc/99/stat", &line(99, "other", 'S', 1, 100)),
    ]);
    let found = find(&root, &Selector::Unit("web.service".to_owned()));
    let shown: Vec<_> = found.iter().map(|one| (one.started, one.pid)).collect();
    assert_eq!(shown, [(400, 30), (500, 10)]);
    assert!(find(&root, &Selector::Unit("gone.service".to_owned())).is_empty());
}

#[test]
fn a_pid_file_may_be_stale_or_senseless() {
    let (_dir, root) = host(&[
        ("run/a.pid", " 10\nmore"),
        ("run/stale.pid", "11\n"),
        ("run/odd.pid", "pid"),
        ("proc/10/stat", &line(10, "a", 'S', 1, 5)),
    ]);
    let found = |path: &str| find(&root, &Selector::PidFile(path.into())).len();
    assert_eq!(
        [found("/run/a.pid"), found("/run/stale.pid"), found("/run/odd.pid"), found("/run/no.pid")],
        [1, 0, 0, 0]
    );
}

#[test]
fn an_executable_is_known_by_its_file_or_its_command_line() {
    let (dir, root) = host(&[
        ("proc/1/stat", &line(1, "a", 'S', 0, 5)),
        ("proc/1/cmdline", "/bin/a\0x\0"),
        ("proc/2/stat", &line(2, "a", 'S', 0, 6)),
        ("proc/2/cmdline", "renamed\0"),
        ("proc/3/stat", &line(3, "b", 'S', 0, 7)),
        ("proc/3/cmdline", "/bin/b\0/bin/a\0"),
    ]);
    std::os::unix::fs::symlink("/bin/a (deleted)", dir.path().join("proc/2/exe")).unwrap();
    let pids: Vec<u32> = find(&root, &Selector::Executable("/bin/a".into())).iter().map(|one| one.pid).collect();
    assert_eq!(pids, [1, 2]);
}

#[test]
fn another_program_in_the_same_process_is_another_image() {
    let of_self = |pid: u32| stat(&Root::open("/".as_ref()).unwrap(), pid).unwrap().image;
    let text = |name: &str| parse_stat(&line(7, name, 'S', 1, 5)).unwrap();
    assert_ne!(text("before"), text("after"));
    assert_eq!(of_self(std::process::id()), of_self(std::process::id()));
    // The same name with its environment in another place.
    let mut places: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    let whole = |places: &[String]| parse_stat(&format!("7 (a) S {}", places.join(" "))).unwrap().image;
    let before = whole(&places);
    places[46] = "4711".to_owned();
    assert_ne!(before, whole(&places), "env_start, field 50 of proc(5)");
}
