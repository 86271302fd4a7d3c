use super::*;
use crate::{ItemKey, Value};

fn values(dialect: EnvDialect, text: &[u8]) -> Vec<(String, String)> {
    let reading = read(text, Some(dialect));
    let show = |value: &Value| match value {
        Value::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Template(bytes) => format!("template {}", String::from_utf8_lossy(bytes)),
        Value::Inherited => "(inherited)".to_owned(),
        Value::Content(_) => "(content)".to_owned(),
    };
    reading.settings.iter().map(|one| (one.key.as_str().to_owned(), show(&one.value))).collect()
}

fn value(dialect: EnvDialect, text: &str) -> String {
    let all = values(dialect, text.as_bytes());
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    all[0].1.clone()
}

#[test]
fn j6_the_dialects_disagree() {
    let text = "A=\"x y\" # c\n";
    assert_eq!(value(EnvDialect::Dotenv, text), "x y");
    assert_eq!(value(EnvDialect::Compose, text), "x y");
    assert_eq!(value(EnvDialect::DockerRun, text), "\"x y\" # c");
    assert_eq!(value(EnvDialect::Systemd, text), "x y# c");
}

#[test]
fn interpolation_resolves_what_the_file_defines() {
    let text = b"HOST=web\nURL=http://${HOST}:${PORT:-80}/\nLITERAL=$$5\n";
    let all = values(EnvDialect::Compose, text);
    assert_eq!(all[1].1, "template http://web:${PORT:-80}/");
    assert_eq!(all[2].1, "$5");
}

#[test]
fn nul_bytes_make_a_file_opaque() {
    for dialect in EnvDialect::ALL {
        let reading = read(b"A=1\nB=\0\n", Some(dialect));
        assert_eq!(reading.settings[0].key, ItemKey::metadata(ItemKey::CONTENT));
        assert_eq!(reading.problems[0].place, Some(Place { line: 2, column: 1 }));
    }
}
