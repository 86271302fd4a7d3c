//! Which elements a file of firewalld may have, and with which attributes.
//!
//! Looks at no value. Attributes that newer releases added are allowed, so that
//! their files are read as well.

use super::Element;

/// A root, an element in it, the attributes it needs and those it may have.
type Row = (&'static [&'static str], &'static str, &'static [&'static str], &'static [&'static str]);

const BOTH: &[&str] = &["zone", "policy"];
const WITH_PORTS: &[&str] = &["zone", "policy", "service", "helper"];

const ROWS: &[Row] = &[
    (&["zone"], "zone", &[], &["name", "immutable", "target", "version", "ingress-priority", "egress-priority"]),
    (&["policy"], "policy", &["target"], &["version", "priority"]),
    (&["service"], "service", &[], &["name", "version"]),
    (&["ipset"], "ipset", &["type"], &["version"]),
    (&["icmptype"], "icmptype", &[], &["name", "version"]),
    (&["helper"], "helper", &["module"], &["name", "version", "family"]),
    (&["direct"], "direct", &[], &[]),
    (&["whitelist"], "whitelist", &[], &[]),
    (BOTH, "service", &["name"], &[]),
    (WITH_PORTS, "port", &["port", "protocol"], &[]),
    (&["zone", "policy", "service"], "source-port", &["port", "protocol"], &[]),
    (&["zone", "policy", "service"], "protocol", &["value"], &[]),
    (BOTH, "icmp-block", &["name"], &[]),
    (&["zone"], "masquerade", &[], &["enabled"]),
    (&["policy"], "masquerade", &[], &[]),
    (BOTH, "forward-port", &["port", "protocol"], &["to-port", "to-addr"]),
    (&["zone"], "forward", &[], &[]),
    (&["zone"], "icmp-block-inversion", &[], &[]),
    (&["zone"], "interface", &["name"], &[]),
    (&["zone"], "source", &[], &["address", "ipset", "family", "mac", "invert"]),
    (&["policy"], "ingress-zone", &["name"], &[]),
    (&["policy"], "egress-zone", &["name"], &[]),
    (&["service"], "module", &["name"], &[]),
    (&["service"], "helper", &["name"], &[]),
    (&["service"], "include", &["service"], &[]),
    (&["service", "icmptype"], "destination", &[], &["ipv4", "ipv6"]),
    (&["ipset"], "option", &["name"], &["value"]),
    (&["ipset"], "entry", &[], &[]),
    (&["direct"], "chain", &["ipv", "table", "chain"], &[]),
    (&["direct"], "rule", &["ipv", "table", "chain", "priority"], &[]),
    (&["whitelist"], "command", &["name"], &[]),
    (&["whitelist"], "user", &[], &["id", "name"]),
    (&["whitelist"], "selinux", &["context"], &[]),
    (&["direct"], "passthrough", &["ipv"], &[]),
];

/// Whether firewalld reads files with such a root.
pub(super) fn is_root(name: &str) -> bool {
    ROWS.iter().any(|(roots, element, ..)| *element == name && *roots == [name])
        && matches!(name, "zone" | "policy" | "service" | "ipset" | "icmptype" | "helper" | "direct" | "whitelist")
}

/// Whether such a file may have the element, with these attributes.
pub(super) fn allows(root: &str, element: &Element) -> bool {
    ROWS.iter().filter(|(roots, name, ..)| roots.contains(&root) && *name == element.name).any(|(.., needed, more)| {
        needed.iter().all(|name| element.get(name).is_some())
            && element.attributes.iter().all(|(name, _)| needed.contains(&&**name) || more.contains(&&**name))
    })
}

/// Whether an element, where it is no part of a rule, makes firewalld pass over
/// all that follows up to the end of the next rule.
pub(super) fn deafens(root: &str, element: &str) -> bool {
    let of_rules = ["accept", "reject", "drop", "mark", "destination", "audit", "limit"];
    matches!(root, "zone" | "policy") && (of_rules.contains(&element) || (root == "policy" && element == "source"))
}
