use driftline_canon::{Environment, HostName, ItemKey, Role, SourceKind};
use proptest::prelude::*;

use super::*;
use crate::Severity;
use crate::desired::SheetItem;
use crate::judge::book::{Made, REVISIONS_KEPT};
use crate::judge::{Question, Stretch, judge};

const SELECTORS: [&str; 2] = ["production", "env=production,role=web"];

fn revision(number: u64, (selector, pushed_ms): (usize, i64)) -> Revision {
    Revision {
        number,
        selector: SELECTORS[selector].parse().unwrap(),
        revision: format!("r{number}"),
        ticket: None,
        pushed_by: "ci".to_owned(),
        pushed_ms,
        expires_ms: None,
        fleet_key_epoch: 1,
        canonical_form: 1,
        sources: vec![("app".parse().unwrap(), 1)],
    }
}

fn window(number: u64, from_ms: i64) -> Window {
    Window {
        number,
        selector: "production".parse().unwrap(),
        source: None,
        actor: None,
        ticket: format!("CHG-{number}"),
        opened_by: "ada".to_owned(),
        from_ms,
        until_ms: from_ms + 5,
        closed: None,
    }
}

fn sheet(number: u64) -> Sheet {
    let digest = [u8::try_from(number % 5).unwrap(); 32];
    let item = SheetItem { key: ItemKey::from_bytes(b"KEY"), digest, secret: false, display: None };
    Sheet { owner: String::new(), source: "app".parse().unwrap(), kind: SourceKind::EnvFile, items: vec![item] }
}

/// What a book says of a change at a time.
fn said(book: &Book, at_ms: i64, after: u8) -> crate::judge::Judgement {
    let (environment, role) = (Environment::new("production").unwrap(), Role::new("web").unwrap());
    let (host, source) = (HostName::new("web-1").unwrap(), "app".parse().unwrap());
    let (key, after) = (ItemKey::from_bytes(b"KEY"), [after; 32]);
    let question = Question {
        environment: &environment,
        role: &role,
        host: &host,
        source: &source,
        kind: SourceKind::EnvFile,
        key: &key,
        before: None,
        after: Some(&after),
        when: Stretch::at(at_ms),
        actor: None,
        blind: None,
        severity: Severity::Info,
        comes_with_declared: false,
    };
    judge(&question, &book.find(&question, Made { fleet_key_epoch: 1, canonical_form: 1 }).given())
}

proptest! {
    /// It says at each time what a book of all that was given by then says, and
    /// holds no more revisions than are kept.
    #[test]
    fn at_each_time_it_is_the_book_of_then(
        pushes in prop::collection::vec((0..SELECTORS.len(), 0..100_i64), 0..40),
        windows in prop::collection::vec(0..100_i64, 0..6),
    ) {
        let revisions: Vec<Revision> = (1..).zip(&pushes).map(|(number, one)| revision(number, *one)).collect();
        let mut revisions = revisions;
        revisions.sort_by_key(|one| one.pushed_ms);
        (1..).zip(&mut revisions).for_each(|(number, one)| one.number = number);
        let windows: Vec<Window> = (1..).zip(&windows).map(|(number, from_ms)| window(number, *from_ms)).collect();
        let mut past = Past::new(revisions.clone(), windows.clone());
        for at_ms in (0..110).step_by(7) {
            for (number, _) in past.go_to(at_ms) {
                past.add(number, sheet(number));
            }
            let then: Vec<Revision> = revisions.iter().filter(|one| one.pushed_ms <= at_ms).cloned().collect();
            let open: Vec<Window> = windows.iter().filter(|one| one.from_ms <= at_ms).cloned().collect();
            let mut book = Book::new(then, open, &Book::default());
            for (number, _) in book.wanted() {
                book.add(number, sheet(number));
            }
            for after in 0..5 {
                prop_assert_eq!(said(past.book(), at_ms, after), said(&book, at_ms, after));
            }
            prop_assert!(past.revisions.len() <= SELECTORS.len() * REVISIONS_KEPT);
        }
    }
}
