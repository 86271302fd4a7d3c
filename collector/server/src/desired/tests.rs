//! What becomes of a push in the store.

use driftline_canon::{ItemKey, SourceKind, SourceName};
use driftline_store::{Batch, EngineKind, Store, StoreOptions, Writer};

use super::*;
use crate::notify::Notifier;

struct Room {
    _dir: tempfile::TempDir,
    store: Store,
    writer: Writer,
    now_ms: i64,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store"), EngineKind::Redb, StoreOptions::default()).unwrap();
        let writer = store.writer().unwrap();
        Self { _dir: dir, store, writer, now_ms: 1_000 }
    }

    fn push(&mut self, pushed: Pushed) -> Recorded {
        self.now_ms += 1;
        let reader = self.store.reader().unwrap();
        let (notifier, _) = Notifier::new(&[]);
        let mut draft = Draft::new(&reader, self.now_ms, notifier.routes());
        let recorded = record(&mut draft, pushed, "ci").unwrap();
        let operations = draft.finish();
        self.writer.commit(Batch { operations, now_ms: self.now_ms }).unwrap();
        recorded
    }

    fn revisions(&self) -> Vec<Revision> {
        self.store.reader().unwrap().documents("").unwrap()
    }

    fn sheets(&self) -> Vec<Sheet> {
        self.store.reader().unwrap().documents("").unwrap()
    }
}

fn pushed(name: &str, sources: &[(&str, u8)]) -> Pushed {
    let source = |(source, value): &(&str, u8)| PushedSource {
        source: SourceName::new(*source).unwrap(),
        kind: SourceKind::EnvFile,
        items: vec![SheetItem { key: ItemKey::from_bytes(b"A"), digest: [*value; 32], secret: false, display: None }],
    };
    Pushed {
        selector: "production".parse().unwrap(),
        revision: name.to_owned(),
        ticket: Some("CHG-1".to_owned()),
        expires_s: None,
        replace: false,
        fleet_key_epoch: 1,
        canonical_form: 2,
        sources: sources.iter().map(source).collect(),
    }
}

fn number(recorded: Recorded) -> u64 {
    match recorded {
        Recorded::New(revision) => revision.number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_push_is_a_revision_with_its_sheets_and_an_event() {
    let mut room = Room::new();
    assert_eq!(number(room.push(pushed("r1", &[("app", 1), ("web", 2)]))), 1);
    assert_eq!(number(room.push(pushed("r2", &[("app", 3)]))), 2);
    let owners: Vec<_> = room.sheets().iter().map(|one| format!("{} {}", one.owner, one.source)).collect();
    let first = owner(1);
    assert_eq!(owners, [format!("{first} app"), format!("{first} web"), format!("{} app", owner(2))]);
    let entries = room.store.reader().unwrap().entries(&driftline_store::EntryQuery::default()).unwrap().entries;
    let EntryBody::Event(event) = &entries[0].body else { panic!() };
    assert_eq!(event.message, "ci declared r1 for production: app (1), web (1); ticket CHG-1");
    assert_eq!(event.environment.as_ref().unwrap().as_str(), "production");
}

#[test]
fn the_same_again_is_no_change_and_another_content_is_refused_unless_it_replaces() {
    let mut room = Room::new();
    room.push(pushed("r1", &[("app", 1)]));
    assert!(matches!(room.push(pushed("r1", &[("app", 1)])), Recorded::Same(one) if one.number == 1));
    for other in [&[("app", 2)][..], &[("web", 1)], &[("app", 1), ("web", 1)]] {
        assert!(matches!(room.push(pushed("r1", other)), Recorded::Other(one) if one.number == 1), "{other:?}");
    }
    let rekeyed = Pushed { fleet_key_epoch: 2, ..pushed("r1", &[("app", 1)]) };
    assert!(matches!(room.push(rekeyed), Recorded::Other(_)));
    assert_eq!(room.revisions().len(), 1, "nothing of what was refused is kept");
    let staging = Pushed { selector: "staging".parse().unwrap(), ..pushed("r1", &[("app", 2)]) };
    assert_eq!(number(room.push(staging)), 2, "another selector is another matter");
    assert_eq!(number(room.push(Pushed { replace: true, ..pushed("r1", &[("app", 2)]) })), 3);
}

#[test]
fn going_back_to_an_earlier_revision_makes_it_the_newest() {
    let mut room = Room::new();
    room.push(pushed("r1", &[("app", 1)]));
    room.push(pushed("r2", &[("app", 2)]));
    assert_eq!(number(room.push(pushed("r1", &[("app", 1)]))), 3);
    assert!(matches!(room.push(pushed("r1", &[("app", 1)])), Recorded::Same(one) if one.number == 3));
    let longer = Pushed { expires_s: Some(60), ..pushed("r1", &[("app", 1)]) };
    assert_eq!(number(room.push(longer)), 4, "another life is a change");
    assert_eq!(room.revisions()[3].expires_ms, Some(room.now_ms + 60_000));
}

#[test]
fn what_is_superseded_goes_in_the_end_and_what_is_in_force_never() {
    let mut room = Room::new();
    room.push(pushed("first", &[("app", 0), ("only-here", 1)]));
    for step in 0..REVISIONS_KEPT_MAX + 5 {
        room.push(pushed(&format!("r{step}"), &[("app", u8::try_from(step % 200).unwrap())]));
    }
    let kept = room.revisions();
    assert_eq!(kept.len(), REVISIONS_KEPT_MAX + 2, "those superseded, the newest and the first");
    assert_eq!(kept[0].revision, "first", "nobody else declares what it does");
    let sheets = room.sheets();
    assert_eq!(sheets.len(), kept.len() + 1, "the sheets went with their revisions");
}

#[test]
fn one_environment_does_not_fill_the_memory_of_all() {
    let push =
        |selector: &str, name: &str| Pushed { selector: selector.parse().unwrap(), ..pushed(name, &[("app", 1)]) };
    let revision = |number: u64, selector: &str, items: u32| Revision {
        sources: vec![(SourceName::new("app").unwrap(), items)],
        ..revision_of(&push(selector, "r"), number, "ci", 1_000)
    };
    let hosts = || (1..=SELECTORS_MAX as u64).map(|host| revision(host, &format!("env=staging,host=x{host}"), 1));
    let many: Vec<Revision> = hosts().collect();
    let said = too_much(&many, &push("env=staging,host=new", "r"), 2_000).unwrap();
    assert!(said.contains("staging has 1000 selectors"), "{said}");
    assert_eq!(too_much(&many, &push("env=staging,host=x7", "r2"), 2_000), None, "one that is there is replaced");
    assert_eq!(too_much(&many, &push("production", "r"), 2_000), None, "another environment has its own room");
    let full = [revision(1, "env=staging,role=web", 1_000_000)];
    assert!(too_much(&full, &push("env=staging,role=db", "r"), 2_000).unwrap().contains("1000000 settings"));
    assert_eq!(too_much(&full, &push("env=staging,role=web", "r2"), 2_000), None, "the same source again");
    let other = Pushed { sources: pushed("r", &[("new", 1)]).sources, ..push("env=staging,role=web", "r2") };
    assert!(too_much(&full, &other, 2_000).is_some(), "a source beside it");
    let over = [Revision { expires_ms: Some(1_500), ..full[0].clone() }];
    assert_eq!(too_much(&over, &push("env=staging,role=db", "r"), 2_000), None, "what is over takes no room");
}
