use super::*;
use crate::format::{Included, NoFiles};
use crate::{ItemKey, Problem};

fn read_alone(text: &str) -> Reading {
    read(text.as_bytes(), None, &mut NoFiles)
}

fn shown(reading: &Reading) -> Vec<String> {
    let one = |setting: &crate::Setting| {
        format!("{}={}", setting.key, String::from_utf8_lossy(setting.value.bytes()).into_owned())
    };
    reading.settings.iter().map(one).collect()
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
