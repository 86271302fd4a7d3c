//! Names and numbers.

use super::*;

#[test]
fn names_are_numbers() {
    assert_eq!(
        (port("ssh"), port("22"), port("65536"), port("no-such"), port("")),
        (Some(22), Some(22), None, None, None)
    );
    assert_eq!((level("warn"), level("7"), level("loud")), (Some(4), Some(7), None));
    assert_eq!((icmp("echo-request", false), icmp("echo-request", true)), ("8".to_owned(), "128".to_owned()));
    assert_eq!((icmp("03/01", false), icmp("unheard-of", false)), ("3/1".to_owned(), "unheard-of".to_owned()));
    assert_eq!((integer("0x1F"), integer("12"), integer("-1"), integer("")), (Some(31), Some(12), None, None));
}

#[test]
fn protocols_are_names() {
    for (written, name) in [
        ("6", "tcp"),
        ("TCP", "tcp"),
        ("icmpv6", "ipv6-icmp"),
        ("58", "ipv6-icmp"),
        ("0", "all"),
        ("254", "254"),
        ("x", "x"),
    ] {
        assert_eq!(protocol(written), name, "{written}");
    }
}
