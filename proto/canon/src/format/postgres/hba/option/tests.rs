use super::*;

fn options(words: &[&str], method: &str) -> Result<String, String> {
    over("hostssl", words, method)
}

fn over(kind: &str, words: &[&str], method: &str) -> Result<String, String> {
    let words: Vec<Word<'_>> = words.iter().map(|word| Word { text: word.as_bytes().into(), quoted: false }).collect();
    let mut text = Vec::new();
    write(&mut text, &read(words.iter(), kind, method)?, false);
    Ok(String::from_utf8(text).unwrap())
}

#[test]
fn order_means_nothing_and_the_last_counts() {
    assert_eq!(options(&["map=b", "krb_realm=a"], "gss"), options(&["map=x", "krb_realm=a", "map=b"], "gss"));
    assert_eq!(options(&["map=b", "krb_realm=a"], "gss").as_deref(), Ok(" krb_realm=a map=b"));
}

#[test]
fn switches_are_on_or_off() {
    assert_eq!(options(&["ldaptls=1"], "ldap").as_deref(), Ok(" ldaptls=1"));
    assert_eq!(options(&["ldaptls=1", "ldaptls=on"], "ldap").as_deref(), Ok(""));
    assert_eq!(options(&["include_realm=0", "include_realm=1"], "gss").as_deref(), Ok(""));
    assert_eq!(options(&["include_realm=yes"], "gss").as_deref(), Ok(" include_realm=0"));
}

#[test]
fn values_with_separators_are_quoted_and_empty_ones_are_not() {
    assert_eq!(options(&["ldapsuffix=, dc=x"], "ldap").as_deref(), Ok(" ldapsuffix=\", dc=x\""));
    assert_eq!(options(&["ldapsuffix="], "ldap").as_deref(), Ok(" ldapsuffix="));
}

#[test]
fn what_the_server_refuses() {
    for (word, method) in
        [("map", "ident"), ("=x", "ident"), ("Map=x", "ident"), ("map=x", "trust"), ("ldapport=1", "md5")]
    {
        assert!(options(&[word], method).is_err(), "{word} {method}");
    }
}

#[test]
fn certificates_are_asked_for_over_hostssl_alone() {
    assert_eq!(options(&["clientcert=verify-ca"], "md5").as_deref(), Ok(" clientcert=verify-ca"));
    assert!(over("host", &["clientcert=verify-ca"], "md5").is_err());
    assert!(over("local", &["clientname=DN"], "peer").is_err());
    assert_eq!(options(&["clientcert=verify-full", "map=a"], "cert"), options(&["map=a"], "cert"));
}

#[test]
fn every_secret_and_switch_is_an_option() {
    for name in SECRETS.iter().chain(CERTIFICATE).chain(SWITCHES.iter().map(|(name, _)| name)) {
        assert!(OPTIONS.iter().any(|(known, _)| known == name), "{name}");
    }
    assert!(OPTIONS.is_sorted_by_key(|(name, _)| *name));
}
