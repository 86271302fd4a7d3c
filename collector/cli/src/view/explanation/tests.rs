use driftline_api::SCHEMA_VERSION;
use driftline_api::actor::{Meaning, Parent};
use driftline_api::change::Side;
use driftline_api::host::Item;

use super::*;
use crate::printer::{Style, layout};

const RULE: &str = "ip filter INPUT: -p tcp --dport 5432 -j ACCEPT";

fn alice() -> Actor {
    let user = |uid, name: &str| Some(User { uid, name: Some(name.to_owned()) });
    Actor {
        confidence: "exact".to_owned(),
        summary: "alice (root): nft -f rules".to_owned(),
        evidence: vec!["audit".to_owned(), "netlink".to_owned()],
        login: user(1000, "alice"),
        user: user(0, "root"),
        pid: Some(4242),
        name: Some("nft".to_owned()),
        executable: Some("/usr/sbin/nft".to_owned()),
        command: Some("nft -f rules".to_owned()),
        parents: vec![Parent { pid: 4240, name: "sudo".to_owned() }],
        session: None,
        tty: Some("pts/3".to_owned()),
        unit: None,
        container: None,
        amended_at: Some("2026-11-22T08:00:07.000Z".to_owned()),
    }
}

fn change() -> Change {
    Change {
        id: 41,
        environment: "production".to_owned(),
        host: "web-1".to_owned(),
        role: "web".to_owned(),
        source: "firewall/nft".to_owned(),
        kind: "firewall".to_owned(),
        path: "nftables".to_owned(),
        key: RULE.to_owned(),
        what: What::Added,
        before: None,
        after: Some(Side { display: Some("1".to_owned()), secret: false, line: None, file: None }),
        observed_at: "2026-11-22T08:00:05.123Z".to_owned(),
        unobserved_since: None,
        recorded_at: "2026-11-22T08:00:05.125Z".to_owned(),
        severity: "critical".to_owned(),
        class: "security".to_owned(),
        verdict: "undetermined".to_owned(),
        marks: Vec::new(),
        evidence: Vec::new(),
        missing: Vec::new(),
        later: Vec::new(),
        actor: Some(alice()),
        meaning: Some(Meaning {
            effect: "opens".to_owned(),
            reach: "any".to_owned(),
            machine: None,
            text: "opens tcp/5432 to any source".to_owned(),
        }),
        record: None,
    }
}

fn explanation() -> Explanation {
    let item = Item {
        key: RULE.to_owned(),
        display: Some("1".to_owned()),
        secret: false,
        line: None,
        file: None,
        since: "2026-11-22T08:00:05.123Z".to_owned(),
    };
    let saved = Persisted {
        source: "saved".to_owned(),
        path: "/etc/nftables.conf".to_owned(),
        holds: false,
        same: None,
        line: None,
    };
    Explanation {
        schema_version: SCHEMA_VERSION,
        change: Some(change()),
        amendment: None,
        why: Some("it lets in from any source what was kept out".to_owned()),
        evidence: Vec::new(),
        missing: vec!["no desired state was ever given".to_owned()],
        now: Standing {
            host: "web-1".to_owned(),
            source: "firewall/nft".to_owned(),
            path: "nftables".to_owned(),
            key: RULE.to_owned(),
            state: "so".to_owned(),
            item: Some(item),
            verified_at: Some("2026-11-22T09:00:00.000Z".to_owned()),
        },
        persisted: vec![saved],
        earlier: Vec::new(),
        later: Vec::new(),
    }
}

fn text(explanation: &Explanation) -> String {
    let shown = layout::render(&document(explanation), Style { width: 200, colour: false });
    // How facts are aligned is the layout's business.
    shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_change_is_told_whole() {
    let told = text(&explanation());
    for line in [
        "change 41: opens tcp/5432 to any source on production/web-1",
        "ip filter INPUT: -p tcp --dport 5432 -j ACCEPT: added 1",
        "production/web-1, source firewall/nft (nftables)",
        "observed 2026-11-22 08:00:05, recorded 2026-11-22 08:00:05",
        "alice (root): nft -f rules",
        "exact: the kernel named them with the change itself (audit, netlink); known since 2026-11-22 08:00:07",
        "pid 4242, /usr/sbin/nft, login alice (uid 1000), as root (uid 0), terminal pts/3, started by sudo (4240)",
        "critical: it lets in from any source what was kept out",
        "no desired state was ever given",
        "still so: 1; web-1 verified 2026-11-22 09:00:00",
        "not in /etc/nftables.conf as watched by source saved: gone at reboot",
    ] {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }
}

#[test]
fn what_is_not_known_is_said() {
    let mut one = explanation();
    let change = one.change.as_mut().unwrap();
    change.actor = None;
    change.unobserved_since = Some("2026-11-22T07:00:00.000Z".to_owned());
    one.persisted.clear();
    one.now.state = "retired".to_owned();
    let told = text(&one);
    for line in [
        "nobody can be named",
        "at some time between 2026-11-22 07:00:00 and 2026-11-22 08:00:05, when nobody watched",
        "no dump file of web-1 is watched: whether it outlives a reboot is not known",
        "not known: the source is not watched any more",
    ] {
        assert!(told.contains(line), "{line}\nis not in\n{told}");
    }
}

#[test]
fn a_rule_that_never_changed_and_one_of_a_file_have_their_story() {
    let mut one = explanation();
    one.change = None;
    one.now.state = "there".to_owned();
    one.persisted[0].holds = true;
    one.persisted[0].line = Some(12);
    let told = text(&one);
    assert!(told.contains("it is there: 1, since 2026-11-22 08:00:05"), "{told}");
    assert!(told.contains("in /etc/nftables.conf, line 12 as watched by source saved"), "{told}");
    let mut dump = explanation();
    dump.change.as_mut().unwrap().kind = "firewall_dump".to_owned();
    assert!(text(&dump).contains("not in force, as watched by source saved"), "{}", text(&dump));
    dump.persisted.clear();
    assert!(text(&dump).contains("no live firewall of web-1 is watched"), "{}", text(&dump));
}

#[test]
fn every_state_and_confidence_is_a_sentence() {
    for (state, said) in [
        ("otherwise", "it is 1 since"),
        ("absent", "it is not there any more"),
        ("elsewhere", "its host is of another environment now"),
        ("newer", "newer"),
    ] {
        let mut one = explanation();
        one.now.state = state.to_owned();
        assert!(text(&one).contains(said), "{state}");
    }
    let mut one = explanation();
    one.change.as_mut().unwrap().actor.as_mut().unwrap().confidence = "probable".to_owned();
    assert!(text(&one).contains("probable: they were there at the time, and another one is possible"));
}

#[test]
fn a_verdict_stands_with_what_it_rests_on_and_what_was_missing() {
    let mut explanation = explanation();
    if let Some(change) = &mut explanation.change {
        change.verdict = "out_of_band".to_owned();
    }
    explanation.evidence = vec!["nothing that was given for production covers it".to_owned()];
    explanation.missing = vec!["nearest window CHG-122 closed 4 min before".to_owned()];
    let shown = text(&explanation);
    for line in [
        "verdict out_of_band",
        "because nothing that was given for production covers it",
        "missing nearest window CHG-122 closed 4 min before",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
}
