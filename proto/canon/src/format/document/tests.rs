use super::*;
use crate::format::Reading;

const HERE: Place = Place { line: 1, column: 1 };

fn walk(steps: impl FnOnce(&mut Document<'_>)) -> Reading {
    let mut gather = Gather::new();
    steps(&mut Document::new(&mut gather));
    gather.finish(b"the whole")
}

fn pairs(reading: &Reading) -> Vec<(String, String)> {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    reading.settings.iter().map(|one| (one.key.to_string(), shown(one.value.bytes()))).collect()
}

fn keys(reading: &Reading) -> Vec<&str> {
    reading.settings.iter().map(|one| one.key.as_str()).collect()
}

impl Document<'_> {
    fn member(&mut self, name: &str, text: &str) {
        self.name(name.as_bytes(), HERE);
        self.scalar(&Scalar::Text(text.as_bytes().into()), HERE);
    }

    fn map(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.name(name.as_bytes(), HERE);
        self.begin_map(HERE);
        inside(self);
        self.end();
    }
}

#[test]
fn places_become_keys() {
    let reading = walk(|document| {
        document.begin_map(HERE);
        document.member("a", "1 x");
        document.map("b", |document| {
            document.name(b"list", HERE);
            document.begin_list(HERE);
            document.scalar(&Scalar::Null, HERE);
            document.begin_map(HERE);
            document.member("c.d", "x");
            document.end();
            document.begin_list(HERE);
            document.end();
            document.end();
            document.map("none", |_| {});
        });
        document.end();
    });
    let wanted =
        [("a", "1 x"), ("b.list[0]", "null"), ("b.list[1].\"c.d\"", "x"), ("b.list[2]", "[]"), ("b.none", "{}")];
    assert_eq!(pairs(&reading), wanted.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
}

#[test]
fn a_scalar_alone_and_a_second_document_have_keys() {
    let reading = walk(|document| {
        document.scalar(&Scalar::Bool(true), HERE);
        document.next_document(2);
        document.scalar(&Scalar::Null, HERE);
        document.next_document(3);
        document.begin_list(HERE);
        document.scalar(&Scalar::Null, HERE);
        document.end();
    });
    assert_eq!(keys(&reading), [".", "[#2]", "[#3][0]"]);
}

#[test]
fn of_two_with_one_name_the_last_counts_whatever_they_are() {
    let map = |document: &mut Document<'_>, name: &str| document.map("a", |document| document.member(name, "v"));
    let scalar = |document: &mut Document<'_>| document.member("a", "s");
    let empty = |document: &mut Document<'_>| document.map("a", |_| {});
    type Step<'a> = &'a dyn Fn(&mut Document<'_>);
    let (first, second) =
        (|document: &mut Document<'_>| map(document, "x"), |document: &mut Document<'_>| map(document, "y"));
    let cases: [(&[Step<'_>], &[&str]); 6] = [
        (&[&first, &second], &["a.y"]),
        (&[&first, &scalar], &["a"]),
        (&[&scalar, &first], &["a.x"]),
        (&[&first, &scalar, &second], &["a.y"]),
        (&[&empty, &first], &["a.x"]),
        (&[&first, &empty], &["a"]),
    ];
    for (steps, wanted) in cases {
        let reading = walk(|document| {
            document.begin_map(HERE);
            for step in steps {
                step(document);
            }
            document.end();
        });
        assert_eq!(keys(&reading), wanted);
        assert_eq!(reading.problems.len(), steps.len() - 1, "{:?}", reading.problems);
        assert!(reading.problems.iter().all(|problem| problem.kind == ProblemKind::DuplicateKey));
    }
}

#[test]
fn the_same_name_in_two_maps_is_no_duplicate() {
    let reading = walk(|document| {
        document.begin_list(HERE);
        for _ in 0..2 {
            document.begin_map(HERE);
            document.map("a", |document| document.map("b", |document| document.member("c", "v")));
            document.end();
        }
        document.end();
    });
    assert_eq!(keys(&reading), ["[0].a.b.c", "[1].a.b.c"]);
    assert!(reading.problems.is_empty());
}

#[test]
fn what_is_too_deep_is_watched_as_content() {
    let read = |value: &str| {
        walk(|document| {
            for _ in 0..NESTING_DEPTH_MAX + 10 {
                document.begin_list(HERE);
            }
            document.scalar(&Scalar::Text(value.as_bytes().into()), HERE);
            for _ in 0..NESTING_DEPTH_MAX + 10 {
                document.end();
            }
        })
    };
    let reading = read("a");
    assert_eq!(keys(&reading), ["@content"]);
    assert_eq!(reading.problems.len(), 1);
    assert_ne!(read("a").settings, walk(|_| {}).settings);
    let next_to_it = walk(|document| {
        document.begin_map(HERE);
        document.map("deep", |document| {
            for _ in 0..NESTING_DEPTH_MAX {
                document.begin_list(HERE);
            }
            for _ in 0..NESTING_DEPTH_MAX {
                document.end();
            }
        });
        document.member("beside", "v");
        document.end();
    });
    assert_eq!(keys(&next_to_it), ["beside", "@content"]);
}

#[test]
fn long_names_are_cut_and_long_paths_are_watched_as_content() {
    let long = "n".repeat(10_000);
    let reading = walk(|document| {
        document.begin_map(HERE);
        document.member(&format!("{long}1"), "v");
        document.member(&format!("{long}2"), "v");
        document.member("short", "v");
        for _ in 0..10 {
            document.name(long.as_bytes(), HERE);
            document.begin_map(HERE);
        }
        document.member("inside", "v");
        for _ in 0..10 {
            document.end();
        }
        document.member("after", "v");
        document.end();
    });
    let keys = keys(&reading);
    assert_eq!(keys.len(), 5, "{keys:?}");
    assert_ne!(keys[0], keys[1], "the hash tells them apart");
    assert!(keys[0].len() < 300 && keys[2] == "short" && keys[3] == "after" && keys[4] == "@content");
    assert_eq!(reading.problems.len(), 1, "{:?}", reading.problems);
    assert_eq!(reading.problems[0].kind, ProblemKind::Limit);
}

fn secrets(text: &str) -> Vec<String> {
    let reading = crate::format::yaml::read(text.as_bytes());
    let secret = reading.settings.iter().zip(crate::secret::classify_all(&reading.settings));
    secret.filter(|(_, reason)| reason.is_some()).map(|(one, _)| one.key.to_string()).collect()
}

#[test]
fn a_value_beside_the_name_of_a_secret_is_one() {
    for text in [
        "env: [{name: DB_PASSWORD, value: hunter2}]",
        "env: [{value: hunter2, name: DB_PASSWORD}]",
        "env: [{Key: dbPassword, Value: 1234567}]",
        "env: [{key: x, name: API_TOKEN, value: {a: hunter2}, type: y}]",
    ] {
        let found = secrets(text);
        assert!(found.iter().any(|key| key.to_ascii_lowercase().starts_with("env[0].value")), "{text}: {found:?}");
    }
    assert_eq!(secrets("[{name: TOKEN_TTL, value: 3600}, {name: port, value: hunter2}, {value: a}]"), [""; 0]);
    assert_eq!(secrets("[{name: DB_PASSWORD, name: port, value: a}]"), [""; 0], "the last name counts");
}

#[test]
fn an_argument_after_the_flag_of_a_secret_is_one() {
    let check = |list: &str, wanted: &[&str]| assert_eq!(secrets(&format!("c: {list}")), wanted, "{list}");
    check(r#"["redis-server","--requirepass","hunter2"]"#, &["c[2]"]);
    check(r#"["--password","-hunter2","--port","1234"]"#, &["c[1]"]);
    check(r#"["--password", 1234, "--token=hunter2", "-Dapp.secret=swordfish"]"#, &["c[1]", "c[2]", "c[3]"]);
    check(r#"["--password", [a], b, "--password", "--verbose", "--token-ttl", "3600"]"#, &[]);
}
