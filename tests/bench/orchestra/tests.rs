use std::collections::BTreeSet;

use super::*;

fn wanted(args: &[&str]) -> Result<Wanted, String> {
    Wanted::from_args(args.iter().copied().map(str::to_owned))
}

#[test]
fn without_arguments_everything_is_wanted() {
    let all = wanted(&[]).unwrap();
    assert_eq!(all.rows().count(), ROWS.len());
    assert_eq!(all, Wanted::default());
}

#[test]
fn only_the_named_rows_run_in_the_order_of_the_page() {
    let some = wanted(&["--quick", "--only", "engines,scan"]).unwrap();
    assert!(some.quick);
    assert_eq!(some.rows().map(|row| row.name).collect::<Vec<_>>(), ["scan", "engines"]);
}

#[test]
fn what_is_unknown_is_refused_with_what_there_is() {
    assert!(wanted(&["--only", "speed"]).unwrap_err().contains("scan"));
    assert!(wanted(&["--fast"]).unwrap_err().contains("--quick"));
    assert!(wanted(&["--only"]).unwrap_err().contains("wants a value"));
}

#[test]
fn rows_have_names_of_their_own_and_an_end() {
    let names: BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), ROWS.len());
    assert!(ROWS.iter().all(|row| row.seconds_max > 0));
}
