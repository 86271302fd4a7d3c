//! What the packages of firewalls ship is read without a problem.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail so, and say what they skip")]

#[path = "support/namespace.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod namespace;
#[path = "support/readable.rs"]
#[allow(dead_code, reason = "each test file uses a part of it")]
mod readable;
#[path = "support/unpacked.rs"]
mod unpacked;

use std::path::Path;

use driftline_canon::{EnvDialect, Format, Reading, format};
use namespace::{may_run, run};
use readable::bytes_of;
use unpacked::{files_below, unpacked};

fn read(format: Format, path: &Path) -> Reading {
    let reading = format::read(format, &bytes_of(path));
    assert_eq!(reading.problems, [], "{}", path.display());
    reading
}

fn has(reading: &Reading, key: &str) -> bool {
    reading.settings.iter().any(|setting| setting.key.as_str() == key)
}

#[test]
fn shipped_default_has_no_problem_nftables() {
    if !may_run(&["nft"]) {
        return;
    }
    let reading = read(Format::Nft, Path::new("/etc/nftables.conf"));
    assert!(has(&reading, "inet filter/input policy"));
    for path in files_below(Path::new("/usr/share/doc/nftables/examples"), ".nft") {
        // What is included there stands in other files.
        if !bytes_of(&path).windows(8).any(|window| window == b"include ") {
            read(Format::Nft, &path);
        }
    }
}

#[test]
fn shipped_default_has_no_problem_ufw() {
    let Some(root) = unpacked("ufw") else { return };
    let files = files_below(&root, ".rules");
    assert!(files.len() >= 6, "{files:?}");
    for path in files {
        let reading = read(Format::Ufw, &path);
        assert!(reading.settings.iter().any(|setting| setting.key.as_str().contains("ufw")), "{}", path.display());
    }
    for (name, key) in [("etc/default/ufw", "DEFAULT_INPUT_POLICY"), ("usr/share/ufw/ufw.conf", "ENABLED")] {
        for format in [Format::EnvFile(Some(EnvDialect::Shell)), Format::EnvFile(None), Format::KeyValue] {
            assert!(has(&read(format, &root.join(name)), key), "{name} as {format}");
        }
    }
    for path in files_below(&root.join("etc/ufw/applications.d"), "") {
        read(Format::Ini, &path);
    }
}

#[test]
fn shipped_default_has_no_problem_firewalld() {
    let Some(root) = unpacked("firewalld") else { return };
    let files = files_below(&root.join("usr/lib/firewalld"), ".xml");
    assert!(files.len() >= 200, "{} files", files.len());
    for path in files {
        let reading = read(Format::Firewalld, &path);
        assert!(!reading.settings.is_empty(), "{}", path.display());
    }
    let public = read(Format::Firewalld, &root.join("usr/lib/firewalld/zones/public.xml"));
    assert!(has(&public, "service ssh") && has(&public, "target") && has(&public, "forward"));
}

/// What netfilter-persistent keeps is what iptables-save prints, with its
/// remarks.
#[test]
fn shipped_default_has_no_problem_iptables_persistent() {
    const WRITTEN: &str = "*filter\n-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n\
         -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n-A INPUT -p tcp --dport ssh -j ACCEPT\nCOMMIT\n\
         *nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n*mangle\nCOMMIT\n*raw\nCOMMIT\n";
    if !may_run(&["iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy"]) {
        return;
    }
    for tool in ["iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy"] {
        for counters in ["", " -c"] {
            let saved = run(&format!("{tool}-restore && {tool}-save{counters}"), WRITTEN).unwrap();
            let reading = format::read(Format::IptablesSave, saved.as_bytes());
            assert_eq!(reading.problems, [], "{saved}");
            assert!(has(&reading, "filter/INPUT: -p tcp -m tcp --dport 22 -j ACCEPT"), "{saved}");
        }
    }
}
