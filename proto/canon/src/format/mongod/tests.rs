use super::*;

fn shown(text: &str) -> Vec<String> {
    let reading = read(text.as_bytes());
    let one = |one: &crate::Setting| format!("{}={}", one.key, String::from_utf8_lossy(one.value.bytes()));
    let mut all: Vec<String> = reading.settings.iter().map(one).collect();
    all.sort();
    all
}

#[test]
fn nested_dotted_and_older_names_are_one() {
    let nested = shown("net:\n  port: 27017\n  bindIp: 127.0.0.1,::1\nstorage:\n  dbPath: /data\n");
    assert_eq!(nested, shown("net.port: 27017\nnet.bindIp: '::1, 127.0.0.1'\nstorage.dbPath: /data\n"));
    assert_eq!(nested, shown("# old\nport = 27017 # x\nbind_ip=127.0.0.1,::1\ndbpath=/data\n"));
    assert_eq!(nested, ["net.bindIp=127.0.0.1,::1", "net.port=27017", "storage.dbPath=/data"]);
}

#[test]
fn what_would_be_fetched_is_unresolved_and_not_shown() {
    let reading =
        read(b"net:\n  tls:\n    certificateKeyFilePassword:\n      __exec: \"echo word\"\n      type: string\n");
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].kind, ProblemKind::Unresolved);
    assert!(reading.settings.iter().any(|setting| setting.secret && setting.key.as_str().ends_with("__exec")));
}

#[test]
fn the_same_setting_in_two_forms_is_told() {
    let reading = read(b"net:\n  port: 1\nnet.port: 2\n");
    assert_eq!(reading.settings.len(), 1);
    assert_eq!(reading.settings[0].value.bytes(), b"2");
    assert_eq!(reading.problems[0].kind, ProblemKind::DuplicateKey);
}

#[test]
fn a_line_of_the_older_form_without_a_value_is_watched() {
    let reading = read(b"port = 1\nfrob\n");
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.settings[1].key.as_str(), ItemKey::CONTENT);
}

#[test]
fn the_older_switch_of_authorization_is_the_newer_one_and_shown() {
    let newer = shown("security:\n  authorization: enabled\n");
    assert_eq!(newer, shown("auth=true\n"));
    assert_eq!(newer, ["security.authorization=enabled"]);
    let reading = read(b"auth=true\n");
    assert_eq!(crate::secret::classify_all(&reading.settings), [None]);
}

#[test]
fn a_name_of_a_quote_alone_keeps_its_key() {
    let keys: Vec<String> = read(b"\"=").settings.iter().map(|setting| setting.key.to_string()).collect();
    assert_eq!(keys, ["\""]);
}
