use super::*;
use crate::config::Config;
use crate::discover::{Findings, additions, covered, document, look};

fn host(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let root = Root::open(dir.path()).unwrap();
    (dir, root)
}

fn found(files: &[(&str, &str)]) -> Findings {
    look(host(files).0.path()).unwrap()
}

#[test]
fn tables_that_are_loaded_propose_the_source_once() {
    let findings = found(&[("proc/net/ip_tables_names", "nat\nfilter\n"), ("proc/net/ip6_tables_names", "filter\n")]);
    let text = document(&findings);
    let expected = "# live firewall: tables of iptables-legacy are loaded: nat, filter; \
                    tables of ip6tables-legacy are loaded: filter\n\
                    [[source]]\nkind = \"firewall\"\nname = \"firewall\"\n";
    assert!(text.contains(expected), "{text}");
    let config = Config::parse("agent.toml".as_ref(), &text).unwrap();
    assert!(config.firewall.is_some());
}

#[test]
fn a_live_firewall_that_nobody_watches_is_told_by_coverage() {
    let findings = found(&[("proc/net/ip_tables_names", "filter\n")]);
    let config = Config::parse("agent.toml".as_ref(), "").unwrap();
    let coverage = covered(&findings, &config);
    assert_eq!((coverage.found, coverage.watched), (1, 0));
    assert_eq!(coverage.unwatched[0].path, "live firewall");
    let with = format!("{}\n", additions(&findings, &config));
    let config = Config::parse("agent.toml".as_ref(), &with).unwrap();
    assert_eq!(covered(&findings, &config).watched, 1);
    assert_eq!(additions(&findings, &config), "");
}

#[test]
fn no_table_is_no_firewall() {
    assert_eq!(found(&[("proc/net/ip_tables_names", ""), ("proc/net/ip6_tables_names", "\n")]), Findings::default());
}

#[test]
fn names_are_shown_few_and_printable() {
    let mut gathered = Gathered::default();
    note(&mut gathered, "table inet a\ntable ip b\n\u{1b}[31m\nc\nd\ne\nf\n", "tables");
    let reasons = &gathered.files[Path::new(LIVE)].reasons;
    assert_eq!(reasons, &["tables: inet a, ip b, \\u{1b}[31m, c, d, …"]);
}

#[test]
fn what_would_be_loaded_by_asking_is_not_asked() {
    let release = ("proc/sys/kernel/osrelease", "6.1.0\n");
    let modular = ("lib/modules/6.1.0/modules.dep", "kernel/net/netfilter/nf_tables.ko: x.ko\n");
    let other = ("lib/modules/6.1.0/modules.dep", "kernel/net/netfilter/other.ko:\n");
    let loaded = ("sys/module/nf_tables/refcnt", "0\n");
    for (files, there) in [
        (&[release, modular][..], false),
        (&[release, modular, loaded], true),
        (&[release, other], true),
        (&[release], true),
    ] {
        let (_dir, root) = host(files);
        assert_eq!(is_there(&root, "nf_tables"), there, "{files:?}");
    }
}
