//! Whose a table is.

use crate::firewall::model::Model;

fn hides(table: (&str, &str), chain: &str, rules: &[&str], more: &str) -> bool {
    let mut model = Model::default();
    let (family, table) = table;
    let of = format!(r#""family": "{family}", "table": "{table}""#);
    let mut objects = vec![
        format!(r#"{{"table": {{"family": "{family}", "name": "{table}", "handle": 1}}}}"#),
        format!(
            r#"{{"chain": {{{of}, "name": "{chain}", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}}}}"#
        ),
    ];
    objects.extend(
        rules.iter().map(|expr| format!(r#"{{"rule": {{{of}, "chain": "{chain}", "handle": 2, "expr": [{expr}]}}}}"#)),
    );
    objects.extend((!more.is_empty()).then(|| format!(r#"{{"{more}": {{{of}, "name": "x", "handle": 3}}}}"#)));
    objects.iter().for_each(|object| model.take(&serde_json::from_str(object).unwrap()));
    model.finish(&[]);
    assert_eq!(model.settings().is_empty(), model.has_iptables());
    model.has_iptables()
}

#[test]
fn f2_tables_that_iptables_would_take_for_its_own_are() {
    let (xt, counted, plain) =
        (r#"{"xt": {"name": "tcp"}}"#, r#"{"counter": {}}, {"drop": null}"#, r#"{"drop": null}"#);
    let ip = ("ip", "filter");
    assert!(hides(ip, "INPUT", &[], ""));
    assert!(hides(("ip6", "filter"), "INPUT", &[counted], ""));
    assert!(hides(ip, "INPUT", &[counted, xt, plain], ""), "one that only iptables can list");
    assert!(!hides(ip, "INPUT", &[counted, plain], ""), "iptables always counts");
    assert!(!hides(ip, "input", &[], ""));
    assert!(!hides(("ip", "nat"), "INPUT", &[], ""), "another priority");
    assert!(!hides(("inet", "filter"), "INPUT", &[xt], ""));
    assert!(!hides(("ip", "mine"), "INPUT", &[xt], ""));
    assert!(!hides(ip, "INPUT", &[counted], "counter"), "it has no objects with names");
}
