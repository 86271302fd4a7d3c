use std::collections::HashSet;

use super::*;

#[derive(Debug, thiserror::Error)]
#[error("could not open the store in /var/lib/driftline")]
struct Closed(#[source] io::Error);

impl ExitKind for Closed {
    fn exit(&self) -> Exit {
        Exit::Denied
    }

    fn hint(&self) -> Option<String> {
        Some("run it as the user `driftline`".to_owned())
    }
}

#[test]
fn an_error_is_written_with_cause_and_hint() {
    let mut out = Vec::new();
    report_to(&mut out, &Closed(io::Error::other("permission denied"))).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "error: could not open the store in /var/lib/driftline\n  cause: permission denied\nhint: run it as the user `driftline`\n"
    );
}

#[derive(Debug, thiserror::Error)]
#[error("reading failed: {0}")]
struct Repeating(#[source] io::Error);

impl ExitKind for Repeating {
    fn exit(&self) -> Exit {
        Exit::Internal
    }
}

#[test]
fn a_cause_that_the_error_already_names_is_not_repeated() {
    let mut out = Vec::new();
    report_to(&mut out, &Repeating(io::Error::other("bad disk"))).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "error: reading failed: bad disk\n");
}

#[test]
fn the_codes_are_those_of_the_manual_and_distinct() {
    let codes: Vec<u8> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    assert_eq!(codes, [0, 1, 2, 3, 64, 65, 69, 70, 77, 78, 130]);
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), Exit::ALL.len());
}
