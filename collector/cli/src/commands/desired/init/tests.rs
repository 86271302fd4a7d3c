//! What is proposed is a mapping file.

use super::*;

fn found(sources: &[(&str, &str, &str, &str)]) -> BTreeMap<(String, String), Found> {
    let mut all: BTreeMap<(String, String), Found> = BTreeMap::new();
    for (source, kind, path, role) in sources {
        let one = all.entry(((*source).to_owned(), (*kind).to_owned())).or_default();
        one.paths.insert((*path).to_owned());
        one.roles.insert((*role).to_owned());
    }
    all
}

#[test]
fn a_proposal_is_a_mapping_file_of_every_source() {
    let all = found(&[
        ("app", "env_file", "/srv/app/.env", "web"),
        ("app", "env_file", "/opt/app/.env", "worker"),
        ("firewall/nft", "firewall", "nft", "web"),
        ("firewall/iptables-nft", "firewall", "iptables-nft", "web"),
        ("pg/postgresql.conf", "database_config", "/etc/postgresql/16/main/postgresql.conf", "db"),
        ("app-live", "process_env", "unit app.service", "web"),
        ("odd\"name", "file", "/etc/odd", "web"),
    ]);
    let text = proposed("production", &all);
    let mapped = mapping::parse("proposed", &text).unwrap();
    assert_eq!(mapped.len(), all.len(), "{text}");
    let path = |source: &str| mapped.iter().find(|one| one.source.as_str() == source).unwrap().path.clone();
    assert_eq!(path("app"), "{env}/.env");
    assert_eq!(path("firewall/nft"), "{env}/firewall.nft");
    assert_eq!(path("firewall/iptables-nft"), "{env}/iptables-nft.rules");
    assert_eq!(path("pg/postgresql.conf"), "{env}/postgresql.conf");
    assert!(text.contains("# /opt/app/.env, /srv/app/.env (web, worker)"), "{text}");
}
