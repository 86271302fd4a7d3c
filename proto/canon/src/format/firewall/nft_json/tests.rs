//! Listings as JSON.

use crate::format::firewall::{read_nft, read_nft_json};
use crate::format::includes::NoFiles;

fn same(json: &str, text: &str) {
    let (json, text) = (read_nft_json(json.as_bytes()), read_nft(text.as_bytes(), None, &mut NoFiles));
    assert_eq!((&json.problems, &text.problems), (&vec![], &vec![]));
    let shown = |reading: &crate::Reading| -> Vec<(String, Vec<u8>)> {
        reading.settings.iter().map(|one| (one.key.to_string(), one.value.bytes().to_vec())).collect()
    };
    assert_eq!(shown(&json), shown(&text));
}

fn rule(expr: &str) -> String {
    format!(
        r#"{{"nftables": [{{"metainfo": {{"version": "1"}}}}, {{"table": {{"family": "inet", "name": "t", "handle": 1}}}},
        {{"chain": {{"family": "inet", "table": "t", "name": "c", "handle": 1}}}},
        {{"rule": {{"family": "inet", "table": "t", "chain": "c", "handle": 2, "expr": {expr}}}}}]}}"#
    )
}

#[test]
fn rules_are_said_as_the_listing_does() {
    for (expr, text) in [
        (
            r#"[{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, {"range": [80, 90]}]}}}, {"accept": null}]"#,
            "tcp dport { 22, 80-90 } accept",
        ),
        (
            r#"[{"match": {"op": "!=", "left": {"meta": {"key": "iifname"}}, "right": "eth*"}}, {"counter": {"packets": 3, "bytes": 4}}, {"jump": {"target": "x"}}]"#,
            "iifname != \"eth*\" counter jump x",
        ),
        (
            r#"[{"limit": {"rate": 10, "burst": 0, "per": "second", "inv": true, "rate_unit": "mbytes", "burst_unit": "bytes"}}, {"log": {"prefix": "a b", "level": "info"}}]"#,
            "limit rate over 10 mbytes/second log prefix \"a b\" level info",
        ),
        (r#"[{"dnat": {"family": "ip", "addr": "10.0.0.1", "port": 8080}}]"#, "dnat ip to 10.0.0.1:8080"),
        (
            r#"[{"quota": "q"}, {"mangle": {"key": {"ct": {"key": "mark"}}, "value": {"meta": {"key": "mark"}}}}]"#,
            "quota name q ct mark set meta mark",
        ),
    ] {
        same(&rule(expr), &format!("table inet t {{ chain c {{ {text}; }}; }}\n"));
    }
}

#[test]
fn what_is_not_known_is_kept_as_json_and_counts_are_not() {
    let reading = |packets: u32| {
        read_nft_json(
            rule(&format!(r#"[{{"frob": 1}}, {{"counter": {{"packets": {packets}, "bytes": 0}}}}]"#)).as_bytes(),
        )
    };
    assert_eq!(reading(1).problems, []);
    assert_eq!(reading(1).settings, reading(2).settings);
    assert!(reading(1).settings.iter().any(|one| one.key.as_str().contains("json [{\"frob\":1}")));
}

#[test]
fn rules_of_iptables_are_unresolved() {
    let reading = read_nft_json(rule(r#"[{"xt": {"type": "match", "name": "multiport"}}]"#).as_bytes());
    assert_eq!(reading.problems[0].kind, crate::ProblemKind::Unresolved);
    assert!(reading.settings.iter().any(|one| one.key.as_str() == "@content"));
}

#[test]
fn what_is_no_listing_is_told() {
    for text in
        ["", "{}", "[]", "{\"nftables\": 1}", "{\"nftables\": [1]}", "{\"nftables\": [{\"table\"", &"[".repeat(100_000)]
    {
        let reading = read_nft_json(text.as_bytes());
        assert_eq!(reading.problems.len(), 1, "{text:.40}");
    }
}

/// The keys and values of a rule with this expression and this comment.
fn items(expr: &str, comment: &str) -> Vec<String> {
    let json = rule(&format!("{expr}, \"comment\": {comment}"));
    let reading = read_nft_json(json.as_bytes());
    reading.settings.iter().map(|it| format!("{} = {}", it.key, String::from_utf8_lossy(it.value.bytes()))).collect()
}

#[test]
fn no_string_makes_another_rule_of_its_own() {
    let drop = r#"[{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "a"}}, {"drop": null}]"#;
    assert_ne!(
        items("[{\"drop\": null}]", r#""x\" drop comment \"y""#),
        items("[{\"drop\": null}, {\"drop\": null}]", "\"y\"")
    );
    for (forged, expr) in [
        (r#"[{"log": {"prefix": "x\" accept comment \"y"}}]"#, r#"[{"log": {"prefix": "x"}}, {"accept": null}]"#),
        (
            r#"[{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "a\" drop log prefix \"z"}}]"#,
            drop,
        ),
        (r#"[{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "@a drop"}}]"#, drop),
        (r#"[{"match": {"op": "==", "left": {"meta": {"key": "iifname a drop comment x"}}, "right": "y"}}]"#, drop),
        (r#"[{"jump": {"target": "x drop"}}]"#, r#"[{"jump": {"target": "x"}}, {"drop": null}]"#),
        (
            r#"[{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "comment"}}, {"accept": null}]"#,
            r#"[{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "comment"}}]"#,
        ),
    ] {
        let words = |items: Vec<String>| items.iter().filter(|it| !it.starts_with('@')).cloned().collect::<Vec<_>>();
        let (forged, real) = (words(items(forged, "\"\"")), words(items(expr, "\"\"")));
        assert_ne!(forged, real);
        assert!(forged.iter().all(|item| !item.contains("accept comment y")), "{forged:?}");
    }
}

#[test]
fn a_string_that_begins_like_a_set_is_no_overflow() {
    let nested = "@a { ".repeat(6_000);
    let json = rule(&format!(
        r#"[{{"match": {{"op": "==", "left": {{"meta": {{"key": "iifname"}}}}, "right": "{nested}"}}}}]"#
    ));
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let reading = thread.spawn(move || read_nft_json(json.as_bytes())).expect("starts").join().expect("is read");
    assert!(!reading.settings.is_empty());
}
