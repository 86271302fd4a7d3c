//! Packets, whole and broken: nothing that a server sends makes the reader
//! read past its end.

use proptest::prelude::*;

use super::*;

fn greeting_bytes() -> Vec<u8> {
    let capabilities = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH | SSL;
    let [a, b, c, d] = capabilities.to_le_bytes();
    let mut packet = b"\x0a8.0.36\0\x01\0\0\0abcdefgh\0".to_vec();
    packet.extend_from_slice(&[a, b, 45, 2, 0, c, d, 21]);
    packet.extend_from_slice(&[0; 10]);
    packet.extend_from_slice(b"ijklmnopqrst\0caching_sha2_password\0");
    packet
}

#[test]
fn a_greeting_is_taken_apart() {
    let found = greeting(&greeting_bytes()).unwrap();
    assert_eq!(found.version, b"8.0.36");
    assert_eq!(found.challenge, b"abcdefghijklmnopqrst");
    assert_eq!(found.plugin, b"caching_sha2_password");
    assert_ne!(found.capabilities & SSL, 0);
}

#[test]
fn a_greeting_that_is_cut_short_is_none() {
    let whole = greeting_bytes();
    let needed = whole.len() - b"caching_sha2_password\0".len();
    for length in 0..needed {
        assert_eq!(greeting(&whole[..length]), None, "{length}");
    }
}

#[test]
fn rows_have_texts_and_nulls() {
    let row = row(b"\x03abc\xfb\0", 3).unwrap();
    let texts: Vec<Option<&[u8]>> = row.iter().map(|one| one.as_ref().map(|text| text.as_slice())).collect();
    assert_eq!(texts, [Some(b"abc".as_slice()), None, Some(b"")]);
    assert!(super::row(b"\x03ab", 1).is_none());
    assert!(super::row(b"\x01a\x01b", 1).is_none(), "more than its columns");
    assert!(super::row(b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff", 1).is_none());
}

#[test]
fn a_wish_for_a_local_file_is_no_answer() {
    assert_eq!(columns(b"\xfb/etc/shadow"), None);
    assert_eq!(columns(b"\x02"), Some(2));
    assert_eq!(columns(b"\x11"), None, "more columns than were asked for");
    assert_eq!(columns(b"\x02x"), None);
}

#[test]
fn steps_of_a_login_are_told_apart() {
    assert_eq!(login_step(b"\0\0\0\x02\0\0\0"), Some(LoginStep::Done));
    assert_eq!(login_step(b"\xff\x15\x04#28000no"), Some(LoginStep::Refused(1045)));
    assert_eq!(login_step(b"\xfex\0abc\0"), Some(LoginStep::Switch(b"x".to_vec(), b"abc".to_vec())));
    assert_eq!(login_step(b"\x01\x03"), Some(LoginStep::More(vec![3])));
    assert_eq!(login_step(b""), None);
}

proptest! {
    #[test]
    fn no_bytes_are_read_past_their_end(bytes in prop::collection::vec(any::<u8>(), 0..300), count in 0_usize..20) {
        let _ = greeting(&bytes);
        let _ = login_step(&bytes);
        let _ = columns(&bytes);
        if let Some(row) = row(&bytes, count) {
            prop_assert_eq!(row.len(), count);
            prop_assert!(row.iter().flatten().map(|text| text.len()).sum::<usize>() <= bytes.len());
        }
    }

    #[test]
    fn a_broken_greeting_is_none_or_whole(at in 0_usize..70, byte in any::<u8>()) {
        let mut bytes = greeting_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Some(found) = greeting(&bytes) {
            prop_assert_eq!(found.challenge.len(), CHALLENGE_BYTES);
        }
    }
}
