//! The page held against Python's parser of HTML: only the tags that are meant,
//! whatever the texts.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;
use crate::printer::findings::tests::HOSTILE;
use driftline_compare::Severity;

/// The tags and attributes that a browser would see, each once, sorted.
fn tags(document: &str) -> Vec<String> {
    const READ: &str = "import json, sys\nfrom html.parser import HTMLParser\n\
        found = set()\n\
        class Read(HTMLParser):\n\
        \x20   def handle_starttag(self, tag, attrs):\n\
        \x20       found.add(tag)\n\
        \x20       found.update(tag + ' ' + name for name, _ in attrs)\n\
        \x20   def handle_comment(self, data): found.add('comment')\n\
        Read().feed(sys.stdin.buffer.read().decode())\n\
        print(json.dumps(sorted(found)))\n";
    let mut command = Command::new("python3");
    let mut child =
        command.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn document(text: &str) -> Document {
    let mut table = Table::new(&["severity", text]);
    let cells = vec![text.to_owned(), text.to_owned()];
    table.rows.push(Row { cells, note: Some(text.to_owned()), severity: Some(Severity::Critical) });
    let lines = Block::Lines(vec![text.to_owned()]);
    Document::default().heading(text).text(text).facts([(text, text)]).table(table).block(lines)
}

#[test]
fn a_hostile_text_makes_no_tag_and_no_attribute() {
    assert_eq!(tags(&render(&document(HOSTILE))), tags(&render(&document("plain"))));
    let page = render(&document(HOSTILE));
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
}

#[test]
fn the_page_needs_nothing_from_anywhere() {
    let page = render(&document("x"));
    for part in ["http://", "https://", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("default-src 'none'"));
    assert!(page.starts_with("<!doctype html>\n"));
}

#[test]
fn a_severity_is_a_class_and_a_note_spans_its_table() {
    let page = render(&document("x"));
    assert!(page.contains(
        "<tr class=\"critical\"><td>x</td><td>x</td></tr>\n<tr class=\"note\"><td colspan=\"2\">x</td></tr>"
    ));
}
