use super::*;

#[test]
fn two_views_of_a_process_make_one_and_the_first_counts() {
    let text = |text: &str| Some(ActorText::new(text));
    let audit = Process { login: Some(1000), name: text("sed"), ..Process::unseen(5) };
    let seen = Process {
        login: Some(7),
        unit: text("cron.service"),
        parents: vec![Parent { pid: 4, name: ActorText::new("sh") }],
        user: Some(0),
        ..Process::unseen(5)
    };
    assert!(!audit.is_seen());
    let both = audit.with(&seen);
    assert_eq!((both.login, both.user, both.parents.len()), (Some(1000), Some(0), 1));
    let actor =
        both.actor(Confidence::Exact, vec![Evidence::Fanotify, Evidence::Audit, Evidence::Fanotify], &Names::of("/x"));
    assert_eq!(actor.evidence, [Evidence::Audit, Evidence::Fanotify]);
    assert_eq!(actor.login.unwrap().name, None);
    assert_eq!(actor.unit.unwrap().as_str(), "cron.service");
}

#[test]
fn users_have_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let passwd = dir.path().join("passwd");
    std::fs::write(&passwd, "alice:x:1000:1000::/:/bin/sh\n").unwrap();
    let mut names = Names::of(&passwd);
    names.refresh();
    let process = Process { login: Some(1000), user: Some(0), ..Process::unseen(5) };
    let actor = process.actor(Confidence::Exact, Vec::new(), &names);
    assert_eq!(actor.login.unwrap().name.unwrap().as_str(), "alice");
    assert_eq!(actor.user.unwrap().name, None);
}
