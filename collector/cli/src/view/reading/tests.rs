//! What is seen in a file, printed.

use driftline_canon::{Place, ProblemKind};

use super::*;
use crate::printer::{Style, layout};

fn item(key: &str, display: Option<&str>, secret: bool, line: u32) -> SeenItem {
    let (key, display) = (key.to_owned(), display.map(str::to_owned));
    SeenItem { key, display, secret, line: Some(line), file: None, severity: "info".to_owned() }
}

#[test]
fn items_secrets_and_problems_are_counted_and_shown() {
    let place = Place { line: 3, column: 4 };
    let problem = Problem::at(ProblemKind::Syntax, place, "no `=`", Some("BAD ****".to_owned()));
    let items = vec![item("A", Some(""), false, 1), item("KEY", Some("****"), true, 2)];
    let seen = Inspection::new("app.env", (Format::EnvFile(None), Some(EnvDialect::Dotenv)), items, &[problem]);
    let expected = "\
app.env, read as dotenv
2 settings, 1 secret, 1 problem

LINE  KEY  VALUE    SECRET  A CHANGE IS
1     A    (empty)          info
2     KEY  ****     yes     info

Problems
app.env:3:4: no `=`
 3 | BAD ****
   |    ^
";
    assert_eq!(layout::render(&seen.document(), Style { width: 80, colour: false }), expected);
}

#[test]
fn as_json_it_has_a_version_and_problems_in_the_shape_of_the_api() {
    let problem = Problem::whole(ProblemKind::Limit, "too large");
    let seen = Inspection::new("x", (Format::EnvFile(None), None), vec![item("A", None, false, 1)], &[problem]);
    let json = serde_json::to_value(&seen).unwrap();
    assert_eq!((&json["schema_version"], &json["problems"][0]["kind"]), (&1.into(), &"limit".into()));
    assert!(json["items"][0].get("display").is_none(), "what may not be shown is left out");
}
