//! Exports, cut anywhere and tampered with.

use driftline_compare::chain::link;

use super::*;

fn exported(bodies: &[&str]) -> String {
    let mut previous = GENESIS;
    let mut text = String::new();
    for (id, body) in (1_u64..).zip(bodies) {
        previous = link(&previous, id, body.as_bytes());
        let entry = ChainEntry { id, body: STANDARD.encode(body), hash: hex::encode(&previous) };
        text.push_str(&serde_json::to_string(&entry).unwrap());
        text.push('\n');
    }
    text
}

fn proved(text: &str, wanted: Option<[u8; 32]>) -> Outcome<Verification> {
    let mut proof = Proof::new(wanted);
    proof.feed(text.as_bytes())?;
    proof.finish()
}

#[test]
fn an_export_may_come_in_any_pieces() {
    let text = exported(&["one", "two", "three"]);
    let whole = proved(&text, None).unwrap();
    assert_eq!((whole.intact, whole.entries), (true, 3));
    for size in 1..60 {
        let mut proof = Proof::new(None);
        text.as_bytes().chunks(size).for_each(|piece| proof.feed(piece).unwrap());
        assert_eq!(proof.finish().unwrap(), whole, "in pieces of {size}");
    }
    assert_eq!(proved(text.trim_end(), None).unwrap(), whole, "the last line feed does not matter");
}

#[test]
fn an_empty_history_is_whole() {
    let answer = proved("", None).unwrap();
    assert_eq!((answer.intact, answer.entries, answer.head), (true, 0, "00".repeat(32)));
}

#[test]
fn p8_the_first_entry_that_does_not_hold_is_named_and_nothing_after_it_counts() {
    let text = exported(&["one", "two", "three"]).replace(&STANDARD.encode("two"), &STANDARD.encode("tow"));
    let answer = proved(&text, None).unwrap();
    assert_eq!((answer.intact, answer.entries, answer.broken_at), (false, 1, Some(2)));
}

#[test]
fn p8_a_wanted_head_may_lie_anywhere() {
    let text = exported(&["one", "two"]);
    let first = link(&GENESIS, 1, b"one");
    assert!(proved(&text, Some(first)).unwrap().intact);
    assert!(proved(&text, Some(GENESIS)).unwrap().intact);
    let answer = proved(&text, Some([9; 32])).unwrap();
    assert_eq!((answer.intact, answer.broken_at), (false, None));
}

#[test]
fn what_is_no_export_is_bad_data_with_its_line() {
    for (bad, reason) in [
        ("hello", "it is not an exported entry"),
        ("{\"id\":1,\"body\":\"?\",\"hash\":\"00\"}", "its body is not base64"),
        ("{\"id\":1,\"body\":\"\",\"hash\":\"00\"}", "its hash is not 64 digits"),
    ] {
        let failure = proved(&format!("{}{bad}\n", exported(&["one"])), None).unwrap_err();
        assert_eq!(failure.exit(), Exit::Data);
        assert_eq!(failure.to_string(), format!("error: line 2 of the export: {reason}"));
    }
}

#[test]
fn w11_a_line_without_end_is_not_kept() {
    let mut proof = Proof::new(None);
    let piece = vec![b'x'; 1024 * 1024];
    let failure = (0..20).find_map(|_| proof.feed(&piece).err()).unwrap();
    assert!(failure.to_string().contains("longer than any entry"), "{failure}");
}

/// A history of six entries whose first two were removed, announced by the fifth.
fn cut() -> (Beginning, Vec<String>, [u8; 32]) {
    let second = link(&link(&GENESIS, 1, b"one"), 2, b"two");
    let told = format!("removed, {}: old", chain::Beginning::words(2, &second));
    let whole = exported(&["one", "two", "three", "four", &told, "six"]);
    let begins = Beginning {
        first: 3,
        before: hex::encode(&second),
        at: "2026-08-24T00:00:00.000Z".to_owned(),
        removed: 2,
        beside: 0,
        cut_at: "2026-11-22T00:01:00.000Z".to_owned(),
        days: 90,
        policy: 7,
        announced: 2,
        announced_hash: hex::encode(&second),
        announced_by: 5,
    };
    (begins, whole.lines().skip(2).map(str::to_owned).collect(), second)
}

fn with_start(begins: &Beginning, lines: &[String]) -> String {
    let start = serde_json::to_string(&ChainStart { begins: begins.clone() }).unwrap();
    format!("{start}\n{}\n", lines.join("\n"))
}

#[test]
fn p8_a_history_without_its_oldest_entries_is_proven_from_where_it_begins() {
    let (begins, lines, before) = cut();
    let answer = proved(&with_start(&begins, &lines), None).unwrap();
    assert_eq!((answer.intact, answer.entries, answer.begins.as_ref()), (true, 4, Some(&begins)), "{answer:?}");
    assert!(proved(&with_start(&begins, &lines), Some(before)).unwrap().intact, "the hash before it was noted once");
    let older = proved(&with_start(&begins, &lines), Some([9; 32])).unwrap();
    assert!(!older.intact && older.reason.unwrap().contains("of an entry before 3, where the history begins"));
    let mut changed = lines.clone();
    changed[1] = changed[1].replace(&STANDARD.encode("four"), &STANDARD.encode("fuor"));
    let answer = proved(&with_start(&begins, &changed), None).unwrap();
    assert_eq!((answer.intact, answer.entries, answer.broken_at), (false, 1, Some(4)));
}

#[test]
fn p8_a_beginning_that_no_entry_announced_is_not_believed() {
    let (begins, lines, _) = cut();
    let fourth: ChainEntry = serde_json::from_str(&lines[0]).unwrap();
    let more = Beginning { first: 4, before: fourth.hash.clone(), removed: 3, ..begins.clone() };
    let answer = proved(&with_start(&more, &lines[1..]), None).unwrap();
    assert_eq!((answer.intact, answer.broken_at), (false, Some(4)), "one more than announced");
    let by_another = Beginning { announced_by: 6, ..begins.clone() };
    assert!(!proved(&with_start(&by_another, &lines), None).unwrap().intact);
    assert!(!proved(&with_start(&begins, &lines[..2]), None).unwrap().intact, "cut at its end before the event");
    let late = format!("{}\n{}", lines[0], with_start(&begins, &lines));
    assert!(!proved(&late, None).unwrap().intact, "a beginning stands at the beginning");
}
