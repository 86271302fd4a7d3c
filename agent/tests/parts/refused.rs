//! A part that does not follow from what is stored: it changes nothing, the
//! observer is asked for everything, and a gap says that states may be missing.

use std::time::Duration;

use driftline_agent::journal::{Body, Input, Mark};
use driftline_agent::observe::Sight;
use driftline_agent::observe::part::Account;

use crate::rig::{Items, Open, Span, name, observation, observed, replay};

const SOURCE: &str = "firewall/nft";

fn span(from: u16, value: u8) -> Span {
    Span { from, count: 1, value: Some(value) }
}

fn is_asked(account: &Account) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let wait = Duration::from_millis(20);
    runtime.block_on(async { tokio::time::timeout(wait, account.whole_wanted()).await.is_ok() })
}

fn gaps(open: &Open) -> usize {
    open.entries().iter().filter(|entry| matches!(entry.body, Body::Gap(_))).count()
}

/// What an observer lost on the way, or thinks it handed on.
fn refused_and_repaired(count: u16) {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(dir.path());
    let mut items: Items = (0..count).map(|key| (key, 1)).collect();
    let mut account = Account::default();
    open.send(vec![observed(SOURCE, account.whole(observation(&items)), None, 10)]);
    open.sync();
    let before = open.reader.source(&name(SOURCE)).unwrap();
    // One is never handed on, three more are.
    for (round, from) in [2, 3, 4, 5].into_iter().enumerate() {
        span(from, 7).apply(&mut items);
        let part = account.part(span(from, 7).changes()).unwrap();
        if round > 0 {
            open.send(vec![observed(SOURCE, part, None, 20)]);
        }
    }
    open.sync();
    assert_eq!(open.reader.source(&name(SOURCE)).unwrap(), before);
    assert_eq!(gaps(&open), 1, "one gap for all that was on its way");
    assert!(is_asked(&account));
    assert!(!is_asked(&account), "asked twice for one");
    open.send(vec![observed(SOURCE, account.whole(observation(&items)), None, 30)]);
    span(9, 8).apply(&mut items);
    open.send(vec![observed(SOURCE, account.part(span(9, 8).changes()).unwrap(), None, 40)]);
    open.sync();
    assert!(!is_asked(&account));
    let state = open.reader.source(&name(SOURCE)).unwrap().unwrap();
    assert_eq!(state.observation, observation(&items));
    assert_eq!(replay(SOURCE, &open.entries()), state.observation);
    assert_eq!(gaps(&open), 1);
    open.close();
}

#[test]
fn a_part_on_a_wrong_root_is_refused_and_repaired() {
    refused_and_repaired(20);
}

#[test]
fn a_part_on_a_wrong_root_of_a_large_source_is_refused_and_repaired() {
    refused_and_repaired(1000);
}

#[test]
fn a_part_of_a_source_that_is_not_known_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(dir.path());
    let mut account = Account::default();
    let part = account.part(span(1, 1).changes()).unwrap();
    open.send(vec![observed(SOURCE, part, None, 10)]);
    open.sync();
    assert!(is_asked(&account));
    assert_eq!(open.entries(), []);
    // Retired meanwhile, as when another configuration has no such source.
    open.send(vec![observed(SOURCE, account.whole(observation(&Items::from([(1, 1)]))), None, 20)]);
    open.inputs.blocking_send(Input::Mark(Mark::Retain(std::collections::HashSet::new()))).unwrap();
    open.send(vec![observed(SOURCE, account.part(span(2, 1).changes()).unwrap(), None, 30)]);
    open.sync();
    assert!(is_asked(&account));
    assert!(open.reader.source(&name(SOURCE)).unwrap().is_none());
    open.close();
}

/// The root fits and the items do not: an observer that miscounts.
#[test]
fn a_part_whose_items_are_not_those_that_are_stored_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = Open::new(dir.path());
    for count in [20, 1000] {
        let items: Items = (0..count).map(|key| (key, 1)).collect();
        let mut account = Account::default();
        open.send(vec![observed(SOURCE, account.whole(observation(&items)), None, 10)]);
        let Some(Sight::Part { mut delta, whole }) = account.part(span(3, 7).changes()) else { panic!("no part") };
        delta.changes[0].before = None;
        open.send(vec![observed(SOURCE, Sight::Part { delta, whole }, None, 20)]);
        open.sync();
        assert!(is_asked(&account));
        assert_eq!(open.reader.source(&name(SOURCE)).unwrap().unwrap().observation, observation(&items));
    }
    open.close();
}
