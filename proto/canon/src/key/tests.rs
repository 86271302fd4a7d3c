use proptest::prelude::*;

use super::*;

#[test]
fn w10_unprintable_bytes_in_keys_are_escaped() {
    assert_eq!(ItemKey::from_bytes(b"A\xffB").as_str(), "A\\xffB");
    assert_eq!(ItemKey::from_bytes("A\u{202e}B".as_bytes()).as_str(), "A\\u{202e}B");
    assert_eq!(ItemKey::from_bytes(b"A\nB").as_str(), "A\\u{a}B");
    assert_eq!(ItemKey::from_bytes(b"A\\xffB").as_str(), "A\\\\xffB");
}

#[test]
fn a_setting_cannot_pose_as_metadata() {
    let key = ItemKey::from_bytes(b"@mode");
    assert_ne!(key, ItemKey::metadata(ItemKey::MODE));
    assert!(!key.is_metadata());
    assert!(ItemKey::metadata(ItemKey::MODE).is_metadata());
    assert!(!ItemKey::metadata(ItemKey::CONTENT).is_metadata());
}

#[test]
fn the_order_of_a_list_is_in_the_file_and_no_setting_can_pose_as_it() {
    let key = ItemKey::order_of(b"filter/INPUT");
    assert_eq!(key.as_str(), "@order:filter/INPUT");
    assert!(!key.is_metadata());
    assert_ne!(ItemKey::from_bytes(b"@order:filter/INPUT"), key);
    assert_eq!(ItemKey::order_of(b"a\nb").as_str(), "@order:a\\u{a}b");
}

#[test]
fn the_order_of_a_list_with_a_long_name_is_a_key_still() {
    let key = ItemKey::order_of(&[b'x'; 5000]);
    assert_eq!(ItemKey::from_canonical(key.as_str().to_owned()), Ok(key));
}

#[test]
fn keys_over_the_limit_are_cut_and_say_so() {
    let key = ItemKey::from_bytes(&vec![b'k'; 5000]);
    assert!(key.as_str().len() <= KEY_BYTES_MAX);
    assert!(key.as_str().ends_with("(5000 bytes)"));
}

proptest! {
    #[test]
    fn escaping_is_injective(a: Vec<u8>, b: Vec<u8>) {
        prop_assert_eq!(a == b, escape(&a) == escape(&b));
    }

    #[test]
    fn every_key_is_canonical(bytes in proptest::collection::vec(any::<u8>(), 1..2000)) {
        let key = ItemKey::from_bytes(&bytes);
        prop_assert_eq!(ItemKey::from_canonical(key.as_str().to_owned()), Ok(key));
    }
}

#[test]
fn long_keys_that_differ_behind_the_cut_stay_apart() {
    let key = |last: u8| ItemKey::from_bytes(&[vec![b'k'; 2000], vec![last]].concat());
    assert_ne!(key(b'a'), key(b'b'));
    assert_eq!(key(b'a'), key(b'a'));
    assert!(key(b'a').as_str().len() <= KEY_BYTES_MAX);
    let order = |last: u8| ItemKey::order_of(&[vec![b'k'; 2000], vec![last]].concat());
    assert_ne!(order(b'a'), order(b'b'));
}
