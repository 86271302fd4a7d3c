//! Masking is total: for secrets in every form that is recognised, no run of
//! four bytes of the secret appears in what is shown.

use driftline_canon::{DisplayPolicy, ItemKey, Setting, Value, display, secret};
use proptest::prelude::*;

/// What is shown of one setting.
fn shown(key: &str, value: &str) -> String {
    let key = ItemKey::from_bytes(key.as_bytes());
    let value = Value::text(value);
    let reason = secret::classify(&key, &value);
    let setting = Setting { key, value, line: None, template: None, file: None, secret: false };
    display::masked(&setting, reason, DisplayPolicy::Clear).map_or(String::new(), |text| text.as_str().to_owned())
}

/// Asserts that nothing of the secret is shown that is not in the rest too.
fn assert_hidden(key: &str, before: &str, secret: &str, after: &str) -> Result<(), TestCaseError> {
    let text = shown(key, &format!("{before}{secret}{after}"));
    let rest = format!("{before}{}{after}", display::MASK);
    for run in secret.as_bytes().windows(4) {
        let contains = |text: &str| text.as_bytes().windows(4).any(|window| window == run);
        prop_assert!(contains(&rest) || !contains(&text), "{before}|{secret}|{after} is shown as {text}");
    }
    Ok(())
}

/// A password with anything in it that a URL can be asked to hold unescaped.
fn password() -> impl Strategy<Value = String> {
    "[A-Za-z0-9!$%^*()_+~.,:/-]{4,24}"
}

proptest! {
    #[test]
    fn in_the_userinfo_of_urls(
        password in password().prop_filter("a port", |text| !text.starts_with(|c: char| c.is_ascii_digit())),
        scheme in prop::sample::select(vec!["postgres", "mysql+pymysql", "redis", "amqps", "https", "mongodb+srv", "jdbc:postgresql", "ftp"]),
        user in prop::sample::select(vec!["", "app", "user%40x", "a.b-c"]),
        after in prop::sample::select(vec!["db", "db:5432/app", "a:1,b:2/x?ssl=true", "[::1]:5432/db", "h/p?q=a@b", "h/#x@y", "${HOST}/x"]),
    ) {
        assert_hidden("SETTING", &format!("{scheme}://{user}:"), &password, &format!("@{after}"))?;
    }

    #[test]
    fn in_two_urls(password in "[A-Za-z0-9!$%^*]{4,16}", other in "[A-Za-z0-9!$%^*]{4,16}") {
        assert_hidden("SETTING", "amqp://a:", &password, &format!("@x,amqp://b:{other}@y"))?;
        assert_hidden("SETTING", &format!("amqp://a:{other}@x,amqp://b:"), &password, "@y")?;
    }

    #[test]
    fn percent_encoded(password in "([A-Za-z]|%2F|%40|%3A|%23|%3F){4,16}") {
        assert_hidden("SETTING", "postgres://app:", &password, "@db/x")?;
    }

    #[test]
    fn in_parameters(
        value in "[A-Za-z0-9!$%^*()_+~./@:#?-]{4,24}",
        name in prop::sample::select(vec!["password", "sslpassword", "token", "access_token", "key", "api_key", "secret", "sig", "client_secret", "X-Amz-Signature"]),
        before in prop::sample::select(vec!["https://h/p?", "https://h/p?a=b&", "jdbc:postgresql://db/x?user=u&", "wss://h/#x="]),
        after in prop::sample::select(vec!["", "&ssl=true", "&a=b&c=d"]),
    ) {
        assert_hidden("SETTING", &format!("{before}{name}="), &value, after)?;
    }

    #[test]
    fn in_connection_strings(
        value in "[A-Za-z0-9!$%^*()_+~./@:#?-]{4,24}",
        form in prop::sample::select(vec![
            ("host=db user=app password=", " dbname=x"), ("password=", ""), ("host=db password='", "' dbname=x"), ("host=db password = ", ""),
            ("Server=db;Password=", ";User Id=sa"), ("Server=db;Pwd=", ";"), ("Server=db;Password=\"", "\";Encrypt=true"),
            ("jdbc:sqlserver://db:1433;user=u;password=", ";encrypt=true"), ("jdbc:sqlserver://db;password={", "};encrypt=true"),
            ("AccountName=x;AccountKey=", ";EndpointSuffix=core.windows.net"), ("-Dfoo=bar -Ddb.password=", " -Dx=y"), ("--user app --password ", " --verbose"),
            ("--token=", " -v"),
        ]),
    ) {
        // `--password --verbose` asks for the password.
        prop_assume!(!(form.0.ends_with("--password ") && value.starts_with('-')));
        assert_hidden("SETTING", form.0, &value, form.1)?;
    }

    #[test]
    fn without_a_scheme(password in "[A-Za-z0-9!$%^*_+~.-]{4,24}") {
        assert_hidden("SETTING", "app:", &password, "@db:5432/app")?;
    }

    #[test]
    fn by_the_name_of_the_key(
        value in "[ -~]{4,40}",
        key in prop::sample::select(vec!["PASSWORD", "DB_PASSWORD", "apiKey", "CLIENT_SECRET", "AUTH_TOKEN", "PGPASSWORD", "PRIVATE_KEY", "REDIS_PASS"]),
    ) {
        assert_hidden(key, "", &value, "")?;
    }

    #[test]
    fn in_known_forms(
        body in "[A-Za-z0-9]{36}",
        prefix in prop::sample::select(vec![
            "AKIA", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "AIza", "ya29.", "npm_", "pypi-", "dop_v1_", "SG.", "hf_", "shpat_", "hvs.", "dl1.",
            "Bearer ", "Authorization: Bearer ", "-----BEGIN PRIVATE KEY-----\n", "eyJhbGciOiJIUzI1NiJ9.eyJ", "{\"password\":\"", "password: ", "$2b$12$", "https://hooks.slack.com/services/",
        ]),
        around in prop::sample::select(vec![("", ""), ("value ", " more"), ("\"", "\"")]),
    ) {
        assert_hidden("SETTING", &format!("{}{prefix}", around.0), &body, around.1)?;
    }

    #[test]
    fn hexadecimal_keys(bytes in prop::collection::vec(any::<u8>(), 24)) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assume!(hex.bytes().any(|b| b.is_ascii_digit()) && hex.bytes().any(|b| b.is_ascii_alphabetic()));
        assert_hidden("SETTING", "", &hex, "")?;
        assert_hidden("SETTING", "salted ", &hex, " twice")?;
    }

    #[test]
    fn no_display_moves_a_cursor(value in any::<String>(), key in "[A-Z]{1,8}") {
        let text = shown(&key, &value);
        prop_assert!(!text.chars().any(|c| c.is_control() || driftline_canon::key::is_deceptive(c)), "{text:?}");
        prop_assert!(text.len() <= driftline_canon::limits::DISPLAY_BYTES_MAX);
    }
}

/// How many generated keys of 32 characters are found, of many: a figure that
/// may only get better.
#[test]
fn random_keys_are_found_by_their_entropy() {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = 7_u64;
    let mut missed = 0;
    for _ in 0..10_000 {
        let key: String = (0..32)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(ALPHABET[usize::try_from((state >> 33) % 62).unwrap_or(0)])
            })
            .collect();
        missed += u32::from(secret::classify(&ItemKey::from_bytes(b"SETTING"), &Value::text(key)).is_none());
    }
    assert!(missed <= 20, "{missed} of 10,000 were missed");
}
