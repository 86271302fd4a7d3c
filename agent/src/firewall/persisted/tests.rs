use driftline_canon::{DisplayPolicy, FleetKey, Format, KeyEpoch, format};

use super::*;

fn read(kind: Format, text: &str) -> Observation {
    let reading = format::read(kind, text.as_bytes());
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    Observation::of_settings(&reading.settings, &FleetKey::new([1; 32], KeyEpoch(1)).keyed(), DisplayPolicy::Clear)
}

fn iptables(rules: &str) -> Observation {
    read(Format::IptablesSave, &format!("*filter\n:INPUT DROP [0:0]\n{rules}COMMIT\n"))
}

fn nft(rules: &str) -> Observation {
    let text = format!(
        "table inet filter {{\n chain input {{\n type filter hook input priority 0; policy drop;\n {rules}\n }}\n}}\n"
    );
    read(Format::Nft, &text)
}

fn file<'a>(path: &'a str, observation: &'a Observation) -> Saved<'a> {
    Saved { language: language_of(observation), path, observation }
}

fn found(live: &Observation, saved: &Observation) -> Vec<String> {
    let language = language_of(live).unwrap_or(Language::Iptables);
    let found = against_saved(live, language, &[file("/etc/rules", saved)]);
    found.iter().map(Finding::to_string).collect()
}

const SSH: &str = "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n";
const WEB: &str = "-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT\n";

#[test]
fn f9_what_is_loaded_as_it_is_saved_is_no_finding() {
    assert!(found(&iptables(SSH), &iptables(SSH)).is_empty());
    assert!(found(&nft("tcp dport 22 accept"), &nft("tcp dport 22 accept")).is_empty());
}

#[test]
fn f9_a_rule_that_is_in_no_file_is_gone_at_reboot() {
    let more = format!("{SSH}{WEB}");
    let said =
        "filter/INPUT: -p tcp -m tcp --dport 443 -j ACCEPT: in force, and in no file (/etc/rules): gone at reboot";
    assert_eq!(found(&iptables(&more), &iptables(SSH)), [said]);
    let live = nft("tcp dport 22 accept\n tcp dport 5432 accept");
    let told = found(&live, &nft("tcp dport 22 accept"));
    assert_eq!(
        told,
        ["inet filter/input: tcp dport 5432 accept: in force, and in no file (/etc/rules): gone at reboot"]
    );
}

#[test]
fn f9_a_rule_that_is_saved_and_not_loaded_is_named_with_its_line() {
    let told = found(&iptables(SSH), &iptables(&format!("{SSH}{WEB}")));
    assert_eq!(told, ["filter/INPUT: -p tcp -m tcp --dport 443 -j ACCEPT: in /etc/rules line 4, and not in force"]);
}

#[test]
fn f9_another_policy_and_another_order_are_findings() {
    let accept = read(Format::IptablesSave, &format!("*filter\n:INPUT ACCEPT [0:0]\n{SSH}COMMIT\n"));
    assert_eq!(found(&accept, &iptables(SSH)), ["filter/INPUT policy: in force with another value than in /etc/rules"]);
    let (one, other) = (iptables(&format!("{SSH}{WEB}")), iptables(&format!("{WEB}{SSH}")));
    assert_eq!(found(&one, &other), ["filter/INPUT: its rules stand in another order than in /etc/rules"]);
}

#[test]
fn f9_any_of_several_files_may_hold_a_rule_and_files_of_the_other_language_say_nothing() {
    let (ssh, web, both) = (iptables(SSH), iptables(WEB), iptables(&format!("{SSH}{WEB}")));
    let files = [file("/a", &ssh), file("/b", &web)];
    assert!(against_saved(&both, Language::Iptables, &files).is_empty());
    assert!(found(&nft("tcp dport 22 accept"), &ssh).is_empty(), "nftables is not what iptables saves");
    assert!(against_saved(&both, Language::Iptables, &[]).is_empty());
}

#[test]
fn f9_rules_that_were_flushed_are_saved_and_not_in_force() {
    let nothing = Observation::default();
    let told = found(&nothing, &iptables(SSH));
    assert!(told.contains(&"filter/INPUT policy: in /etc/rules line 2, and not in force".to_owned()), "{told:?}");
    assert!(told.iter().any(|one| one.contains("--dport 22 -j ACCEPT: in /etc/rules line 3")), "{told:?}");
    let saved = nft("tcp dport 22 accept");
    assert!(!against_saved(&nothing, Language::Nft, &[file("/etc/rules", &saved)]).is_empty());
    assert!(against_saved(&nothing, Language::Iptables, &[file("/etc/rules", &saved)]).is_empty());
}

#[test]
fn f9_a_file_that_was_emptied_loads_nothing() {
    let live = iptables(SSH);
    let told = found(&live, &Observation::default());
    assert!(!told.is_empty() && told.iter().all(|one| one.ends_with("gone at reboot")), "{told:?}");
    // Of another language it said nothing before either.
    let empty = Saved { language: Some(Language::Nft), ..file("/etc/nftables.conf", &live) };
    assert!(against_saved(&live, Language::Iptables, &[empty]).is_empty());
}

#[test]
fn findings_are_bounded_and_the_last_counts_the_rest() {
    let many: String = (1000..2100).map(|port| format!("-A INPUT -p tcp -m tcp --dport {port} -j ACCEPT\n")).collect();
    let told = found(&iptables(&many), &iptables(SSH));
    assert_eq!(told.len(), LISTED_MAX);
    assert_eq!(told[LISTED_MAX - 1], "more rules: 102 differ between what is in force and what is saved");
}
