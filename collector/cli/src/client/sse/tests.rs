//! The stream, cut anywhere.

use super::*;

const STREAM: &str =
    ": hello\n\nevent: change\nid: 7\ndata: {\"a\":\ndata:  1}\n\nretry: 5\ndata: x\r\n\r\nevent: none\n\n";

fn expected() -> Vec<Event> {
    vec![
        Event { name: "change".to_owned(), data: "{\"a\":\n 1}".to_owned(), id: Some("7".to_owned()) },
        Event { name: "message".to_owned(), data: "x".to_owned(), id: None },
    ]
}

#[test]
fn events_have_names_data_and_ids() {
    assert_eq!(Decoder::default().feed(STREAM.as_bytes()), expected());
}

#[test]
fn d4_a_stream_may_be_cut_anywhere() {
    for size in 1..STREAM.len() {
        let mut decoder = Decoder::default();
        let events: Vec<Event> = STREAM.as_bytes().chunks(size).flat_map(|chunk| decoder.feed(chunk)).collect();
        assert_eq!(events, expected(), "in pieces of {size}");
    }
}

#[test]
fn an_event_that_did_not_end_is_none() {
    assert!(Decoder::default().feed(b"event: change\ndata: 1\n").is_empty());
}

#[test]
fn an_event_over_the_limit_is_dropped_and_the_next_one_is_seen() {
    let mut decoder = Decoder::default();
    let mut stream = b"data: ".to_vec();
    stream.extend(vec![b'x'; EVENT_BYTES_MAX + 10]);
    stream.extend_from_slice(b"\n\ndata: small\n\n");
    let events = decoder.feed(&stream);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].data, "small");
}
