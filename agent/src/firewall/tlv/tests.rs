//! Bytes that are messages, and bytes that are none.

use proptest::prelude::*;

use super::*;

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(ATTRIBUTE + value.len()).unwrap();
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn message(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER + body.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&[0; 10]);
    bytes.extend_from_slice(body);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[test]
fn messages_and_attributes_are_found_one_behind_the_other() {
    let datagram = [message(7, b"abc"), message(9, b"")].concat();
    let found: Vec<_> = Messages::of(&datagram).map(|one| one.map(|one| (one.kind, one.body))).collect();
    assert_eq!(found, [Ok((7, &b"abc"[..])), Ok((9, &b""[..]))]);
    let bytes =
        [attribute(1, b"name\0junk"), attribute(2 | 0x8000, &7_u32.to_be_bytes()), attribute(3, &[0; 8])].concat();
    let attributes = Attributes::of(&bytes);
    assert_eq!((attributes.text(1).as_deref(), attributes.u32(2), attributes.u64(3)), (Some("name"), Some(7), Some(0)));
    assert_eq!((attributes.u32(3), attributes.u64(2), attributes.find(4)), (None, None, None));
    let nested = attribute(5, &attribute(6, b"x"));
    assert_eq!(Attributes::of(&nested).within(5).find(6), Some(&b"x"[..]));
    assert_eq!(Attributes::of(&nested).within(6).count(), 0);
}

#[test]
fn lengths_that_do_not_fit_end_the_reading() {
    for bad in [&[1][..], &[0; 15], &[3, 0, 1, 0], &[200, 0, 1, 0, 5]] {
        assert_eq!(Attributes::of(bad).last(), Some(Err(Malformed)), "{bad:?}");
        assert_eq!(Messages::of(bad).last(), Some(Err(Malformed)), "{bad:?}");
    }
    assert_eq!((Attributes::of(&[]).next(), Messages::of(&[]).next()), (None, None));
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_an_end(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(Messages::of(&bytes).count() <= bytes.len() / HEADER + 1);
        prop_assert!(Attributes::of(&bytes).count() <= bytes.len() / ATTRIBUTE + 1);
    }

    #[test]
    fn attributes_come_back_as_they_were_put(all in prop::collection::vec((1_u16..100, prop::collection::vec(any::<u8>(), 0..40)), 0..10)) {
        let bytes: Vec<u8> = all.iter().flat_map(|(kind, value)| attribute(*kind, value)).collect();
        let found: Vec<_> = Attributes::of(&bytes).map(|one| one.map(|(kind, value)| (kind, value.to_vec()))).collect();
        prop_assert_eq!(found, all.into_iter().map(Ok).collect::<Vec<_>>());
    }
}
