use super::*;

#[test]
fn a_key_is_of_the_table_that_it_begins_with() {
    let of = |key: &str| is_of_table(&ItemKey::from_bytes(key.as_bytes()), "nat");
    assert!(of("nat table") && of("nat/OUTPUT policy") && of("nat/OUTPUT: -j ACCEPT"));
    assert!(is_of_table(&ItemKey::order_of(b"nat/OUTPUT"), "nat"));
    assert!(!of("native/OUTPUT policy") && !of("filter/nat: -j ACCEPT") && !of("nat"));
    assert!(!is_of_table(&ItemKey::order_of(b"filter/nat"), "nat"));
}
