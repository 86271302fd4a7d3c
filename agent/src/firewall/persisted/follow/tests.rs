use super::{Backend, Finding, is_for, setting};

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
