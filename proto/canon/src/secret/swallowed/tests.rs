use super::*;

#[test]
fn a_value_behind_the_word_for_it_is_found() {
    for name in ["<password>x", "password=x", "a.password = x", "\"password\" \"x", "token'x", "DB_PASSWORD>x"] {
        assert!(holds_a_value(name.as_bytes(), true), "{name}");
        assert!(holds_a_value(name.as_bytes(), false), "{name}");
    }
}

#[test]
fn where_nothing_stands_behind_a_blank_parts_too() {
    for name in ["password hunter2", "password: hunter2", "\"password hunter2\"", "requirepass x y", "user a >x"] {
        assert!(holds_a_value(name.as_bytes(), false), "{name}");
    }
    for name in ["password reset", "auth:token", "sentinel auth-pass mymaster", "secret:create"] {
        assert!(!holds_a_value(name.as_bytes(), true), "{name}");
    }
}

#[test]
fn names_are_left_alone() {
    let names = [
        "password",
        "security.password.file",
        "\"my password\".x",
        "secrets.db_password.file",
        "tokens[0].value",
        "\"Match User u\".PasswordAuthentication",
        "First name",
        "a b",
        "auth-token",
        "/etc/secret/x",
    ];
    for name in names {
        assert!(!holds_a_value(name.as_bytes(), true), "{name}");
        assert!(!holds_a_value(name.as_bytes(), false), "{name}");
    }
}
