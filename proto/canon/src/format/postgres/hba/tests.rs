use proptest::prelude::*;

use super::*;
use crate::Setting;
use crate::format::NoFiles;

fn settings(text: &str) -> Vec<Setting> {
    read(text.as_bytes(), None, &mut NoFiles).settings
}

/// The canonical form of one rule, or why there is none.
fn rule(text: &str) -> Result<String, String> {
    let reading = read(text.as_bytes(), None, &mut NoFiles);
    match reading.problems.first() {
        Some(problem) => Err(problem.reason.clone()),
        None => Ok(String::from_utf8_lossy(reading.settings[0].value.bytes()).into_owned()),
    }
}

#[test]
fn rules_that_mean_the_same() {
    for (one, other) in [
        ("host a,b c 10.1.2.3/8 md5", "host \"b\",a,b c 10.0.0.0 255.0.0.0 md5"),
        ("local all all ident", "local\tall\tall\tpeer # x"),
        ("local samegroup all peer", "local samerole all peer"),
        ("host all all EXAMPLE.org md5", "\"host\" all all example.org \"md5\""),
        ("host all all ::1/128 gss map=a krb_realm=B", "host all all 0:0::1/128 gss krb_realm=B,map=\"a\""),
        ("host all all ::1/128 gss include_realm=0", "host all all ::1/128 gss include_realm=1 include_realm=no"),
        ("host all all ::1/128 gss include_realm=1", "host all all ::1/128 gss"),
    ] {
        assert_eq!(rule(one), rule(other));
        assert!(rule(one).is_ok(), "{:?}", rule(one));
    }
}

#[test]
fn rules_that_mean_something_else() {
    for (one, other) in [
        ("local all all peer", "local \"all\" all peer"),
        ("local all +a peer", "local all \"+a\" peer"),
        ("host all all 0.0.0.0/0 md5", "host all all all md5"),
        ("host all all 10.0.0.0/8 md5", "hostssl all all 10.0.0.0/8 md5"),
        ("host all all 10.0.0.0/8 md5", "host all all 10.0.0.0/9 md5"),
        ("host all All 10.0.0.0/8 md5", "host all all 10.0.0.0/8 md5"),
        ("host all all 10.0.0.1/32 md5", "host all all ::ffff:10.0.0.1/128 md5"),
        ("host all all 10.0.0.1/32 ident map=a", "host all all 10.0.0.1/32 ident map=A"),
    ] {
        assert_ne!(rule(one), rule(other));
        assert!(rule(one).is_ok() && rule(other).is_ok(), "{:?} {:?}", rule(one), rule(other));
    }
}

#[test]
fn methods_that_do_not_fit_the_type() {
    for text in ["local all all cert", "host all all ::1/128 cert", "local all all gss", "host all all ::1/128 peer"] {
        assert!(rule(text).is_err(), "{text}");
    }
    assert_eq!(rule("hostssl all all all cert").as_deref(), Ok("hostssl all all all cert"));
}

#[test]
fn an_inserted_rule_blames_no_other() {
    let before = settings("local all all peer\nhost all all 10.0.0.0/8 md5\n");
    let after = settings("local all all peer\nhost x x 10.0.0.0/8 md5\nhost all all 10.0.0.0/8 md5\n");
    let find = |key: &str, all: &[Setting]| all.iter().find(|one| one.key.as_str() == key).map(|one| one.value.clone());
    for setting in before.iter().filter(|setting| setting.key.as_str().starts_with("hba: ")) {
        assert_eq!(find(setting.key.as_str(), &after), Some(setting.value.clone()));
    }
    assert_ne!(find("@order:hba", &before), find("@order:hba", &after));
    assert_eq!(after.len(), before.len() + 1);
}

#[test]
fn passwords_stand_in_no_key_display_problem_or_debug() {
    let text = "host all all ::1/128 ldap ldapserver=x ldapprefix=y ldapbindpasswd=quiet1\n\
                host all all ::1/128 radius radiusservers=x radiussecrets=\"quiet1,quiet2\"\n\
                host all all ::1/128 md5 ldapbindpasswd=quiet1\nquiet1\n";
    let reading = read(text.as_bytes(), None, &mut NoFiles);
    let reasons = crate::secret::classify_all(&reading.settings);
    for (setting, reason) in reading.settings.iter().zip(reasons) {
        let shown = crate::display::masked(setting, reason, crate::DisplayPolicy::Clear);
        let all = format!("{} {setting:?} {shown:?}", setting.key);
        assert!(!all.contains("quiet"), "{all}");
    }
    assert_eq!(reading.problems.len(), 2);
    assert!(reading.problems.iter().all(|problem| !format!("{problem:?}").contains("quiet")));
    assert!(reading.settings[0].key.as_str().contains("ldapbindpasswd=****"));
}

#[test]
fn another_password_changes_the_rule_and_not_the_order() {
    let with = |password: &str| {
        settings(&format!("host all all ::1/128 ldap ldapserver=x ldapprefix=y ldapbindpasswd={password}\n"))
    };
    let (one, other) = (with("a"), with("b"));
    assert_eq!(one[0].key, other[0].key);
    assert_ne!(one[0].value, other[0].value);
    assert_eq!(one[1], other[1]);
}

proptest! {
    /// Blanks, comments and the order of lists and options mean nothing.
    #[test]
    fn writing_a_rule_otherwise_changes_nothing(
        mut users in prop::collection::vec("[a-z]{1,4}", 1..5),
        a in any::<[u8; 4]>(),
        bits in 0_u32..=32,
        blank in prop::sample::select(vec![" ", "\t", "   "]),
    ) {
        let address = std::net::Ipv4Addr::from(a);
        let one = format!("host all {} {address}/{bits} ldap ldapserver=s ldapprefix=p", users.join(","));
        users.reverse();
        let mask = std::net::Ipv4Addr::from(u32::MAX.checked_shl(32 - bits).unwrap_or(0));
        let network = std::net::Ipv4Addr::from(u32::from(address) & u32::from(mask));
        let other = ["host", "\"all\"x", &users.join(", "), &network.to_string(), &mask.to_string(), "ldap", "ldapprefix=p", "\"ldapserver=s\"", "# x"]
            .join(blank)
            .replace("\"all\"x", "all");
        prop_assert_eq!(rule(&one), rule(&other));
        prop_assert!(rule(&one).is_ok());
    }

    /// What is no rule is watched.
    #[test]
    fn no_word_is_lost(line in "[a-z\" ,@/]{0,20}", a in "[a-z]{4}", b in "[a-z]{4}") {
        prop_assume!(a != b && line.matches('"').count() % 2 == 0);
        prop_assert_ne!(settings(&format!("{line}{a}\n")), settings(&format!("{line}{b}\n")));
    }
}
