use zeroize::Zeroizing;

use super::*;

fn show(key: &str, value: &str) -> String {
    let value = Value::text(value);
    let key = ItemKey::from_bytes(key.as_bytes());
    let reason = secret::classify(&key, &value);
    let setting = Setting { key, value, line: Some(1), template: None, file: None, secret: false };
    masked(&setting, reason, DisplayPolicy::Clear).unwrap().as_str().to_owned()
}

#[test]
fn passwords_in_urls_are_masked_and_the_rest_is_shown() {
    for (value, expected) in [
        ("postgres://app:hunter2@db:5432/app", "postgres://app:****@db:5432/app"),
        ("postgres://app:p%40ss@db/app?sslmode=require", "postgres://app:****@db/app?sslmode=require"),
        ("redis://:pw@cache:6379/0", "redis://:****@cache:6379/0"),
        ("mongodb://u:pw@a:27017,b:27017/x", "mongodb://u:****@a:27017,b:27017/x"),
        ("amqp://u:p1@a,amqp://v:p2@b", "amqp://u:****@a,amqp://v:****@b"),
        (
            "jdbc:postgresql://db/app?user=a&password=pw&ssl=true",
            "jdbc:postgresql://db/app?user=a&password=****&ssl=true",
        ),
        ("https://ghp_16C7e42F292c6912E7710c838347Ae178B4a@github.com/o/r", "https://****@github.com/o/r"),
        (
            "https://ghp_16C7e42F292c6912E7710c838347Ae178B4a:x-oauth-basic@github.com/o/r",
            "https://****@github.com/o/r",
        ),
        ("host=db password='p w' dbname=x", "host=db password=**** dbname=x"),
        ("Server=db;Password=p;w;User Id=sa", "Server=db;Password=****;User Id=sa"),
        (
            "jdbc:sqlserver://db:1433;user=u;password={a;b=c};encrypt=true",
            "jdbc:sqlserver://db:1433;user=u;password=****;encrypt=true",
        ),
        ("--user app --password hunter2 -v", "--user app --password **** -v"),
        ("postgres://u:p/w@x@h/db", "postgres://u:****@h/db"),
        ("app:hunter2@db:5432/app", "app:****@db:5432/app"),
    ] {
        assert_eq!(show("SETTING", value), expected, "{value}");
    }
}

#[test]
fn a_url_with_a_second_secret_is_masked_whole() {
    assert_eq!(show("SETTING", "https://u:pw@h/q8Zr2LmX0vTnB6yHc4WsKd1F"), MASK);
}

#[test]
fn secrets_by_name_are_masked_whole_unless_they_are_an_address() {
    assert_eq!(show("DB_PASSWORD", "hunter2"), MASK);
    assert_eq!(show("DB_PASSWORD", ""), MASK);
    assert_eq!(show("PASSWORD", "abc://d:e@fgh"), MASK);
    assert_eq!(show("AUTH_DATABASE_URL", "postgres://a:b@h/x"), "postgres://a:****@h/x");
}

#[test]
fn clear_values_are_printable() {
    assert_eq!(show("SETTING", "a b"), "a b");
    assert_eq!(show("SETTING", "a\nb\tc\\d"), "a\\nb\\tc\\\\d");
    assert_eq!(show("SETTING", "a\u{202e}b\u{1b}[2J"), "a\\u{202e}b\\u{1b}[2J");
    let bytes = Setting {
        key: ItemKey::from_bytes(b"S"),
        value: Value::text(*b"a\xff"),
        line: None,
        template: None,
        file: None,
        secret: false,
    };
    assert_eq!(masked(&bytes, None, DisplayPolicy::Clear).unwrap().as_str(), "a\\xff");
}

#[test]
fn long_values_are_cut_and_tell_their_length() {
    let text = show("SETTING", &"word ".repeat(1000));
    assert!(text.len() <= DISPLAY_BYTES_MAX && text.ends_with("… (5000 bytes)"), "{text}");
    let exact = "word ".repeat(DISPLAY_BYTES_MAX)[..DISPLAY_BYTES_MAX].to_owned();
    assert_eq!(show("SETTING", &exact), exact);
    let umlauts = show("SETTING", &"ä ".repeat(1000));
    assert!(umlauts.len() <= DISPLAY_BYTES_MAX, "{umlauts}");
}

#[test]
fn the_digest_policy_shows_nothing() {
    let setting = Setting {
        key: ItemKey::from_bytes(b"A"),
        value: Value::text("b"),
        line: None,
        template: None,
        file: None,
        secret: false,
    };
    assert_eq!(masked(&setting, None, DisplayPolicy::Digest), None);
}

#[test]
fn kinds_without_text() {
    let setting = |value| Setting {
        key: ItemKey::from_bytes(b"A"),
        value,
        line: None,
        template: None,
        file: None,
        secret: false,
    };
    assert_eq!(masked(&setting(Value::Content([1; 32])), None, DisplayPolicy::Clear), None);
    let inherited = masked(&setting(Value::Inherited), None, DisplayPolicy::Clear);
    assert_eq!(inherited.unwrap().as_str(), "(inherited)");
}

fn show_template(key: &str, value: &str, template: &str) -> String {
    let key = ItemKey::from_bytes(key.as_bytes());
    let value = Value::text(value);
    let reason = secret::classify(&key, &value);
    let template = Some(Box::new(Zeroizing::new(template.as_bytes().to_vec())));
    let setting = Setting { key, value, line: None, template, file: None, secret: false };
    masked(&setting, reason, DisplayPolicy::Clear).unwrap().as_str().to_owned()
}

#[test]
fn templates_are_shown_with_what_they_become() {
    assert_eq!(show_template("URL", "http://web/", "http://${HOST}/"), "http://${HOST}/ -> http://web/");
}

#[test]
fn templates_that_hold_a_secret_are_masked() {
    assert_eq!(show_template("HEADER", "x hunter2", "x ${API_TOKEN}"), MASK);
    assert_eq!(show_template("DB_PASSWORD", "x", "${A}"), MASK);
    assert_eq!(show_template("URL", "postgres://a:b@h/x", "postgres://a:${DB_PASSWORD}@h/x"), "postgres://a:****@h/x");
    assert_eq!(show_template("URL", "postgres://a:b@h/hunter2", "postgres://a:b@h/${DB_PASSWORD}"), MASK);
}

#[test]
fn what_the_format_calls_a_secret_is_masked_whole_whatever_the_reason() {
    let key = ItemKey::from_bytes(b"database_url");
    let value = Value::text("postgres://app:word@db/app");
    let setting = Setting { key, value, line: None, template: None, file: None, secret: true };
    for reason in [None, Some(SecretReason::UrlPassword), Some(SecretReason::Format)] {
        let shown = masked(&setting, reason, DisplayPolicy::Clear);
        assert_eq!(shown.map(|shown| shown.as_str().to_owned()), Some(MASK.to_owned()), "{reason:?}");
    }
}
