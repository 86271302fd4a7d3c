use super::*;

#[test]
fn the_caret_stands_below_the_column() {
    let problem = Problem::at(
        ProblemKind::Syntax,
        Place { line: 12, column: 9 },
        "quote is never closed",
        Some("DB_NAME=****".to_owned()),
    );
    assert_eq!(
        problem.render("/etc/app.env"),
        "/etc/app.env:12:9: quote is never closed\n 12 | DB_NAME=****\n    |         ^"
    );
}

#[test]
fn every_kind_has_a_name_that_finds_it_again() {
    for kind in ProblemKind::ALL {
        assert_eq!(ProblemKind::from_name(kind.as_str()), Some(kind));
    }
}

#[test]
fn reasons_are_bounded() {
    let problem = Problem::whole(ProblemKind::Host, "ä".repeat(5000));
    assert!(problem.reason.len() <= PROBLEM_BYTES_MAX);
}

#[test]
fn one_problem_that_is_not_shown_is_one() {
    assert_eq!(Problem::not_shown(1).reason, "1 more problem is not shown");
    assert_eq!(Problem::not_shown(901).reason, "901 more problems are not shown");
}
