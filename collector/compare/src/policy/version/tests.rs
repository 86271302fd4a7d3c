use super::*;

fn said(before: &str, after: &str) -> String {
    summary(&Policy::parse(before).unwrap(), &Policy::parse(after).unwrap())
}

#[test]
fn a_summary_counts_what_is_different() {
    let one = "[[severity]]\nkey = 'A'\nseverity = 'info'\n";
    let two = "[[severity]]\nkey = 'B'\nseverity = 'info'\n";
    assert_eq!(said("", one), "1 severity rule added");
    assert_eq!(said(&format!("{one}{two}"), ""), "2 severity rules removed");
    assert_eq!(said(one, two), "severity rules: 1 added, 1 removed");
    assert_eq!(said(&format!("{one}{two}"), &format!("{two}{one}")), "the order of rules is different");
    assert_eq!(said(one, &format!("# now with a comment\n{one}")), "no rule is different");
    assert_eq!(
        said("", "[settle]\nseconds = 60\n[retention]\ndays = 7\n"),
        "settling 60 s, was 30 s; retention 7 days, was not given"
    );
}
