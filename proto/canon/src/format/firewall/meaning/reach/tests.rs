//! How wide lists of addresses are, and what bounds a rule.

use super::*;

fn reach_of(sources: &[&str]) -> Reach {
    let one = Match::of(Field::Source, false, sources.iter().map(|&text| text.into()).collect());
    bound([&one], &|_| false).reach
}

#[test]
fn lists_of_sources_reach_as_far_as_they_are_wide() {
    let rows: &[(&[&str], Reach)] = &[
        (&["203.0.113.7"], Reach::Bounded),
        (&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"], Reach::Bounded),
        (&["8.0.0.0/8"], Reach::Bounded),
        (&["8.0.0.0/8", "9.0.0.0/8"], Reach::Any),
        (&["8.0.0.0/7"], Reach::Any),
        (&["0.0.0.0/0"], Reach::Any),
        (&["::/0"], Reach::Any),
        (&["2000::/3"], Reach::Any),
        (&["2001:db8::/32"], Reach::Bounded),
        (&["0.0.0.0-255.255.255.255"], Reach::Any),
        (&["10.0.0.1-10.0.0.9"], Reach::Bounded),
        // A range that begins in a private network and ends outside of it.
        (&["10.0.0.0-13.255.255.255"], Reach::Any),
        (&["127.0.0.0/8"], Reach::Local),
        (&["127.0.0.1", "::1"], Reach::Local),
        (&["127.0.0.1", "10.0.0.1"], Reach::Bounded),
        (&["router.example"], Reach::Bounded),
        // What cannot be measured.
        (&["10.0.0.1/255.0.255.0"], Reach::Any),
        (&["9-"], Reach::Bounded),
        (&["*"], Reach::Any),
        (&[], Reach::Any),
    ];
    for (sources, expected) in rows {
        assert_eq!(reach_of(sources), *expected, "{sources:?}");
    }
}

#[test]
fn a_set_is_as_wide_as_its_elements_together() {
    let mut width = Width::default();
    width.add(Width::of("10.0.0.0/8"));
    width.add(Width::of("20.0.0.0/8"));
    assert!(!width.is_any(), "one block of the largest, and a private network");
    width.add(Width::of("21.0.0.0/8"));
    assert!(width.is_any());
    width.take(Width::of("20.0.0.0/8"));
    assert!(!width.is_any(), "as it was before");
    width.add(Width::of("*"));
    assert!(width.is_any(), "nobody knows how many");
    width.take(Width::of("*"));
    assert!(!width.is_any());
}

#[test]
fn replies_and_interfaces_and_negations_bound_what_they_bound() {
    let one = |field: Field, negated, value: &str| bound([&Match::of(field, negated, vec![value.into()])], &|_| false);
    assert!(!one(Field::State, false, "established").new);
    assert!(one(Field::State, false, "new").new);
    assert!(one(Field::State, true, "established").new);
    assert_eq!(one(Field::In, false, "lo").reach, Reach::Local);
    assert_eq!(one(Field::In, false, "eth0").reach, Reach::Any, "it may face the world");
    assert_eq!(one(Field::In, false, "wg0").reach, Reach::Bounded);
    assert_eq!(one(Field::In, false, "br-0123456789ab").reach, Reach::Bounded, "a network of Docker");
    for bridge in ["br-wan", "br-lan", "br-0123456789abc", "br-0123456789ag", "br-*", "br-+"] {
        assert_eq!(one(Field::In, false, bridge).reach, Reach::Any, "{bridge}: it may face the world");
    }
    assert_eq!(one(Field::In, true, "eth0").reach, Reach::Any);
    assert_eq!(one(Field::In, false, "*").reach, Reach::Any);
    assert_eq!(one(Field::Source, true, "10.0.0.0/8").reach, Reach::Any);
    assert_eq!(one(Field::Destination, false, "10.0.0.1").reach, Reach::Any);
    assert_eq!(one(Field::Mac, false, "02:00:00:00:00:01").reach, Reach::Bounded);
}

#[test]
fn addresses_meet_where_they_have_one_in_common() {
    let rows = [
        ("10.0.0.0/8", "10.1.2.3", true),
        ("10.0.0.0/8", "11.0.0.0/8", false),
        ("10.0.0.1-10.0.0.9", "10.0.0.9", true),
        ("10.0.0.1", "::1", false),
        ("some.name", "10.0.0.1", true),
    ];
    for (one, other, expected) in rows {
        assert_eq!((meet(one, other), meet(other, one)), (expected, expected), "{one} {other}");
    }
}
