use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(line: Line, log: impl FnOnce()) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .event_format(line)
        .with_max_level(Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    let bytes = kept.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn journal_lines_have_a_priority_and_no_time() {
    let text = logged(Line::Journal, || tracing::warn!(target: "watch", source = "app", "source is polled"));
    assert_eq!(text, "<4>watch: source is polled source=\"app\"\n");
    assert!(logged(Line::Journal, || tracing::error!("x")).starts_with("<3>"));
    assert!(logged(Line::Journal, || tracing::debug!("x")).starts_with("<7>"));
}

#[test]
fn terminal_lines_begin_with_time_and_level() {
    let text = logged(Line::Terminal { colour: false }, || tracing::info!(target: "ship", seq = 7, "acknowledged"));
    let (time, rest) = text.split_once(' ').unwrap();
    assert!(clock::parse_ms(time).is_some(), "{text}");
    assert_eq!(rest, " INFO ship: acknowledged seq=7\n");
}

#[test]
fn a_value_cannot_forge_a_line_or_move_the_cursor() {
    let evil = "a\n<3>kernel: \x1b[2Jowned";
    let text = logged(Line::Journal, || tracing::info!(target: "t", key = %evil, "seen"));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains('\x1b'));
}

#[test]
fn formats_are_known_by_name() {
    for format in [LogFormat::Text, LogFormat::Json] {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    assert_eq!("xml".parse::<LogFormat>().unwrap_err(), "`xml` is not a log format: `text` or `json`");
}

#[test]
#[ignore = "run by the tests of logging, in its own process"]
fn child_that_logs() {
    let format = std::env::var("DRIFTLINE_TEST_FORMAT").unwrap().parse().unwrap();
    if let Err(error) = init(format) {
        let mut err = io::stderr();
        writeln!(err, "{error}").unwrap();
        return;
    }
    let evil = "a\n{\"level\":\"ERROR\"}\u{1b}[2J";
    tracing::info!(key = %evil, lines = 3, "seen");
    tracing::warn!(target: "watch", "source is polled");
    tracing::debug!("a decision");
    assert!(matches!(init(format), Err(LogError::Twice(_))));
}

/// What a process of its own logs to standard error: logging is set up once
/// per process.
fn logged_by_child(format: &str, level: Option<&str>) -> Vec<String> {
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "log::tests::child_that_logs", "--ignored", "--nocapture"]);
    child.env("DRIFTLINE_TEST_FORMAT", format).env_remove(LEVEL_VARIABLE).env_remove("JOURNAL_STREAM");
    if let Some(level) = level {
        child.env(LEVEL_VARIABLE, level);
    }
    let output = child.output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn json_lines_are_one_object_each_with_the_fields_beside_the_message() {
    let lines = logged_by_child("json", None);
    let objects: Vec<serde_json::Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 2, "{lines:?}");
    assert_eq!(objects[0]["level"], "INFO");
    assert_eq!(objects[0]["message"], "seen");
    assert_eq!(objects[0]["lines"], 3);
    assert_eq!(objects[0]["key"], "a\n{\"level\":\"ERROR\"}\u{1b}[2J", "escaped in the line, whole for its reader");
    assert!(!lines[0].contains('\u{1b}'));
    assert!(clock::parse_ms(objects[0]["timestamp"].as_str().unwrap()).is_some());
    assert_eq!((&objects[1]["level"], &objects[1]["target"]), (&"WARN".into(), &"watch".into()));
}

#[test]
fn text_lines_are_one_per_event() {
    let lines = logged_by_child("text", None);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].ends_with("  WARN watch: source is polled"), "{lines:?}");
    assert!(!lines[0].contains('\u{1b}'), "no colour where no terminal is");
}

#[test]
fn the_level_is_the_variables() {
    assert_eq!(logged_by_child("json", Some("warn")).len(), 1);
    assert_eq!(logged_by_child("json", Some("debug")).len(), 3);
    assert_eq!(logged_by_child("json", Some("error,watch=warn")).len(), 1);
    assert_eq!(logged_by_child("json", Some("error")).len(), 0);
    let refused = logged_by_child("json", Some("info,x=loud"));
    assert_eq!(refused, ["DRIFTLINE_LOG is not a level such as `info` or `info,driftline_wire=debug`"]);
}
