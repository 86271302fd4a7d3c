//! Revisions, windows and changes in few words, judged through a book.

use driftline_canon::actor::{ActorText, User};
use driftline_canon::{Actor, Confidence, ItemKey, SourceKind};
use driftline_compare::desired::{Revision, Sheet, SheetItem};
use driftline_compare::judge::book::{Book, Made};
use driftline_compare::judge::{Blind, Judgement, Question, Stretch, judge};
use driftline_compare::window::Window;
use driftline_compare::{Policy, Severity};

pub(crate) const MADE: Made = Made { fleet_key_epoch: 1, canonical_form: 1 };

pub(crate) fn key(text: &str) -> ItemKey {
    ItemKey::from_bytes(text.as_bytes())
}

/// A revision of the source `app` with these values, pushed then.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) selector: &'static str,
    pub(crate) source: &'static str,
    pub(crate) pushed_ms: i64,
    pub(crate) expires_ms: Option<i64>,
    pub(crate) ticket: Option<&'static str>,
    pub(crate) items: Vec<(&'static str, u8)>,
}

pub(crate) fn push(pushed_ms: i64, items: &[(&'static str, u8)]) -> Push {
    let items = items.to_vec();
    Push { selector: "production", source: "app", pushed_ms, expires_ms: None, ticket: None, items }
}

pub(crate) fn revision(number: u64, one: &Push) -> Revision {
    Revision {
        number,
        selector: one.selector.parse().unwrap(),
        revision: format!("r{number}"),
        ticket: one.ticket.map(str::to_owned),
        pushed_by: "ci".to_owned(),
        pushed_ms: one.pushed_ms,
        expires_ms: one.expires_ms,
        fleet_key_epoch: 1,
        canonical_form: 1,
        sources: vec![(one.source.parse().unwrap(), u32::try_from(one.items.len()).unwrap())],
    }
}

pub(crate) fn book(pushes: &[Push], windows: Vec<Window>, policy: &str) -> Book {
    let revisions = pushes.iter().zip(1..).map(|(one, number)| revision(number, one)).collect();
    let mut book = Book::new(revisions, windows, &Book::default()).ruled_by(Policy::parse(policy).unwrap());
    for (number, source) in book.wanted() {
        let one = &pushes[usize::try_from(number).unwrap() - 1];
        let item = |(name, value): &(&str, u8)| SheetItem {
            key: key(name),
            digest: [*value; 32],
            secret: false,
            display: None,
        };
        let items = one.items.iter().map(item).collect();
        book.add(number, Sheet { owner: String::new(), source, kind: SourceKind::EnvFile, items });
    }
    book
}

pub(crate) fn window(ticket: &str, from_ms: i64, until_ms: i64) -> Window {
    Window {
        number: 1,
        selector: "production".parse().unwrap(),
        source: None,
        actor: None,
        ticket: ticket.to_owned(),
        opened_by: "ada".to_owned(),
        from_ms,
        until_ms,
        closed: None,
    }
}

/// Root with a program, as sure as said.
pub(crate) fn program(path: &str, uid: u32, confidence: Confidence) -> Actor {
    let user = Some(User { uid, name: None });
    Actor { confidence, user, executable: Some(ActorText::new(path)), ..Actor::unknown() }
}

/// A change of `A` on web-1.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) environment: &'static str,
    pub(crate) after: Option<u8>,
    pub(crate) when: Stretch,
    pub(crate) actor: Option<Actor>,
    pub(crate) blind: Option<Blind>,
}

pub(crate) fn change(after: Option<u8>, at_ms: i64) -> Change {
    Change { environment: "production", after, when: Stretch::at(at_ms), actor: None, blind: None }
}

impl Change {
    pub(crate) fn asked<T>(&self, then: impl FnOnce(&Question<'_>) -> T) -> T {
        let after = self.after.map(|digest| [digest; 32]);
        then(&Question {
            environment: &self.environment.parse().unwrap(),
            role: &"web".parse().unwrap(),
            host: &"web-1".parse().unwrap(),
            source: &"app".parse().unwrap(),
            kind: SourceKind::EnvFile,
            key: &key("A"),
            before: Some(&[200; 32]),
            after: after.as_ref(),
            when: self.when,
            actor: self.actor.as_ref(),
            blind: self.blind,
            severity: Severity::Warning,
            comes_with_declared: false,
        })
    }

    pub(crate) fn judged(&self, book: &Book) -> Judgement {
        self.judged_as(book, MADE)
    }

    pub(crate) fn judged_as(&self, book: &Book, made: Made) -> Judgement {
        self.asked(|question| judge(question, &book.find(question, made).given()))
    }
}
