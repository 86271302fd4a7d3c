use driftline_canon::{
    DisplayPolicy, FleetKey, Format, KeyEpoch, Observation, Problem, ProblemKind, SourceKind, format,
};

use super::{Backend, Finding, Language, as_saved, is_for, setting, stands_for, unreadable};
use crate::journal::entry::{Fingerprint, SourceState, StateHead, Way};

/// What the journal knows of a source.
fn state(path: &str, way: Way, text: &str, problems: Vec<Problem>) -> SourceState {
    let reading = format::read(Format::IptablesSave, text.as_bytes());
    let keyed = FleetKey::new([1; 32], KeyEpoch(1)).keyed();
    let observation = Observation::of_settings(&reading.settings, &keyed, DisplayPolicy::Clear);
    let fingerprint = Fingerprint {
        canonical_form: 1,
        key_epoch: KeyEpoch(1),
        kind: SourceKind::FirewallDump,
        way,
        parsed_max: 1,
        display: DisplayPolicy::Clear,
    };
    let head = StateHead { root: observation.root(), kind: SourceKind::FirewallDump, path: path.to_owned() };
    SourceState { head, fingerprint, content: None, observed_ms: 0, problems, observation }
}

const RULES: &str = "*filter\n:INPUT DROP [0:0]\nCOMMIT\n";

#[test]
fn f9_the_language_of_an_empty_file_is_that_of_its_format_or_name() {
    let language = |path, way, text| as_saved(&state(path, way, text, Vec::new())).language;
    let named = |format: Format| Way::Named(format.as_str().to_owned());
    assert_eq!(language("/etc/rules", named(Format::Nft), ""), Some(Language::Nft));
    assert_eq!(language("/etc/rules", named(Format::IptablesSave), ""), Some(Language::Iptables));
    assert_eq!(language("/etc/nftables.conf", Way::Found, ""), Some(Language::Nft));
    assert_eq!(language("/etc/iptables/rules.v4", Way::Found, ""), Some(Language::Iptables));
    assert_eq!(language("/etc/rules", Way::Found, ""), None);
    assert_eq!(language("/etc/rules", Way::Found, RULES), Some(Language::Iptables));
}

#[test]
fn f9_a_side_that_cannot_be_read_is_a_problem_and_not_the_end_of_findings() {
    let problem = |kind| vec![Problem::whole(kind, "permission denied")];
    let (known, gone) =
        (state("/a", Way::Found, RULES, Vec::new()), state("/b", Way::Found, "", problem(ProblemKind::Missing)));
    let denied = state("/c", Way::Found, "", problem(ProblemKind::Unreadable));
    assert_eq!(unreadable(Backend::Nft, &known, &[&known, &gone]), None, "what is gone loads nothing");
    let file = unreadable(Backend::Nft, &known, &[&known, &denied]).unwrap();
    assert_eq!(file.kind, ProblemKind::Unreadable);
    assert!(file.reason.starts_with("nft: /c cannot be read, findings are those of before"), "{}", file.reason);
    let live = unreadable(Backend::IptablesNft, &gone, &[&known]).unwrap();
    assert!(live.reason.starts_with("iptables-nft: what is in force cannot be read"), "{}", live.reason);
}

#[test]
fn f9_rules_of_one_kind_of_iptables_stand_for_the_empty_other() {
    let (full, empty) = (state("", Way::Found, RULES, Vec::new()), state("", Way::Found, "", Vec::new()));
    let stands = |other, rules: &SourceState, backend| stands_for(&(other, rules.clone()), backend);
    assert!(stands(Backend::IptablesLegacy, &full, Backend::IptablesNft));
    assert!(!stands(Backend::IptablesLegacy, &empty, Backend::IptablesNft), "both are empty: told once");
    assert!(stands(Backend::IptablesNft, &empty, Backend::IptablesLegacy));
    assert!(!stands(Backend::Ip6tablesNft, &full, Backend::IptablesNft));
    assert!(!stands(Backend::Nft, &full, Backend::IptablesNft));
    assert!(!stands(Backend::Nft, &full, Backend::Nft));
}

#[test]
fn a_dump_file_is_of_the_version_of_ip_that_its_name_says() {
    for (path, v6) in [
        ("/etc/iptables/rules.v4", false),
        ("/etc/iptables/rules.v6", true),
        ("/etc/sysconfig/iptables", false),
        ("/etc/sysconfig/ip6tables", true),
        ("/etc/ufw/user.rules", false),
        ("/etc/ufw/user6.rules", true),
        ("/srv/v6/rules", false),
    ] {
        assert_eq!(is_for(Backend::Ip6tablesNft, path), v6, "{path}");
        assert_eq!(is_for(Backend::IptablesLegacy, path), !v6, "{path}");
        assert!(is_for(Backend::Nft, path), "{path}");
    }
}

#[test]
fn a_finding_is_an_item_that_names_its_backend() {
    let finding = Finding { about: "filter/INPUT policy".to_owned(), what: "in force with another value".to_owned() };
    let setting = setting(Backend::IptablesNft, &finding);
    assert_eq!(setting.key.as_str(), "iptables-nft: filter/INPUT policy");
    assert_eq!(setting.value.bytes(), b"in force with another value");
}
