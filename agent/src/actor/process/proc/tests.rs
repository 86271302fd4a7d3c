use super::*;

#[test]
fn a_name_may_hold_anything() {
    let text = "812 (a) S (x) y) S 7 812 812 34817 812 4194304 0";
    assert_eq!(Stat::parse(text), Some(Stat { name: "a) S (x) y".to_owned(), parent: 7, tty: 34817 }));
    for text in ["", "812 (a", "812 (a) S", "812 (a) S x 1 1 0"] {
        assert_eq!(Stat::parse(text), None, "{text}");
    }
}

#[test]
fn terminals_have_their_names() {
    let tty = |tty| Stat { name: String::new(), parent: 0, tty }.tty().map(|tty| tty.to_string());
    assert_eq!(tty(0), None);
    assert_eq!(tty(136 << 8 | 1).as_deref(), Some("pts/1"));
    assert_eq!(tty(137 << 8 | 2).as_deref(), Some("pts/258"));
    assert_eq!(tty(4 << 8 | 1).as_deref(), Some("tty1"));
    assert_eq!(tty(4 << 8 | 64).as_deref(), Some("ttyS0"));
}

#[test]
fn the_effective_user_counts() {
    assert_eq!(effective("Name:\tx\nUid:\t1000\t0\t0\t0\n"), Some(0));
    assert_eq!(effective("Name:\tx\n"), None);
}

#[test]
fn this_process_is_seen_with_its_parents_and_without_its_secrets() {
    let own = look(std::process::id()).unwrap();
    assert_eq!(own.user, Some(rustix::process::geteuid().as_raw()));
    assert!(own.executable.unwrap().as_str().starts_with('/'));
    assert_eq!(own.parents.first().map(|parent| parent.pid), own.parent.filter(|pid| *pid > 1));
    assert!(own.parents.len() <= ACTOR_PARENTS_MAX);
    assert_eq!(look(u32::MAX - 1), None);
}

#[test]
fn arguments_are_masked_before_anybody_sees_them() {
    assert_eq!(command(b"mysql\0-psecret\0shop\0").as_str(), "mysql -p**** shop");
}

#[test]
fn a_process_that_has_ended_and_is_not_waited_for_tells_its_user_and_name() {
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let stat = format!("/proc/{}/stat", child.id());
    let is_over =
        || driftline_daemon::files::read_limited(stat.as_ref(), 4096).unwrap().windows(3).any(|w| w == b" Z ");
    while !is_over() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let seen = look(child.id()).unwrap();
    assert_eq!((seen.user, seen.executable), (Some(rustix::process::geteuid().as_raw()), None));
    assert_eq!(seen.name.unwrap().as_str(), "true");
    child.wait().unwrap();
}

#[test]
fn a_thread_is_told_as_its_process_and_keeps_its_own_number() {
    let seen = std::thread::spawn(|| {
        let id = u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
        (id, look(id).unwrap())
    });
    let (id, seen) = seen.join().unwrap();
    assert_eq!((seen.pid, seen.thread), (std::process::id(), Some(id)));
    assert_eq!(look(std::process::id()).unwrap().thread, None);
}

#[test]
fn of_a_command_line_that_was_cut_the_last_argument_is_masked() {
    assert_eq!(command_cut(b"curl\0-s\0https://app:pass").unwrap().as_str(), "curl -s ****");
    assert_eq!(command_cut(b"postgres: app db 10.0.0.1 idle"), None);
}
