use driftline_canon::{HostName, Role, SourceKind};

use super::*;
use crate::desired::SheetItem;
use crate::judge::{Judgement, Stretch, Validity, judge};
use crate::{Severity, Verdict};

const MADE: Made = Made { fleet_key_epoch: 1, canonical_form: 1 };

fn revision(number: u64, selector: &str, sources: &[&str]) -> Revision {
    Revision {
        number,
        selector: selector.parse().unwrap(),
        revision: format!("r{number}"),
        ticket: None,
        pushed_by: "ci".to_owned(),
        pushed_ms: i64::try_from(number).unwrap() * 1_000_000,
        expires_ms: None,
        fleet_key_epoch: 1,
        canonical_form: 1,
        sources: sources.iter().map(|source| (SourceName::new(*source).unwrap(), 1)).collect(),
    }
}

fn sheet(source: &str, items: &[(&str, u8)]) -> Sheet {
    let item = |(key, digest): &(&str, u8)| SheetItem {
        key: if key.starts_with('@') {
            ItemKey::from_canonical((*key).to_owned()).unwrap()
        } else {
            ItemKey::from_bytes(key.as_bytes())
        },
        digest: [*digest; 32],
        secret: false,
        display: None,
    };
    Sheet {
        owner: String::new(),
        source: SourceName::new(source).unwrap(),
        kind: SourceKind::EnvFile,
        items: items.iter().map(item).collect(),
    }
}

fn window(number: u64, selector: &str, source: Option<&str>) -> Window {
    Window {
        number,
        selector: selector.parse().unwrap(),
        source: source.map(|name| SourceName::new(name).unwrap()),
        actor: None,
        ticket: format!("CHG-{number}"),
        opened_by: "ada".to_owned(),
        from_ms: 0,
        until_ms: i64::MAX,
        closed: None,
    }
}

fn ask<T>(environment: &str, key: &str, after: Option<u8>, at_ms: i64, then: impl FnOnce(&Question<'_>) -> T) -> T {
    let environment = Environment::new(environment).unwrap();
    let (role, host) = (Role::new("web").unwrap(), HostName::new("web-1").unwrap());
    let source = SourceName::new("app").unwrap();
    let key = ItemKey::from_canonical(key.to_owned()).unwrap();
    let after = after.map(|digest| [digest; 32]);
    then(&Question {
        environment: &environment,
        role: &role,
        host: &host,
        source: &source,
        kind: SourceKind::EnvFile,
        key: &key,
        before: None,
        after: after.as_ref(),
        when: Stretch::at(at_ms),
        actor: None,
        blind: None,
        severity: Severity::Info,
        comes_with_declared: false,
    })
}

fn judged(book: &Book, key: &str, after: Option<u8>, at_ms: i64) -> Judgement {
    ask("production", key, after, at_ms, |question| judge(question, &book.find(question, MADE).given()))
}

fn book(revisions: Vec<Revision>, windows: Vec<Window>, items: &[(&str, u8)]) -> Book {
    let mut book = Book::new(revisions, windows, &Book::default());
    for (number, source) in book.wanted() {
        book.add(number, sheet(source.as_str(), items));
    }
    assert_eq!(book.wanted(), []);
    book
}

#[test]
fn every_selector_that_matches_the_host_is_found_and_no_other() {
    let matching =
        ["production", "role=web", "host=web-1", "env=production,role=web,host=web-1", "env=production,role=web"];
    let others = ["staging", "role=db", "env=production,host=web-2", "env=staging,role=web"];
    let selectors = matching.iter().chain(&others).zip(1_u64..);
    let revisions = selectors.map(|(selector, number)| revision(number, selector, &["app"])).collect();
    let book = book(revisions, Vec::new(), &[("K", 1)]);
    ask("production", "K", Some(1), 0, |question| {
        let found = book.find(question, MADE);
        let mut names: Vec<&str> = found.declarations.iter().map(|one| one.revision).collect();
        names.sort_unstable();
        assert_eq!(names, ["r1", "r2", "r3", "r4", "r5"]);
    });
}

#[test]
fn an_environment_for_which_nothing_was_given_is_known_as_such() {
    let book = book(vec![revision(1, "production", &["app"])], vec![window(1, "env=qa,role=db", None)], &[]);
    let of = |name: &str| book.speaks_of(&Environment::new(name).unwrap());
    assert_eq!((of("production"), of("qa"), of("staging")), (true, true, false));
    ask("staging", "K", Some(1), 0, |question| assert!(!book.find(question, MADE).given().anything_given));
    let everywhere = Book::new(Vec::new(), vec![window(1, "role=db", None)], &Book::default());
    assert!(everywhere.speaks_of(&Environment::new("staging").unwrap()));
}

#[test]
fn a_key_that_is_not_in_a_declared_source_is_declared_absent() {
    let book = book(vec![revision(1, "production", &["app"])], Vec::new(), &[("K", 1), ("@mode", 5)]);
    assert_eq!(judged(&book, "K", Some(1), 0).verdict, Verdict::Authorised);
    assert_eq!(judged(&book, "K", Some(2), 0).verdict, Verdict::ContentMismatch);
    assert_eq!(judged(&book, "ORPHAN", Some(1), 0).verdict, Verdict::ContentMismatch);
    assert_eq!(judged(&book, "ORPHAN", None, 0).verdict, Verdict::Authorised);
    // What is about the file agrees with what is declared, or is not declared.
    assert_eq!(judged(&book, "@mode", Some(5), 0).verdict, Verdict::Authorised);
    assert_eq!(judged(&book, "@mode", Some(6), 0).verdict, Verdict::OutOfBand);
    assert_eq!(judged(&book, "@order:filter/INPUT", Some(6), 0).verdict, Verdict::OutOfBand);
}

#[test]
fn where_the_order_of_rules_is_declared_only_that_order_is_right() {
    let book = book(vec![revision(1, "production", &["app"])], Vec::new(), &[("K", 1), ("@order:INPUT", 5)]);
    let verdict = |list: &str, after: Option<u8>| judged(&book, list, after, 0).verdict;
    assert_eq!(verdict("@order:INPUT", Some(5)), Verdict::Authorised);
    assert_eq!(verdict("@order:INPUT", Some(6)), Verdict::ContentMismatch);
    assert_eq!(verdict("@order:INPUT", None), Verdict::ContentMismatch, "its rules are gone");
    // A list that is declared without an order has one rule at most.
    assert_eq!(verdict("@order:FORWARD", None), Verdict::Authorised);
    assert_eq!(verdict("@order:FORWARD", Some(6)), Verdict::OutOfBand);
}

#[test]
fn a_source_whose_items_are_not_here_contradicts_nothing() {
    let book = Book::new(vec![revision(1, "production", &["app"])], Vec::new(), &Book::default());
    assert_eq!(judged(&book, "K", Some(1), 0).verdict, Verdict::OutOfBand);
}

#[test]
fn a_newer_revision_for_the_same_selector_takes_its_place_once_it_settled() {
    let other_source = revision(3, "production", &["db"]);
    let mut book = Book::new(
        vec![revision(1, "production", &["app"]), revision(2, "production", &["app"]), other_source],
        Vec::new(),
        &Book::default(),
    );
    book.add(1, sheet("app", &[("K", 1)]));
    book.add(2, sheet("app", &[("K", 2)]));
    let at = |ms: i64| judged(&book, "K", Some(1), ms).verdict;
    assert_eq!(at(2_000_000 + book.settle_ms() - 1), Verdict::Authorised);
    assert_eq!(at(2_000_000 + book.settle_ms()), Verdict::ContentMismatch);
    assert_eq!(judged(&book, "K", Some(2), i64::MAX).verdict, Verdict::Authorised);
}

#[test]
fn only_the_last_revisions_of_a_source_are_kept() {
    let count = u64::try_from(REVISIONS_KEPT).unwrap() + 5;
    let revisions: Vec<Revision> = (1..=count).map(|number| revision(number, "production", &["app"])).collect();
    let book = Book::new(revisions, Vec::new(), &Book::default());
    assert_eq!(book.wanted().len(), REVISIONS_KEPT);
    assert_eq!(book.wanted()[0].0, 6);
}

#[test]
fn items_that_an_earlier_book_has_are_not_asked_for_again() {
    let first = book(vec![revision(1, "production", &["app"])], Vec::new(), &[("K", 1)]);
    let revisions = vec![revision(1, "production", &["app"]), revision(2, "production", &["app"])];
    let second = Book::new(revisions, Vec::new(), &first);
    assert_eq!(second.wanted(), [(2, SourceName::new("app").unwrap())]);
}

#[test]
fn digests_of_another_fleet_key_are_not_compared() {
    let book = book(vec![revision(1, "production", &["app"])], Vec::new(), &[("K", 1)]);
    ask("production", "K", Some(1), 0, |question| {
        for made in [Made { fleet_key_epoch: 2, ..MADE }, Made { canonical_form: 2, ..MADE }] {
            let found = book.find(question, made);
            assert!(found.declarations.iter().all(|one| !one.comparable && one.validity == [Validity::Valid; 2]));
        }
    });
}

#[test]
fn windows_are_found_by_selector_and_source_and_the_newest_are_kept() {
    let mut windows = vec![window(1, "production", Some("db")), window(2, "production", Some("app"))];
    windows.push(window(3, "staging", None));
    let few = Book::new(Vec::new(), windows, &Book::default());
    ask("production", "K", Some(1), 5, |question| {
        let found = few.find(question, MADE);
        let tickets: Vec<&str> = found.windows.iter().map(|window| window.ticket.as_str()).collect();
        assert_eq!(tickets, ["CHG-2"]);
    });
    let many = (1..=200).map(|number| window(number, "production", None)).collect();
    let many = Book::new(Vec::new(), many, &Book::default());
    ask("production", "K", Some(1), 5, |question| {
        let found = many.find(question, MADE);
        assert_eq!(found.windows.len(), WINDOWS_KEPT);
        assert!(found.windows.iter().any(|window| window.number == 200));
    });
}

#[test]
fn j1_a_deployment_is_in_flight_until_it_settled() {
    let book = book(vec![revision(1, "role=web", &["app"])], Vec::new(), &[("K", 1)]);
    let settled = |at: i64| ask("production", "K", Some(2), at, |question| book.settled_ms(question, at));
    let (pushed, end) = (1_000_000, 1_000_000 + book.settle_ms());
    assert_eq!([pushed - 1, pushed, end - 1, end].map(settled), [None, Some(end), Some(end), None]);
}
