//! Changes of which it becomes certain only later who made them.

use driftline_canon::actor::{ActorText, User};
use driftline_canon::{Actor, Confidence, SourceKind};
use driftline_compare::judge::held::Held;
use driftline_compare::policy::PolicyVersion;
use driftline_compare::window::Window;
use driftline_store::{AlertRecord, Entry, Rejudgement};
use driftline_wire::SourceRef;
use driftline_wire::convert::{Amendment, Record, RecordBody};

use super::given::{Room, window};
use super::*;
use crate::apply::{self, Context};
use crate::classify::KeyClasses;
use crate::config::{AlertRoute, RouteKind};
use crate::pepper::Pepper;
use crate::testing::change;

const DEPLOYS: &str = "[[actor]]\nname = 'deploys'\neffect = 'authorises'\nlogin = 'deploy'\n";
const FREEZE: &str = "[[freeze]]\nselector = 'production'\nreason = 'audit'\n";

fn room() -> Room {
    let route = AlertRoute {
        name: "hook".to_owned(),
        kind: RouteKind::Webhook,
        url: "https://127.0.0.1".to_owned(),
        secret_file: "secret".into(),
        min_severity: Severity::Warning,
        allow_plaintext: false,
        ca_file: None,
    };
    Room::new().telling(&[route])
}

fn ruled(number: u64, text: &str) -> Room {
    let mut room = room();
    rule(&mut room, number, text);
    room
}

fn rule(room: &mut Room, number: u64, text: &str) {
    let (applied_ms, text) = (room.now_ms, text.to_owned());
    let version = PolicyVersion { number, text, applied_by: "ada".to_owned(), applied_ms, summary: String::new() };
    room.step(|draft| draft.put_document(&version).unwrap());
}

fn host() -> HostRecord {
    HostRecord { epoch: vec![1], ..host_record("web-1") }
}

/// Somebody changes a key at this time, and nobody knows who.
fn changed(room: &Room) -> EntryBody {
    EntryBody::Change(Change {
        severity: Severity::Warning,
        observed_ms: room.now_ms,
        agent_seq: 7,
        ..change(&host(), "KEY")
    })
}

fn tell(room: &mut Room) {
    let entry = changed(room);
    room.step(|draft| draft.append_judged(&host(), vec![entry]));
}

fn amendment(login: &str, confidence: Confidence) -> Record {
    let login = Some(User { uid: 1_000, name: Some(ActorText::new(login)) });
    let actor = Box::new(Actor { confidence, login, ..Actor::unknown() });
    let source = SourceRef::new("app".parse().unwrap(), SourceKind::EnvFile, b"/etc/app.env");
    Record::new(8, Some(source), 5, None, RecordBody::Amendment(Amendment { seq: 7, actor }))
}

fn apply(draft: &mut crate::record::Draft<'_>, record: Record) {
    let (pepper, classes) = (Pepper::new(&[3; 32]), KeyClasses::default());
    let context = Context { pepper: &pepper, classes: &classes, incomparable: false };
    apply::record(draft, &host(), record, context).unwrap();
}

fn amend(room: &mut Room, login: &str, confidence: Confidence) {
    room.step(|draft| apply(draft, amendment(login, confidence)));
}

fn told(room: &Room) -> Vec<Rejudgement> {
    let of = |entry: Entry| match entry.body {
        EntryBody::Rejudgement(one) => Some(one),
        _ => None,
    };
    room.entries().into_iter().filter_map(of).collect()
}

fn new_verdicts(room: &Room) -> Vec<(u64, Verdict)> {
    told(room).iter().map(|one| (one.later.change, one.later.evidence.new_verdict().unwrap())).collect()
}

fn alerts(room: &Room) -> Vec<AlertRecord> {
    room.store.reader().unwrap().outbox_due(i64::MAX, 100).unwrap()
}

#[test]
fn a_change_whose_author_is_known_later_is_judged_again_and_whoever_was_alerted_is_told() {
    let mut room = ruled(1, DEPLOYS);
    tell(&mut room);
    assert_eq!(alerts(&room).len(), 1, "as out of band");
    room.now_ms += 40_000;
    amend(&mut room, "deploy", Confidence::Exact);
    let one = told(&room).pop().unwrap();
    assert_eq!((one.verdict, one.later.mark, one.severity), (Verdict::OutOfBand, Mark::Rejudged, Severity::Warning));
    let said = "authorised, as became known 40 s later: rule `deploys` authorises what its actor does, and it was \
                certainly them";
    assert_eq!(one.later.evidence.sentence(), said);
    let entries = room.entries();
    let EntryBody::Change(change) = &entries[0].body else { panic!("{entries:?}") };
    assert_eq!(change.verdict, Verdict::OutOfBand, "the history is not rewritten");
    assert_eq!(alerts(&room)[1].entries, [2, 3], "who it was, and what that makes of it");
    assert!(room.store.reader().unwrap().verify(|_, _| {}).unwrap().is_whole());
    amend(&mut room, "deploy", Confidence::Exact);
    assert_eq!(new_verdicts(&room), [(1, Verdict::Authorised)], "once");
}

#[test]
fn an_author_who_is_not_certain_or_whom_no_rule_names_changes_nothing() {
    for (login, confidence) in
        [("deploy", Confidence::Probable), ("deploy", Confidence::Unknown), ("eve", Confidence::Exact)]
    {
        let mut room = ruled(1, DEPLOYS);
        tell(&mut room);
        amend(&mut room, login, confidence);
        assert_eq!(new_verdicts(&room), [], "{login} {confidence:?}");
    }
}

#[test]
fn what_is_given_after_the_change_does_not_count_for_it() {
    let mut room = room();
    tell(&mut room);
    room.now_ms += 1_000;
    rule(&mut room, 1, DEPLOYS);
    let late = Window { actor: Some("deploy".to_owned()), from_ms: room.now_ms, ..window(1) };
    room.step(|draft| draft.put_document(&late).unwrap());
    room.push_at(room.now_ms, 1, "production", &[("KEY", 2)]);
    amend(&mut room, "deploy", Confidence::Exact);
    assert_eq!(new_verdicts(&room), []);
}

#[test]
fn the_policy_and_the_windows_of_the_change_count_though_they_are_over() {
    let mut room = ruled(1, DEPLOYS);
    tell(&mut room);
    room.now_ms += 1_000;
    rule(&mut room, 2, FREEZE);
    amend(&mut room, "deploy", Confidence::Exact);
    assert_eq!(new_verdicts(&room), [(1, Verdict::Authorised)]);

    let mut room = self::room();
    let open = Window { actor: Some("deploy".to_owned()), until_ms: room.now_ms + 10, ..window(1) };
    room.step(|draft| draft.put_document(&open).unwrap());
    tell(&mut room);
    room.now_ms += 60_000;
    amend(&mut room, "deploy", Confidence::Exact);
    assert_eq!(new_verdicts(&room), [(1, Verdict::AuthorisedUnverified)]);
}

#[test]
fn content_and_freezes_count_before_who_it_was() {
    let mut room = ruled(1, DEPLOYS);
    room.push(1, "production", &[("KEY", 9)]);
    room.now_ms += 60_000;
    tell(&mut room);
    amend(&mut room, "deploy", Confidence::Exact);
    assert_eq!(new_verdicts(&room), [], "another value was declared");
    let mut room = ruled(1, &format!("{DEPLOYS}{FREEZE}"));
    tell(&mut room);
    amend(&mut room, "deploy", Confidence::Exact);
    assert_eq!(new_verdicts(&room), [], "it was frozen");
}

#[test]
fn a_change_and_its_author_of_one_commit_are_joined_by_their_place_in_the_history() {
    let mut room = ruled(1, DEPLOYS);
    tell(&mut room);
    let (other, mut entry) = (changed(&room), changed(&room));
    if let EntryBody::Change(change) = &mut entry {
        change.agent_seq = 70;
    }
    room.step(|draft| {
        draft.append_judged(&host(), vec![entry]);
        draft.append_judged(&host(), vec![other]);
        apply(draft, amendment("deploy", Confidence::Exact));
    });
    let ids: Vec<u64> = new_verdicts(&room).into_iter().map(|(id, _)| id).collect();
    let EntryBody::Change(change) = &room.entries()[usize::try_from(ids[0]).unwrap() - 1].body else { panic!() };
    assert_eq!((ids.len(), ids[0], change.agent_seq), (1, 3, 7));
}

#[test]
fn an_alert_that_waits_for_a_deployment_is_dropped() {
    let mut room = ruled(1, &format!("{DEPLOYS}[settle]\nseconds = 30\n"));
    room.push_at(room.now_ms, 1, "production", &[("OTHER", 9)]);
    let window = Window { actor: None, ..window(1) };
    room.step(|draft| draft.put_document(&window).unwrap());
    let mut entry = changed(&room);
    if let EntryBody::Change(change) = &mut entry {
        // The order of a list is declared by nobody.
        change.key = ItemKey::from_canonical("@order:list".to_owned()).unwrap();
    }
    room.step(|draft| draft.append_judged(&host(), vec![entry]));
    let held = |room: &Room| room.store.reader().unwrap().documents::<Held>("").unwrap().len();
    assert_eq!((held(&room), alerts(&room).len()), (1, 0));
    amend(&mut room, "deploy", Confidence::Exact);
    assert_eq!((new_verdicts(&room)[0].1, held(&room)), (Verdict::Authorised, 0));
    assert!(alerts(&room).iter().all(|alert| !alert.entries.contains(&1)), "nobody was told of the first verdict");
    assert_eq!(told(&room)[0].severity, Severity::Info);
}
