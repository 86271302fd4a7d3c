//! Elements of sets, and what ranges stand for.

use super::{EXPANDED_MAX, Kind, TooMany, bounds};

fn of(kind: &str, text: &str) -> String {
    let mut found = Vec::new();
    Kind::of(kind).each(text, EXPANDED_MAX, |element| found.push(element.to_owned())).unwrap();
    found.join(" ")
}

#[test]
fn each_part_has_one_form() {
    for (kind, text, wanted) in [
        ("hash:ip", "10.0.0.1", "10.0.0.1"),
        ("hash:ip", "10.0.0.1/32", "10.0.0.1"),
        ("hash:ip", "10.0.0.1/30", "10.0.0.0 10.0.0.1 10.0.0.2 10.0.0.3"),
        ("hash:ip", "10.0.0.3-10.0.0.2", "10.0.0.2 10.0.0.3"),
        ("hash:ip", "255.255.255.254-255.255.255.255", "255.255.255.254 255.255.255.255"),
        ("hash:ip", "2001:DB8:0::1", "2001:db8::1"),
        ("hash:ip", "host.example", "host.example"),
        ("hash:net", "10.1.2.3/8", "10.0.0.0/8"),
        ("hash:net", "10.0.2.0-10.0.2.6", "10.0.2.0/30 10.0.2.4/31 10.0.2.6"),
        ("hash:net", "0.0.0.0-255.255.255.255", "0.0.0.0/0"),
        ("hash:net", "0.0.0.1-255.255.255.255", &networks_but_the_first()),
        ("hash:net,iface", "10.1.0.0/8,physdev:eth0", "10.0.0.0/8,physdev:eth0"),
        ("hash:ip,port", "10.0.0.1,80", "10.0.0.1,tcp:80"),
        ("hash:ip,port", "10.0.0.1,6:ssh", "10.0.0.1,tcp:22"),
        ("hash:ip,port", "10.0.0.1,udp:53-54", "10.0.0.1,udp:53 10.0.0.1,udp:54"),
        ("hash:ip,port", "10.0.0.1,udp:54-53", "10.0.0.1,udp:53 10.0.0.1,udp:54"),
        ("hash:ip,port", "10.0.0.1,tcp:ftp-data", "10.0.0.1,tcp:20"),
        ("hash:ip,port", "10.0.0.1,icmp:echo-request", "10.0.0.1,icmp:8/0"),
        ("hash:ip,port", "10.0.0.1,icmp:8/0", "10.0.0.1,icmp:8/0"),
        ("hash:ip,port", "10.0.0.1,47:0", "10.0.0.1,gre:0"),
        ("hash:ip,port", "10.0.0.0/31,1-2", "10.0.0.0,tcp:1 10.0.0.0,tcp:2 10.0.0.1,tcp:1 10.0.0.1,tcp:2"),
        ("hash:ip,port,net", "10.0.0.1,80,10.5.1.0/16", "10.0.0.1,tcp:80,10.5.0.0/16"),
        ("hash:ip,mark", "10.0.0.1,10", "10.0.0.1,0x0000000a"),
        ("bitmap:port", "ssh", "22"),
        ("bitmap:port", "80-82", "80 81 82"),
        ("bitmap:ip,mac", "10.0.0.1,aa:bb:CC:dd:ee:ff", "10.0.0.1,AA:BB:CC:DD:EE:FF"),
        ("list:set", "10.0.0.0/8", "10.0.0.0/8"),
    ] {
        assert_eq!(of(kind, text), wanted, "{kind} {text}");
    }
}

fn networks_but_the_first() -> String {
    let network = |bits: u32| {
        let address = std::net::Ipv4Addr::from_bits(1 << (32 - bits));
        if bits == 32 { address.to_string() } else { format!("{address}/{bits}") }
    };
    (1..=32).rev().map(network).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_netmask_leaves_the_networks() {
    let kind = |netmask| Kind { netmask: Some(netmask), ..Kind::of("hash:ip") };
    let mut found = Vec::new();
    kind(24).each("10.0.5.77-10.0.6.1", 9, |element| found.push(element.to_owned())).unwrap();
    kind(64).each("2001:db8::1", 9, |element| found.push(element.to_owned())).unwrap();
    assert_eq!(found, ["10.0.5.0", "10.0.6.0", "2001:db8::"]);
}

#[test]
fn too_many_are_refused_before_they_are_made() {
    for (kind, text) in [
        ("hash:ip", "10.0.0.0/8"),
        ("hash:ip", "0.0.0.0/0"),
        ("hash:ip,port", "10.0.0.0/24,0-65535"),
        ("hash:ip,port", "10.0.0.1,0-65535"),
        ("bitmap:port", "0-65535"),
    ] {
        assert_eq!(Kind::of(kind).each(text, EXPANDED_MAX - 1, |_| ()), Err(TooMany), "{kind} {text}");
    }
    assert_eq!(Kind::of("hash:ip").each("10.0.0.1", 0, |_| ()), Ok(1), "one is never too many");
}

#[test]
fn the_range_of_a_bitmap_has_one_form() {
    assert_eq!(bounds("10.0.0.0/24"), "10.0.0.0-10.0.0.255");
    assert_eq!(bounds("10.0.0.0-10.0.0.255"), "10.0.0.0-10.0.0.255");
    assert_eq!(bounds("0-ssh"), "0-22");
    assert_eq!(bounds("nothing"), "nothing");
}
