//! Prints what judging one change costs, as JSON: found in a book of 200
//! revisions with 200 keys each and 500 windows, and judged.
//!
//! A measurement, not a test: it asserts nothing but that the work was done.
#![allow(clippy::print_stdout, clippy::cast_possible_truncation, reason = "an example that prints its result")]

use std::time::Instant;

use driftline_canon::{Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use driftline_compare::desired::{Revision, Sheet, SheetItem};
use driftline_compare::judge::book::{Book, Made};
use driftline_compare::judge::{Question, Stretch, judge};
use driftline_compare::window::Window;
use driftline_compare::{Severity, Verdict};

type Failure = Box<dyn std::error::Error>;

const REVISIONS: u64 = 200;
const KEYS: usize = 200;
const WINDOWS: u64 = 500;
const CHANGES: usize = 200_000;

/// Selectors that revisions and windows are spread over.
const SELECTORS: [&str; 5] =
    ["production", "env=production,role=web", "role=web", "env=production,host=web-1", "staging"];

fn main() -> Result<(), Failure> {
    let book = book()?;
    let (environment, role) = (Environment::new("production")?, Role::new("web")?);
    let (host, source) = (HostName::new("web-1")?, SourceName::new("app")?);
    let keys: Vec<ItemKey> = (0..KEYS).map(key).collect();
    let digests = [[0_u8; 32], [1; 32], [2; 32]];
    let made = Made { fleet_key_epoch: 1, canonical_form: 1 };
    let mut authorised = 0_usize;
    let start = Instant::now();
    for (at, key) in (0..CHANGES).zip(keys.iter().cycle()) {
        let question = Question {
            environment: &environment,
            role: &role,
            host: &host,
            source: &source,
            kind: SourceKind::EnvFile,
            key,
            before: Some(&digests[0]),
            after: Some(&digests[1 + at % 2]),
            when: Stretch::at(i64::MAX),
            actor: None,
            blind: None,
            severity: Severity::Warning,
            comes_with_declared: false,
        };
        let found = book.find(&question, made);
        authorised += usize::from(judge(&question, &found.given()).verdict == Verdict::Authorised);
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / CHANGES as f64;
    println!("{{ \"changes\": {CHANGES}, \"authorised\": {authorised}, \"us_per_change\": {micros:.2} }}");
    Ok(())
}

fn key(at: usize) -> ItemKey {
    ItemKey::from_bytes(format!("SETTING_{at}").as_bytes())
}

fn book() -> Result<Book, Failure> {
    let source = SourceName::new("app")?;
    let selector = |number: u64| SELECTORS[number as usize % SELECTORS.len()].parse();
    let mut revisions = Vec::new();
    for number in 1..=REVISIONS {
        revisions.push(Revision {
            number,
            selector: selector(number)?,
            revision: format!("{number:040x}"),
            ticket: Some(format!("CHG-{number}")),
            pushed_by: "ci".to_owned(),
            pushed_ms: number as i64 * 1_000,
            expires_ms: None,
            fleet_key_epoch: 1,
            canonical_form: 1,
            sources: vec![(source.clone(), KEYS as u32)],
        });
    }
    let mut windows = Vec::new();
    for number in 1..=WINDOWS {
        windows.push(Window {
            number,
            selector: selector(number)?,
            source: None,
            actor: None,
            ticket: format!("CHG-{number}"),
            opened_by: "ada".to_owned(),
            from_ms: number as i64 * 1_000,
            until_ms: number as i64 * 1_000 + 500,
            closed: None,
        });
    }
    let mut book = Book::new(revisions, windows, &Book::default());
    for (number, source) in book.wanted() {
        let item = |at| SheetItem { key: key(at), digest: [1; 32], secret: false, display: None };
        let items = (0..KEYS).map(item).collect();
        book.add(number, Sheet { owner: String::new(), source, kind: SourceKind::EnvFile, items });
    }
    Ok(book)
}
