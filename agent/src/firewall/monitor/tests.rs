//! Lines as `nft -j monitor` (1.0.6) prints them.

use super::*;

#[test]
fn lines_of_what_comes_are_kept() {
    let line =
        read(br#"{"insert": {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 12, "expr": []}}}"#);
    let line = line.unwrap().unwrap();
    assert_eq!((&*line.kind, line.gone, line.text("chain")), ("rule", false, "c"));
    let line = read(br#"{"delete": {"element": {"family": "inet", "table": "t", "name": "s", "elem": {"set": [1]}}}}"#);
    assert!(line.unwrap().unwrap().gone);
}

#[test]
fn lines_of_what_goes_and_of_tables_are_of_no_use() {
    for line in [
        r#"{"delete": {"rule": {"family": "inet", "table": "t", "chain": "c", "handle": 13}}}"#,
        r#"{"add": {"table": {"family": "inet", "name": "dm", "handle": 9, "flags": "#,
        r#"{"add": {"table": {"family": "inet", "name": "z", "handle": 14}}}"#,
        "# Cannot set up netlink receive socket buffer size to 16777216 bytes",
    ] {
        assert_eq!(read(line.as_bytes()), Ok(None), "{line}");
    }
}

#[test]
fn what_cannot_be_used_is_said() {
    for line in ["# ERROR: We lost some netlink events!", "{", "[1]", "{\"add\": 1}", "{}"] {
        assert!(read(line.as_bytes()).is_err(), "{line}");
    }
}

#[test]
fn what_stands_within_a_rule_is_told_apart() {
    let line = |text: &str| read(text.as_bytes()).unwrap().unwrap();
    assert!(
        line(r#"{"add": {"chain": {"family": "inet", "table": "t", "name": "__chain1", "handle": 11}}}"#)
            .is_within_rule()
    );
    assert!(line(r#"{"add": {"rule": {"chain": "__chain1", "handle": 12}}}"#).is_within_rule());
    assert!(!line(r#"{"add": {"rule": {"chain": "c", "handle": 12}}}"#).is_within_rule());
}

#[test]
fn a_process_that_listens_to_nothing_is_known() {
    assert_eq!(hears(std::process::id()), None);
}

#[test]
fn the_socket_of_nft_monitor_is_known_by_its_inode_whoever_has_its_port() {
    let sockets = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
        0000000000000000 12  4711       00000000 0        0        0     2        0        100\n\
        0000000000000000 12  3301893521 00000040 768      0        0     2        0        101\n\
        0000000000000000 12  4712       00000040 5        0        0     2        0        102\n\
        0000000000000000 0   4711       00000040 9        0        0     2        0        103\n";
    assert_eq!(waiting(sockets, &[7, 101, 103]), Some(768));
    assert_eq!(waiting(sockets, &[100, 103]), None, "it is bound, and listens to nothing");
    assert_eq!(waiting("12\n\n", &[101]), None);
}
