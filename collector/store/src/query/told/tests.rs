use driftline_canon::Confidence;
use driftline_canon::meaning::MeaningText;

use super::*;

fn text(text: &str) -> Option<ActorText> {
    Some(ActorText::new(text))
}

fn alice() -> Actor {
    Actor {
        confidence: Confidence::Exact,
        login: Some(User { uid: 1000, name: text("alice") }),
        user: Some(User { uid: 0, name: text("root") }),
        pid: Some(4242),
        name: text("nft"),
        executable: text("/usr/sbin/nft"),
        command: text("nft add rule secret-table"),
        session: Some(7),
        unit: text("session-7.scope"),
        container: text("3f2a"),
        ..Actor::unknown()
    }
}

#[test]
fn somebody_is_found_by_what_people_call_them() {
    let finds = |pattern: &str| ActorPattern::new(pattern).matches(&alice());
    for pattern in ["alice", "ALI", "root", "sbin/nft", "session-7", "1000", "0", "4242", "7", "3f2a", "3F2A"] {
        assert!(finds(pattern), "{pattern}");
    }
    for pattern in ["bob", "424", "3f2", "1001", "secret-table"] {
        assert!(!finds(pattern), "{pattern}");
    }
    assert!(!ActorPattern::new("alice").matches(&Actor::unknown()));
}

#[test]
fn a_change_opens_from_where_it_says_and_something() {
    let opening = |effect, reach| Meaning { effect, reach, machine: None, text: MeaningText::new("x") };
    let names = |meaning: &Meaning| Opens::names_of(meaning).collect::<Vec<_>>();
    assert_eq!(names(&opening(Effect::Opens, Reach::Any)), ["any", "anything"]);
    assert_eq!(names(&opening(Effect::Opens, Reach::Bounded)), ["bounded", "anything"]);
    assert!(names(&opening(Effect::Unclear, Reach::Any)).is_empty());
    for name in ["any", "bounded", "local", "anything"] {
        assert_eq!(Opens::from_name(name).map(Opens::as_str), Some(name));
    }
    assert_eq!(Opens::from_name("everything"), None);
}
