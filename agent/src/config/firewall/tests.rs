//! Tables that are right, and what is wrong with the others.

use std::path::Path;

use crate::config::Config;

const TABLE: &str = "[[source]]\nkind = \"firewall\"\nname = \"firewall\"\n";

fn parse(lines: &str) -> Result<Config, String> {
    Config::parse(Path::new("agent.toml"), &format!("{TABLE}{lines}")).map_err(|error| error.to_string())
}

fn names(lines: &str) -> Vec<String> {
    let spec = parse(lines).unwrap().firewall.unwrap();
    spec.sources().iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_says_whose_rules() {
    let config = parse("").unwrap();
    assert!(config.sources.is_empty());
    let spec = config.firewall.unwrap();
    assert_eq!((spec.poll.as_secs(), spec.reconcile.as_secs()), (2, 300));
    let all = ["nft", "iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy", "ipset"];
    assert_eq!(names(""), all.map(|backend| format!("firewall/{backend}")));
    assert_eq!(
        names("namespaces = [\"blue\"]\nown = false\npoll_s = 5\n"),
        all.map(|backend| format!("firewall/blue/{backend}"))
    );
    assert_eq!(names("namespaces = [\"blue\", \"green\"]\n").len(), 18);
}

#[test]
fn what_is_wrong_is_said_with_the_key() {
    let cases = [
        ("own = false\n", "there is nothing to watch"),
        ("namespaces = [\"a\", \"a\"]\n", "is named twice"),
        ("namespaces = [\"../a\"]\n", "is no name"),
        ("namespaces = [\"\"]\n", "is no name"),
        ("namespaces = [\"nft\"]\n", "is the name of a backend"),
        ("poll_s = 0\n", "`poll_s` must be from 1"),
        ("path = \"/etc/nftables.conf\"\n", "has no `path`"),
        ("connect = \"unix:/run\"\n", "`connect` is for `database_settings`"),
        ("unit = \"a.service\"\n", "has no `unit`"),
    ];
    for (lines, expected) in cases {
        let error = parse(lines).unwrap_err();
        assert!(error.contains(expected) && error.contains("agent.toml:"), "{lines}: {error}");
    }
    let many = format!("namespaces = [{}]\n", (0..65).map(|at| format!("\"n{at}\"")).collect::<Vec<_>>().join(","));
    assert!(parse(&many).unwrap_err().contains("more than 64"));
    let file = "[[source]]\nkind = \"file\"\nname = \"a\"\npath = \"/a\"\nnamespaces = [\"x\"]\n";
    assert!(parse(file).unwrap_err().contains("`namespaces` is for `firewall`"));
    let twice = "[[source]]\nkind = \"firewall\"\nname = \"second\"\n";
    assert!(parse(twice).unwrap_err().contains("there is one already"));
}

#[test]
fn dump_files_to_compare_with_are_a_source_of_that_kind() {
    let table = |config: &str| {
        format!(
            "[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nconfig = \"{config}\"\n\
             [[source]]\nkind = \"firewall_dump\"\nname = \"rules\"\npath = \"/etc/nftables.conf\"\n\
             [[source]]\nkind = \"file\"\nname = \"motd\"\npath = \"/etc/motd\"\n"
        )
    };
    let parse = |config: &str| crate::config::Config::parse("agent.toml".as_ref(), &table(config));
    let spec = parse("rules").unwrap().firewall.unwrap();
    assert_eq!(spec.at_reboot().unwrap().as_str(), "firewall/at-reboot");
    for other in ["motd", "none"] {
        let said = parse(other).unwrap_err().to_string();
        assert!(said.contains(&format!("no `firewall_dump` source `{other}`")), "{said}");
    }
}
