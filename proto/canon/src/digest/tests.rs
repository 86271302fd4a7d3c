use super::*;

fn key(text: &str) -> ItemKey {
    ItemKey::from_bytes(text.as_bytes())
}

fn fleet(byte: u8) -> FleetKey {
    FleetKey::new([byte; 32], KeyEpoch(1))
}

#[test]
fn equal_values_have_equal_digests_under_one_fleet_key_only() {
    let value = Value::text("30s");
    assert_eq!(fleet(1).digest(&key("A"), &value), fleet(1).digest(&key("A"), &value));
    assert_ne!(fleet(1).digest(&key("A"), &value), fleet(2).digest(&key("A"), &value));
    assert_ne!(fleet(1).digest(&key("A"), &value), fleet(1).digest(&key("B"), &value));
}

#[test]
fn missing_empty_and_template_are_three_values() {
    let digest = |value| fleet(1).digest(&key("A"), &value);
    let all = [
        digest(Value::text("")),
        digest(Value::Inherited),
        digest(Value::text("${B}")),
        digest(Value::Template(b"${B}".to_vec().into())),
    ];
    for (i, a) in all.iter().enumerate() {
        for b in &all[i + 1..] {
            assert_ne!(a, b);
        }
    }
}

#[test]
fn key_and_value_do_not_slide_into_each_other() {
    assert_ne!(fleet(1).digest(&key("AB"), &Value::text("C")), fleet(1).digest(&key("A"), &Value::text("BC")));
}

#[test]
fn digest_is_hmac_sha256_as_written_down() {
    // Written out by hand from RFC 2104, so that the format cannot change unseen.
    let mut inner = Sha256::new();
    let pad = |byte: u8| -> Vec<u8> { std::iter::repeat_n(7u8 ^ byte, 32).chain([byte; 32]).collect() };
    inner.update(pad(0x36));
    inner.update(b"driftline item 1\0\0\0\0\0\0\0\0\x01A\x01x");
    let mut outer = Sha256::new();
    outer.update(pad(0x5c));
    outer.update(inner.finalize());
    let expected: [u8; 32] = outer.finalize().into();
    assert_eq!(fleet(7).digest(&key("A"), &Value::text("x")).0, expected);
}

#[test]
fn a_fleet_key_never_prints() {
    assert_eq!(format!("{:?}", fleet(0xab)), "FleetKey(epoch 1)");
}
