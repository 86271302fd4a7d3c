//! Addresses in their forms.

use super::*;

#[test]
fn one_network_has_one_form() {
    for (written, canon) in [
        ("10.0.0.1", Some("10.0.0.1")),
        ("10.0.0.1/32", Some("10.0.0.1")),
        ("10.0.0.1/255.255.255.255", Some("10.0.0.1")),
        ("10.1.2.3/8", Some("10.0.0.0/8")),
        ("10.1.2.3/255.0.0.0", Some("10.0.0.0/8")),
        ("10.1.2.3/255.0.255.0", Some("10.0.2.0/255.0.255.0")),
        ("0.0.0.0/0", Some("0.0.0.0/0")),
        ("1.2.3.4/0", Some("0.0.0.0/0")),
        ("2001:DB8:0::1/128", Some("2001:db8::1")),
        ("2001:db8::1/ffff:ffff::", Some("2001:db8::/32")),
        ("fe80::1/10", Some("fe80::/10")),
        ("fe80::1/129", None),
        ("10.0.0.1/33", None),
        ("10.0.0.1/ffff::", None),
        ("host", None),
        ("", None),
    ] {
        assert_eq!(canonical(written).as_deref(), canon, "{written}");
    }
}

#[test]
fn every_address_is_known() {
    assert!(is_any("0.0.0.0/0") && is_any("::/0"));
    assert!(!is_any("0.0.0.0") && !is_any("10.0.0.0/8"));
}
