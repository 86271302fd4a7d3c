use super::*;

fn version(text: &str) -> ProtocolVersion {
    let (major, minor) = text.split_once('.').unwrap();
    ProtocolVersion { major: major.parse().unwrap(), minor: minor.parse().unwrap() }
}

#[test]
fn the_rule_as_a_table() {
    for (ours, theirs, agreed) in [
        ("1.0", "1.0", Some("1.0")),
        ("1.0", "1.7", Some("1.0")),
        ("1.7", "1.0", Some("1.0")),
        ("2.3", "2.5", Some("2.3")),
        ("1.0", "2.0", None),
        ("2.0", "1.9", None),
        ("1.0", "0.0", None),
        ("0.0", "0.0", None),
        ("4294967295.4294967295", "4294967295.0", Some("4294967295.0")),
    ] {
        let result = compatible(version(ours), version(theirs));
        assert_eq!(result.ok().map(|agreed| agreed.0), agreed.map(version), "{ours} with {theirs}");
    }
}

#[test]
fn the_rule_is_the_same_from_both_sides() {
    for a in ["0.0", "1.0", "1.4", "2.0"].map(version) {
        for b in ["0.0", "1.0", "1.4", "2.0"].map(version) {
            assert_eq!(compatible(a, b).ok(), compatible(b, a).ok());
        }
    }
}

#[test]
fn d9_before_1_1_every_source_is_of_a_kind_that_is_known() {
    use driftline_canon::SourceKind::*;
    for kind in driftline_canon::SourceKind::ALL {
        let old = if kind == EnvFile { EnvFile } else { File };
        assert_eq!(Agreed(version("1.0")).kind(kind), old);
        assert_eq!(Agreed(version("1.1")).kind(kind), kind);
        assert_eq!(Agreed(version("2.0")).kind(kind), kind);
    }
}

#[test]
fn the_older_side_is_told_to_upgrade() {
    let text = |ours, theirs| compatible(version(ours), version(theirs)).unwrap_err().to_string();
    assert_eq!(text("1.0", "2.0"), "this side speaks protocol 1.0, the other 2.0: upgrade this side");
    assert_eq!(text("2.0", "1.0"), "this side speaks protocol 2.0, the other 1.0: upgrade the other side");
}

#[test]
fn d9_before_1_2_nobody_is_named_and_no_number_is_left_out() {
    use crate::convert::{Amendment, Gap};
    use driftline_canon::{Actor, ProblemKind, SourceKind};
    let record = |body| Record {
        seq: 7,
        source: Some(crate::SourceRef::new("app".parse().unwrap(), SourceKind::File, b"/etc/app")),
        observed_ms: 5,
        unobserved_since_ms: None,
        actor: Some(Box::new(Actor::unknown())),
        meanings: Vec::new(),
        body,
    };
    let open = || vec![Problem::whole(ProblemKind::Polled, "on nfs")];
    let gap = record(RecordBody::Gap(Gap { from_ms: 1, to_ms: 2, reason: "x".into() }));
    let amendment = record(RecordBody::Amendment(Amendment { seq: 6, actor: Box::new(Actor::unknown()) }));
    for one in [&gap, &amendment] {
        assert_eq!(Agreed(version("1.2")).record(one.clone(), || panic!("nobody asks")), *one);
    }
    let old = Agreed(version("1.1"));
    let without = old.record(gap.clone(), || panic!("a gap stays a gap"));
    assert_eq!(without, Record { actor: None, ..gap });
    let instead = old.record(amendment, open);
    assert_eq!((instead.seq, instead.actor), (7, None), "the number is kept");
    assert_eq!(instead.body, RecordBody::Problems(open()));
}
