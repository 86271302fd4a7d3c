//! Every kind of source, from a file of a repository.

use std::fs;

use driftline_canon::{DisplayPolicy, KeyEpoch};

use super::*;
use crate::mapping;

fn key() -> FleetKey {
    FleetKey::new([7; 32], KeyEpoch(3))
}

const NAMED: Named<'_> = Named { env: "production", role: None, host: None };

fn place(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn mapped(source: &str, kind: &str, path: &str, more: &str) -> Vec<Mapped> {
    let text = format!("[[source]]\nname = \"{source}\"\nkind = \"{kind}\"\npath = \"{path}\"\n{more}\n");
    mapping::parse("map.toml", &text).unwrap()
}

/// The keys that one file declares, with what is shown of them.
fn declared(kind: &str, (name, text): (&str, &str), more: &str) -> Vec<(String, Option<String>)> {
    let dir = place(&[(name, text)]);
    let read = read(dir.path(), &mapped("s", kind, name, more), NAMED, &key()).unwrap();
    let source = read.declared.sources.into_iter().next().unwrap();
    assert_eq!(source.kind, kind);
    source.items.into_iter().map(|item| (item.key, item.display)).collect()
}

const IPTABLES: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
                        -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";

#[test]
fn every_kind_of_source_is_declared_by_its_files() {
    let cases = [
        ("env_file", ("app.env", "A=1\n"), "", "A"),
        ("process_env", ("app.env", "A=1\n"), "dialect = \"systemd\"", "A"),
        ("file", ("motd", "hello\n"), "", "@content"),
        ("config_file", ("app.toml", "[db]\nhost = \"x\"\n"), "", "db.host"),
        ("config_file", ("noname", "what is this\x01\n"), "", "@content"),
        ("database_config", ("postgresql.conf", "shared_buffers = 128MB\n"), "", "shared_buffers"),
        ("database_config", ("custom", "maxmemory 1gb\n"), "format = \"redis-conf\"", "maxmemory"),
        ("database_settings", ("postgresql.conf", "shared_buffers = 128MB\n"), "", "shared_buffers"),
        ("firewall_dump", ("rules.v4", IPTABLES), "", "filter/INPUT: -p tcp -m tcp --dport 22 -j ACCEPT"),
        ("firewall", ("rules.v4", IPTABLES), "", "filter/INPUT: -p tcp -m tcp --dport 22 -j ACCEPT"),
    ];
    for (kind, file, more, wanted) in cases {
        let found = declared(kind, file, more);
        assert!(found.iter().any(|(key, _)| key.contains(wanted)), "{kind} {wanted}: {found:?}");
    }
    let kinds: std::collections::BTreeSet<_> = cases.iter().map(|(kind, ..)| *kind).collect();
    assert_eq!(kinds.len(), SourceKind::ALL.len(), "every kind is tried");
}

#[test]
fn what_is_declared_has_the_digests_of_an_agent_with_the_same_key() {
    let text = "DB_PASSWORD=hunter2hunter2\nPORT=80\n";
    let dir = place(&[("app.env", text)]);
    let read = read(dir.path(), &mapped("s", "env_file", "app.env", ""), NAMED, &key()).unwrap();
    assert_eq!((read.declared.fleet_key_epoch, read.declared.canonical_form), (3, CANONICAL_FORM));
    let settings = format::read(Format::EnvFile(None), text.as_bytes()).settings;
    let agent = Observation::of_settings(&settings, &key().keyed(), DisplayPolicy::Clear);
    let source = &read.declared.sources[0];
    assert_eq!(source.items.len(), agent.items().len());
    for (item, seen) in source.items.iter().zip(agent.items()) {
        assert_eq!((item.key.as_str(), &item.digest), (seen.key.as_str(), &hex::encode(&seen.digest.0)));
    }
    let sent = serde_json::to_string(&read.declared).unwrap();
    assert!(source.items[0].secret && !sent.contains("hunter2"), "{sent}");
    assert!(!sent.contains(&hex::encode(&Sha256::digest("hunter2hunter2"))));
}

#[test]
fn nothing_outside_of_the_directory_is_read() {
    let outside = place(&[("secret.conf", "work_mem = 1MB\n"), ("app.env", "A=1\n")]);
    let inside = place(&[("conf.d/a.conf", "work_mem = 2MB\n"), ("postgresql.conf", "include_dir 'conf.d'\n")]);
    let all = |path: &str, kind: &str| read(inside.path(), &mapped("s", kind, path, ""), NAMED, &key());
    let found = all("postgresql.conf", "database_config").unwrap();
    assert!(found.declared.sources[0].items.iter().any(|item| item.key == "work_mem"), "includes inside are followed");
    for include in ["include", "include_if_exists", "include_dir"] {
        let target =
            if include == "include_dir" { outside.path().to_owned() } else { outside.path().join("secret.conf") };
        fs::write(inside.path().join("x.conf"), format!("{include} '{}'\n", target.display())).unwrap();
        let read = read(
            inside.path(),
            &mapped("s", "database_config", "x.conf", "format = \"postgresql-conf\""),
            NAMED,
            &key(),
        );
        let said = read.unwrap_err();
        assert_eq!(said.exit(), Exit::Data, "{include}: {said}");
        assert!(said.to_string().contains("outside"), "{include}: {said}");
    }
    std::os::unix::fs::symlink(outside.path().join("app.env"), inside.path().join("link.env")).unwrap();
    let said = all("link.env", "env_file").unwrap_err();
    assert!(said.to_string().contains("leads out of"), "{said}");
}

#[test]
fn a_file_that_is_not_there_or_not_understood_declares_nothing() {
    let dir = place(&[("bad.json", "{\"a\": "), ("twice.env", "A=1\nA=2\n"), ("rules", "A=1\n")]);
    let all = |kind: &str, path: &str| read(dir.path(), &mapped("s", kind, path, ""), NAMED, &key());
    let missing = all("env_file", "no.env").unwrap_err();
    assert_eq!(missing.exit(), Exit::Inconclusive);
    assert!(missing.to_string().contains("source `s` is mapped to it at map.toml:1:1"), "{missing}");
    let bad = all("config_file", "bad.json").unwrap_err();
    assert_eq!(bad.exit(), Exit::Data);
    assert!(bad.to_string().contains("nothing was sent"), "{bad}");
    let twice = all("env_file", "twice.env").unwrap();
    assert_eq!((twice.declared.sources[0].items.len(), twice.remarks.len()), (1, 1), "{:?}", twice.remarks);
    let odd = all("firewall", "rules").unwrap_err();
    assert!(odd.to_string().contains("`format`"), "{odd}");
}
