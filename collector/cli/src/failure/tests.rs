//! Failures as they are printed.

use super::*;

#[test]
fn an_error_has_one_line_and_a_hint_another() {
    let failure = Failure::new(Exit::Config, "no collector is configured").hint("run `driftline login`");
    assert_eq!(failure.to_string(), "error: no collector is configured\nhint: run `driftline login`");
    assert_eq!(failure.exit(), Exit::Config);
    assert_eq!(Failure::new(Exit::Data, "x").maybe_hint(None).to_string(), "error: x");
}

#[test]
fn a_file_that_may_not_be_read_is_a_matter_of_permission() {
    let path = Path::new("app.env");
    let denied = io::Error::from(io::ErrorKind::PermissionDenied);
    assert_eq!(Failure::file(Exit::Inconclusive, "read", path, &denied).exit(), Exit::Denied);
    let missing = io::Error::from(io::ErrorKind::NotFound);
    let failure = Failure::file(Exit::Inconclusive, "read", path, &missing);
    assert_eq!(failure.exit(), Exit::Inconclusive);
    assert!(failure.to_string().starts_with("error: cannot read app.env: "));
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let failure = Failure::output(&io::Error::from(io::ErrorKind::BrokenPipe));
    assert!(failure.is_quiet());
    assert_eq!(failure.exit().code(), 0);
    assert!(!Failure::output(&io::Error::from(io::ErrorKind::StorageFull)).is_quiet());
}
