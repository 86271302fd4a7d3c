use super::super::{Policy, Subject};
use driftline_canon::actor::Confidence;

use super::*;

fn actor(change: impl FnOnce(&mut Actor)) -> Actor {
    let user = |uid, name: &str| Some(User { uid, name: Some(ActorText::new(name)) });
    let mut actor = Actor {
        confidence: Confidence::Exact,
        login: user(1000, "deploy"),
        user: user(0, "root"),
        executable: Some(ActorText::new("/usr/bin/sed")),
        unit: Some(ActorText::new("ssh.service")),
        ..Actor::unknown()
    };
    change(&mut actor);
    actor
}

/// The rule that speaks for an actor on a web host of production.
fn hit(policy: &str, source: &str, actor: &Actor) -> Option<ActorRule> {
    let policy = Policy::parse(policy).unwrap_or_else(|errors| panic!("{errors}"));
    let (environment, role, host) = ("production".parse().unwrap(), "web".parse().unwrap(), "web-1".parse().unwrap());
    let source = source.parse().unwrap();
    policy.actor_rule(&Subject { environment: &environment, role: &role, host: &host, source: &source }, actor).cloned()
}

fn rule(rest: &str) -> String {
    format!("[[actor]]\nname = 'the rule'\neffect = 'authorises'\n{rest}\n")
}

#[test]
fn only_what_the_kernel_said_is_believed() {
    let policy = rule("login = 'deploy'");
    for confidence in Confidence::ALL {
        let found = hit(&policy, "app", &actor(|actor| actor.confidence = confidence));
        assert_eq!(found.is_some(), confidence == Confidence::Exact, "{confidence:?}");
    }
    // What it would say if it were certain is known too, but of nobody.
    let rule = Policy::parse(&policy).unwrap().actors.remove(0);
    let (environment, role, host) = ("production".parse().unwrap(), "web".parse().unwrap(), "web-1".parse().unwrap());
    let source = "app".parse().unwrap();
    let at = Subject { environment: &environment, role: &role, host: &host, source: &source };
    assert!(rule.names(&at, &actor(|actor| actor.confidence = Confidence::Probable)));
    assert!(!rule.names(&at, &actor(|actor| actor.confidence = Confidence::Unknown)));
}

#[test]
fn everything_that_a_rule_gives_must_be_so() {
    let policy = rule("login = 'deploy'\nuser = 'root'\nexecutable = '/usr/bin/*'\nunit = 'ssh*'\nsources = ['app*']");
    assert!(hit(&policy, "app-2", &actor(|_| {})).is_some());
    assert!(hit(&policy, "db", &actor(|_| {})).is_none());
    let others: [fn(&mut Actor); 6] = [
        |actor| actor.login = None,
        |actor| actor.login.as_mut().unwrap().name = Some(ActorText::new("mallory")),
        |actor| actor.user.as_mut().unwrap().name = Some(ActorText::new("www")),
        |actor| actor.executable = None,
        |actor| actor.executable = Some(ActorText::new("/tmp/usr/bin/sed")),
        |actor| actor.unit = Some(ActorText::new("cron.service")),
    ];
    for (index, other) in others.into_iter().enumerate() {
        assert!(hit(&policy, "app", &actor(other)).is_none(), "{index}");
    }
}

#[test]
fn a_user_without_a_name_is_meant_by_its_number() {
    let nameless = |uid| actor(|actor| actor.login = Some(User { uid, name: None }));
    assert!(hit(&rule("login = '1234'"), "app", &nameless(1234)).is_some());
    assert!(hit(&rule("login = '1234'"), "app", &nameless(12345)).is_none());
    // A name that looks like a number of somebody else is a name.
    let named = actor(|actor| actor.login = Some(User { uid: 1234, name: Some(ActorText::new("99")) }));
    assert!(hit(&rule("login = '1234'"), "app", &named).is_none());
}

#[test]
fn j5_a_package_upgrade_is_the_installed_program_run_by_root() {
    let run = |path: &str, uid| {
        actor(|actor| {
            actor.executable = Some(ActorText::new(path));
            actor.name = Some(ActorText::new("dpkg"));
            actor.user = Some(User { uid, name: None });
        })
    };
    let cases = [
        ("dpkg", "/usr/bin/dpkg", 0, true),
        ("dpkg", "/usr/bin/dpkg", 1000, false),
        ("dpkg", "/home/mallory/dpkg", 0, false),
        ("dpkg", "/usr/bin/rpm", 0, false),
        ("rpm", "/usr/bin/rpm", 0, true),
        ("any", "/usr/bin/zypper", 0, true),
        ("any", "/usr/bin/python3", 0, false),
    ];
    for (manager, path, uid, expected) in cases {
        let found = hit(&rule(&format!("package_manager = '{manager}'")), "app", &run(path, uid));
        assert_eq!(found.is_some(), expected, "{manager} {path} {uid}");
    }
}

#[test]
fn what_authorises_counts_before_what_allows() {
    let allows = "[[actor]]\nname = 'may'\neffect = 'allows'\nlogin = 'deploy'\n";
    let found = hit(&format!("{allows}{}", rule("login = 'dep*'")), "app", &actor(|_| {})).unwrap();
    assert_eq!((found.name.as_str(), found.effect), ("the rule", Effect::Authorises));
    let found = hit(&format!("{allows}{}", rule("login = 'x'")), "app", &actor(|_| {})).unwrap();
    assert_eq!((found.name.as_str(), found.effect), ("may", Effect::Allows));
}

#[test]
fn a_selector_bounds_the_hosts() {
    for (selector, expected) in
        [("production", true), ("staging", false), ("env=production,role=db", false), ("host=web-1", true)]
    {
        let policy = rule(&format!("login = 'deploy'\nselector = '{selector}'"));
        assert_eq!(hit(&policy, "app", &actor(|_| {})).is_some(), expected, "{selector}");
    }
}
