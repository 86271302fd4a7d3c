//! The page, the words and the severities are the same list.

use std::collections::BTreeMap;

use super::*;
use crate::render::event_word;
use crate::testing::host_record;

/// The table of events of docs/collector.md: word, severities.
fn page() -> BTreeMap<String, String> {
    let text = include_str!("../../../../docs/collector.md");
    let (_, below) = text.split_once("\n## Events\n").unwrap();
    let rows = below
        .split("\n## ")
        .next()
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| `") && !line.contains("severity"));
    let mut found = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        for word in cells[0].split('`').skip(1).step_by(2) {
            assert!(found.insert(word.to_owned(), cells[1].to_owned()).is_none(), "`{word}` stands there twice");
        }
    }
    found
}

fn kind(word: &str) -> EventKind {
    serde_json::from_value(word.into()).unwrap_or_else(|_| panic!("`{word}` is on the page and no event"))
}

#[test]
fn what_the_page_says_of_an_event_is_so() {
    let page = page();
    assert_eq!(page.len(), 27, "every kind stands on the page: {page:?}");
    for (word, severities) in page {
        assert_eq!(event_word(kind(&word)), word, "the store and the API say the same");
        let usual = severity(kind(&word));
        assert!(severities.split(", ").next() == Some(usual.as_str()), "{word}: {usual}, the page says {severities}");
    }
}

#[test]
fn an_event_says_whom_it_is_about_and_no_more() {
    let host = host_record("web-1");
    let source = SourceName::new("app").unwrap();
    let read = |entry: EntryBody| match entry {
        EntryBody::Event(event) => event,
        EntryBody::Change(_) | EntryBody::Amendment(_) | EntryBody::Rejudgement(_) => panic!("an event is no change"),
    };
    let event = read(general(EventKind::TokenRefused, "a"));
    assert_eq!((event.environment, event.host, event.source), (None, None, None));
    let event = read(of_host(&host, EventKind::HostSilent, "b"));
    assert_eq!(
        (event.environment, event.host, event.source),
        (Some(host.environment.clone()), Some(host.host.clone()), None)
    );
    let event = read(of_source(&host, &source, EventKind::Gap, "c"));
    assert_eq!((event.host, event.source, event.message.as_str()), (Some(host.host.clone()), Some(source), "c"));
    let event = read(between(with_severity(general(EventKind::Gap, "d"), Severity::Critical), 1, 2));
    assert_eq!((event.severity, event.between_ms, event.kind), (Severity::Critical, Some((1, 2)), EventKind::Gap));
}
