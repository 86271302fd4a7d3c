//! What single objects give together is what the listing gives.

use super::*;
use crate::format::firewall::read_nft_json;
use crate::{ProblemKind, Reading};

const LISTING: &str = r#"{"nftables": [{"metainfo": {"version": "1.0.6"}},
 {"table": {"family": "inet", "name": "t", "handle": 1}},
 {"chain": {"family": "inet", "table": "t", "name": "c x", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
 {"set": {"family": "inet", "name": "s", "table": "t", "type": "inet_service", "handle": 2, "elem": [80, {"elem": {"val": 81, "timeout": 5, "expires": 3}}, 443]}},
 {"counter": {"family": "inet", "name": "n", "table": "t", "handle": 3, "packets": 7, "bytes": 9}},
 {"rule": {"family": "inet", "table": "t", "chain": "c x", "handle": 4, "expr": [{"counter": {"packets": 1, "bytes": 2}}, {"accept": null}]}},
 {"rule": {"family": "inet", "table": "t", "chain": "c x", "handle": 5, "comment": "password=hunter2hunter2", "expr": [{"drop": null}]}},
 {"rule": {"family": "inet", "table": "t", "chain": "c x", "handle": 6, "expr": [{"frob": 1}]}},
 {"rule": {"family": "inet", "table": "t", "chain": "c x", "handle": 7, "expr": [{"counter": {"packets": 8, "bytes": 2}}, {"accept": null}]}}
 MORE]}"#;

fn shown(settings: &[Setting]) -> Vec<String> {
    let one = |it: &Setting| format!("{} = {:?} {}", it.key, String::from_utf8_lossy(it.value.bytes()), it.secret);
    let mut all: Vec<String> = settings.iter().map(one).collect();
    all.sort();
    all
}

fn one_by_one(listing: &str) -> Vec<Setting> {
    let listing: Json = serde_json::from_str(listing).unwrap();
    let (mut settings, mut hashes, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    let chain = chain_name("inet", "t", "c x");
    for object in listing["nftables"].as_array().unwrap() {
        let Some(rule) = object.get("rule") else {
            settings.extend(read_object(object).0);
            continue;
        };
        match read_rule(rule).text {
            Ok(text) => {
                hashes.push(hash_of(&text));
                let time = hashes.iter().filter(|hash| **hash == hash_of(&text)).count();
                settings.push(rule_setting(&chain, &text, u32::try_from(time).unwrap()));
            }
            Err(not_read) => unread.push(not_read.text),
        }
    }
    settings.extend(order_setting(&chain, &hashes));
    settings.extend(content_setting(unread.iter().map(|text| &**text)));
    settings
}

#[test]
fn one_by_one_is_what_the_listing_gives() {
    let xt = r#", {"rule": {"family": "inet", "table": "t", "chain": "c x", "handle": 8, "expr": [{"xt": {"type": "match", "name": "multiport"}}, {"counter": {"packets": 1, "bytes": 2}}]}}"#;
    for more in ["", xt] {
        let listing = LISTING.replace("MORE", more);
        let Reading { settings, .. } = read_nft_json(listing.as_bytes());
        assert_eq!(shown(&one_by_one(&listing)), shown(&settings));
        assert_eq!(settings.iter().any(|one| one.key.as_str() == "@content"), !more.is_empty());
    }
}

#[test]
fn rules_of_iptables_and_counters_are_told() {
    let rule =
        |expr: &str| read_rule(&serde_json::from_str(&format!(r#"{{"family": "ip", "expr": {expr}}}"#)).unwrap());
    let native = rule(r#"[{"accept": null}]"#);
    assert_eq!((native.text.as_deref(), native.is_of_iptables, native.counts), (Ok("accept"), false, false));
    let counted = |packets: u32| {
        rule(&format!(
            r#"[{{"xt": {{"type": "match", "name": "x"}}}}, {{"counter": {{"packets": {packets}, "bytes": 0}}}}]"#
        ))
    };
    let read = counted(1);
    assert!(read.is_of_iptables && read.counts);
    assert_eq!(read.text.as_ref().unwrap_err().problem.kind, ProblemKind::Unresolved);
    assert_eq!(read, counted(2), "what it counted is noise");
}

#[test]
fn no_rules_have_no_order_and_nothing_unread_no_content() {
    assert_eq!((order_setting("inet t/c", []), content_setting([])), (None, None));
}

#[test]
fn an_order_that_goes_on_is_that_of_all_rules() {
    let mut hashes: Vec<RuleHash> = (0..2_000).map(|number| hash_of(&format!("tcp dport {number} accept"))).collect();
    let mut order = RuleOrder::default();
    for (from, at) in [(0, 2_000), (2_000, 2_000), (1_999, 3), (3, 700), (511, 512), (1_024, 0)] {
        order.cut(from);
        order.go_on(&hashes);
        assert_eq!(order.setting("t/c", &hashes[order.known()..]), order_setting("t/c", &hashes));
        order.cut(at);
        hashes.insert(at.min(hashes.len()), hash_of("drop"));
        assert!(order.known() <= at);
        assert_eq!(order.setting("t/c", &hashes[order.known()..]), order_setting("t/c", &hashes));
    }
    assert_eq!(RuleOrder::default().setting("t/c", []), None);
}
