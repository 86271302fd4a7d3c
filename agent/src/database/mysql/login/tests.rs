//! Proofs against values that were worked out by other means (Python's hashlib).

use super::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn proofs_are_those_of_the_protocol() {
    let challenge: Vec<u8> = (1..=20).collect();
    assert_eq!(hex(&Plugin::Native.proof("secret", &challenge)), "b32bb3a583e1340c0a1108d58b1be49781ad8c2f");
    assert_eq!(
        hex(&Plugin::CachingSha2.proof("secret", &challenge)),
        "746ebe205d56a0707acb3e796e834e0dd7b1d61743b26bd5202c7a623230c7c9"
    );
}

#[test]
fn without_a_password_nothing_is_proved() {
    for plugin in [Plugin::Native, Plugin::CachingSha2, Plugin::Socket] {
        assert!(plugin.proof("", b"abcdefghijklmnopqrst").is_empty());
    }
    assert!(Plugin::Socket.proof("secret", b"x").is_empty());
}

#[test]
fn a_login_is_known_by_its_name() {
    for plugin in [Plugin::Native, Plugin::CachingSha2, Plugin::Socket] {
        assert_eq!(Plugin::of_name(plugin.as_str().as_bytes()), Some(plugin));
    }
    assert_eq!(Plugin::of_name(b"unix_socket"), Some(Plugin::Socket));
    assert_eq!(Plugin::of_name(b"mysql_clear_password"), None);
}
