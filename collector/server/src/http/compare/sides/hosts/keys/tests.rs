use super::*;

/// What a host that has these keys is told of them.
fn walked(keys: &mut Keys, source: &str, host: &[&str]) -> Vec<Option<String>> {
    let mut walk = keys.of(&SourceName::new(source).unwrap());
    host.iter().map(|text| walk.next(text).map(ToString::to_string)).collect()
}

#[test]
fn each_host_gets_its_own_keys_whatever_the_others_had() {
    let mut keys = Keys::default();
    for host in
        [&["B", "D"][..], &["A", "B", "C", "D", "E"], &["C"], &[], &["A", "B", "C", "CC", "D", "E"], &["E", "F"]]
    {
        let told: Vec<Option<String>> = host.iter().map(|key| Some((*key).to_owned())).collect();
        assert_eq!(walked(&mut keys, "app", host), told);
    }
    let known: Vec<&str> = keys.0.values().flatten().map(ItemKey::as_str).collect();
    assert_eq!(known, ["A", "B", "C", "CC", "D", "E", "F"], "each is kept once");
    assert_eq!(walked(&mut keys, "other", &["Z"]), [Some("Z".to_owned())]);
}

#[test]
fn what_is_no_key_is_none_and_takes_nothing_with_it() {
    let mut keys = Keys::default();
    assert_eq!(walked(&mut keys, "app", &["A", "a\nb", "b"]), [Some("A".to_owned()), None, Some("b".to_owned())]);
}

#[test]
fn more_keys_than_are_remembered_are_told_all_the_same() {
    let mut keys = Keys::default();
    let many: Vec<String> = (0..KEYS_MAX + 3).map(|number| format!("K{number:07}")).collect();
    let mut walk = keys.of(&SourceName::new("app").unwrap());
    assert!(many.iter().all(|text| walk.next(text).is_some_and(|key| key.as_str() == text)));
    assert_eq!(keys.0.values().map(Vec::len).sum::<usize>(), KEYS_MAX);
}
