use super::*;
use crate::format::testing::shown;
use crate::format::{Included, NoFiles};
use crate::{ItemKey, Problem};

fn read_alone(text: &str) -> Reading {
    read(text.as_bytes(), None, &mut NoFiles)
}

#[test]
fn points_of_saving_are_a_set_that_an_empty_one_takes_back() {
    for (text, expected) in [
        ("save 60 1\nsave 900 2\n", "save=900 2 60 1"),
        ("save \"900 2 60 1\"\nsave 60 1\n", "save=900 2 60 1"),
        ("save 60 1\nsave \"\"\n", "save="),
        ("save ''\nsave 60 1\n", "save=60 1"),
    ] {
        assert_eq!(shown(&read_alone(text)), [expected], "{text}");
    }
}

#[test]
fn limits_of_clients_are_by_class_and_the_last_counts() {
    let reading = read_alone("client-output-buffer-limit SLAVE 256mb 64mb 60 pubsub 1k 1kb 0\n");
    let expected = ["client-output-buffer-limit replica=256mb 64mb 60", "client-output-buffer-limit pubsub=1000 1kb 0"];
    assert_eq!(shown(&reading), expected);
}

#[test]
fn repeated_directives_have_keys_of_their_own() {
    let reading = read_alone(
        "rename-command config \"\"\nrename-command FLUSHALL x\nloadmodule /b.so a 1\nloadmodule /a.so\n\
         sentinel monitor m 127.0.0.1 6379 2\nsentinel announce-ip 1.2.3.4\n",
    );
    let expected = [
        "rename-command CONFIG=",
        "rename-command FLUSHALL=x",
        "loadmodule /b.so=a 1",
        "loadmodule /a.so=",
        "sentinel monitor m=127.0.0.1 6379 2",
        "sentinel announce-ip=1.2.3.4",
    ];
    assert_eq!(shown(&reading)[..6], expected);
    assert_eq!(reading.settings[6].key, ItemKey::order_of(b"loadmodule"));
    assert_eq!(reading.problems, []);
}

#[test]
fn modules_in_another_order_are_seen_and_blame_no_module() {
    let (one, other) = (read_alone("loadmodule /a\nloadmodule /b\n"), read_alone("loadmodule /b\nloadmodule /a\n"));
    assert_ne!(one.settings[2].value, other.settings[2].value);
    assert_eq!(one.settings[0].value, other.settings[1].value);
}

#[test]
fn the_last_of_a_directive_counts_under_any_of_its_names() {
    let reading = read_alone("slave-read-only yes\nREPLICA-READ-ONLY no\n");
    assert_eq!(shown(&reading), ["replica-read-only=no"]);
    assert_eq!(reading.problems[0].kind, ProblemKind::DuplicateKey);
}

#[test]
fn what_the_server_refuses_is_a_problem_and_watched() {
    for line in [
        "dir \"x",
        "port",
        "a{b 1",
        "save 1",
        "save x y",
        "rename-command a",
        "user alice frob",
        "client-output-buffer-limit normal 1 2",
        "client-output-buffer-limit frob 1 2 3",
    ] {
        let reading = read_alone(&format!("port 1\n{line}\n"));
        assert_eq!(reading.problems.len(), 1, "{line}");
        assert_eq!(reading.settings[1].key.as_str(), ItemKey::CONTENT, "{line}");
    }
}

#[test]
fn secrets_by_the_grammar() {
    let reading = read_alone(
        "requirepass word\nmasterauth word\ntls-key-file-pass word\nsentinel auth-pass m word\nuser a on >word\nport 1\n",
    );
    let secret: Vec<&str> =
        reading.settings.iter().filter(|setting| setting.secret).map(|setting| setting.key.as_str()).collect();
    let expected = ["requirepass", "masterauth", "tls-key-file-pass", "sentinel auth-pass m", "user a passwords"];
    assert_eq!(secret, expected);
    assert!(!format!("{reading:?}").contains("word\""));
}

struct Two;

impl Files for Two {
    fn open(&mut self, include: &Include<'_>) -> Result<Vec<Included>, Problem> {
        let file = |name: &str, text: &str| Included { name: name.into(), bytes: text.as_bytes().to_vec().into() };
        match (include.path, include.what) {
            (b"/d/*.conf", IncludeKind::Glob) => {
                Ok(vec![file("/d/a.conf", "port 2\nsave 60 1\n"), file("/d/b.conf", "\0")])
            }
            (b"x y", IncludeKind::File) => Ok(vec![file("x y", "port 3\ndir \"\n")]),
            _ => Err(Problem::whole(ProblemKind::Missing, "it is not there")),
        }
    }
}

#[test]
fn includes_stand_where_they_stand() {
    let text = b"port 1\ninclude /d/*.conf\ninclude 'x y'\nsave 900 1\ninclude none\n";
    let reading = read(text, None, &mut Two);
    assert_eq!(shown(&reading)[..2], ["port=3", "save=900 1 60 1"]);
    assert_eq!(reading.settings[0].file.as_deref(), Some("x y"));
    let kinds: Vec<ProblemKind> = reading.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::Encoding, ProblemKind::Syntax, ProblemKind::Missing]);
}

#[test]
fn a_file_of_users_has_one_line_each_and_nothing_else() {
    let reading = read_users(b"user alice on  >word ~*\n\nuser bob off\n# comment\nuser\n");
    assert_eq!(reading.settings.len(), 4);
    assert_eq!(reading.problems.len(), 2);
    let same = read_users(b"user bob reset\nuser alice >word allkeys on\n# comment\nuser\n");
    let root = |reading: &Reading| {
        let mut all = shown(reading);
        all.sort();
        all
    };
    assert_eq!(root(&reading)[1..], root(&same)[1..]);
}

fn secrets_and_keys(text: &str) -> (Vec<String>, Vec<String>) {
    let reading = read(text.as_bytes(), None, &mut crate::format::includes::NoFiles);
    let keys = reading.settings.iter().map(|one| one.key.to_string());
    let reasons = crate::secret::classify_all(&reading.settings);
    let shown = reading.settings.iter().zip(reasons).filter(|(_, reason)| reason.is_none());
    let shown = shown.map(|(one, _)| format!("{}={}", one.key, String::from_utf8_lossy(one.value.bytes())));
    (keys.clone().collect(), shown.collect())
}

#[test]
fn no_password_of_redis_is_a_key_or_shown() {
    for text in [
        "sentinel sentinel-pass hunter2 # c",
        "sentinel sentinel-pass hunter2",
        "sentinel auth-pass mymaster hunter2 # c",
        "sentinel rename-command mymaster CONFIG hunter2",
        "primaryauth hunter2",
        "rename-command CONFIG hunter2",
        "loadmodule /x.so password hunter2",
        "loadmodule /x.so --password hunter2",
        "user >hunter2 on",
        "user \"#hunter2\" on",
    ] {
        let (keys, shown) = secrets_and_keys(text);
        assert!(!keys.is_empty() && keys.iter().all(|key| !key.contains("hunter2")), "{text}: {keys:?}");
        assert!(shown.iter().all(|one| !one.contains("hunter2")), "{text}: {shown:?}");
    }
    assert_eq!(secrets_and_keys("rename-command CONFIG \"\"").1.len(), 1);
    assert_eq!(secrets_and_keys("loadmodule /x.so threads 4").1.len(), 1);
}

#[test]
fn a_pattern_of_keys_with_a_blank_is_not_two_of_them() {
    let value = |text: &str| {
        let reading = read(text.as_bytes(), None, &mut crate::format::includes::NoFiles);
        reading.settings[0].value.clone()
    };
    assert_ne!(value("user a on \"~x ~y\" +@all"), value("user a on ~x ~y +@all"));
    assert_ne!(value("user a on \"(~x\\xff)\""), value("user a on \"(~x\\xfe)\""));
}
