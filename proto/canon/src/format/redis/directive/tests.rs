use super::*;

fn of(name: &str, line: &str) -> String {
    let arguments = split_again(name, split::arguments(line.as_bytes()).unwrap());
    String::from_utf8(value(name, &arguments)).unwrap()
}

#[test]
fn old_names_are_the_new_ones() {
    for (old, new) in [
        ("slaveof", "replicaof"),
        ("SLAVE-read-only", "replica-read-only"),
        ("min-slaves-to-write", "min-replicas-to-write"),
        ("repl-ping-slave-period", "repl-ping-replica-period"),
        ("hash-max-ziplist-entries", "hash-max-listpack-entries"),
        ("lua-time-limit", "busy-reply-threshold"),
        ("dir", "dir"),
        ("enslaved", "enslaved"),
    ] {
        assert_eq!(name(old), new);
    }
}

#[test]
fn amounts_words_and_the_rest() {
    for (name, line, expected) in [
        ("maxmemory", "1gb", "1gb"),
        ("maxmemory", "1024MB", "1gb"),
        ("maxmemory", "\"1g\"", "1000000000"),
        ("maxmemory-clients", "5%", "5%"),
        ("appendonly", "YES", "yes"),
        ("loglevel", "Notice", "notice"),
        ("dir", "/A", "/A"),
        ("dir", "\"/a b\"", "\"/a b\""),
        ("timeout", "1k", "1k"),
        ("bind", "\"127.0.0.1 ::1\"", "127.0.0.1 ::1"),
        ("bind", "::1 127.0.0.1", "::1 127.0.0.1"),
        ("logfile", "\"\"", ""),
        ("requirepass", "\"a b\"", "a b"),
    ] {
        assert_eq!(of(name, line), expected, "{name} {line}");
    }
}

#[test]
fn sentinels_notes_are_its_own() {
    let own = |line: &str| is_sentinels_own(&split::arguments(line.as_bytes()).unwrap());
    assert!(own("known-replica mymaster 127.0.0.1 6380") && own("MYID abc") && own("current-epoch 3"));
    assert!(!own("monitor mymaster 127.0.0.1 6379 2") && !own("auth-pass mymaster x") && !own(""));
}
