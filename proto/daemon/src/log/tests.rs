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
