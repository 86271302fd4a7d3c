use proptest::prelude::*;

use super::*;

fn address(text: &str, mask: Option<&str>) -> Result<String, String> {
    let word = |text: &str| Word { text: text.as_bytes().to_vec().into(), quoted: false };
    let mask = mask.map(word);
    let mut out = Vec::new();
    push(&mut out, &word(text), || mask.as_ref().ok_or_else(|| "no mask".to_owned()))?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn a_host_s_own_bits_are_cleared() {
    assert_eq!(address("10.1.2.3/8", None).as_deref(), Ok("10.0.0.0/8"));
    assert_eq!(address("10.1.2.3", Some("255.0.0.0")).as_deref(), Ok("10.0.0.0/8"));
    assert_eq!(address("2001:DB8::1/32", None).as_deref(), Ok("2001:db8::/32"));
    assert_eq!(address("1.2.3.4/0", None).as_deref(), Ok("0.0.0.0/0"));
    assert_eq!(address("::1", Some("::")).as_deref(), Ok("::/0"));
}

#[test]
fn masks_with_holes_stay_masks() {
    assert_eq!(address("10.1.2.3", Some("255.0.255.0")).as_deref(), Ok("10.0.2.0 255.0.255.0"));
}

#[test]
fn every_spelling_that_the_c_library_reads() {
    for text in ["10.0.0.1/32", "10.1/32", "0xa.1/32", "012.0.0.1/32", "167772161/32", "0x0a000001/32"] {
        assert_eq!(address(text, None).as_deref(), Ok("10.0.0.1/32"), "{text}");
    }
    for host in ["10.0.0.256", "1.2.3.4.5", "08.1", "1..2", "0x1.0xg"] {
        assert_eq!(address(host, None).as_deref(), Ok(host), "{host} is a name");
    }
}

#[test]
fn names_and_keywords() {
    assert_eq!(address(".Example.ORG", None).as_deref(), Ok(".example.org"));
    assert_eq!(address("samenet", None).as_deref(), Ok("samenet"));
    assert_eq!(address("SAMENET", None).as_deref(), Ok("\"samenet\""));
}

#[test]
fn what_does_not_fit() {
    for (text, mask) in [
        ("10.0.0.0/33", None),
        ("::/129", None),
        ("10.0.0.0/x", None),
        ("10.0.0.0/", None),
        ("10.0.0.0", None),
        ("10.0.0.0", Some("md5")),
        ("10.0.0.0", Some("::")),
        ("example.org/24", None),
    ] {
        assert!(address(text, mask).is_err(), "{text} {mask:?}");
    }
}

proptest! {
    #[test]
    fn canonical_addresses_stay_as_they_are(a in any::<u128>(), bits in 0..=128_u32) {
        let once = address(&format!("{}/{bits}", Ipv6Addr::from(a)), None).unwrap();
        prop_assert_eq!(address(&once, None), Ok(once.clone()));
    }

    #[test]
    fn nothing_panics(text in "[0-9a-fx.:/% ]{0,20}", mask in "[0-9a-f.:]{0,20}") {
        let _ = address(&text, Some(&mask));
    }
}
