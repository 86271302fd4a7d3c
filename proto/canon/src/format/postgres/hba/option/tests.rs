use super::*;

fn options(words: &[&str], method: &str) -> Result<String, String> {
    let words: Vec<Word> = words.iter().map(|word| Word { text: word.as_bytes().to_vec(), quoted: false }).collect();
    let mut text = Vec::new();
    write(&mut text, &read(words.iter(), method)?, false);
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
    assert_eq!(options(&["ldaptls=on"], "ldap").as_deref(), Ok(" ldaptls=0"));
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
fn every_secret_and_switch_is_an_option() {
    for name in SECRETS.iter().chain(SWITCHES) {
        assert!(OPTIONS.iter().any(|(known, _)| known == name), "{name}");
    }
    assert!(OPTIONS.is_sorted_by_key(|(name, _)| *name));
}
