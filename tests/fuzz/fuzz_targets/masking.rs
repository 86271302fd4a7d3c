//! Masking: the first byte chooses a form, the rest becomes the secret in it.
//! No run of four bytes of the secret is shown that is not in the form too.
#![no_main]

use driftline_canon::{DisplayPolicy, ItemKey, Setting, Value, display, secret};
use libfuzzer_sys::fuzz_target;

/// Key, text before and after, and the characters a secret may have there (no
/// `*`: the mask is made of them).
const FORMS: &[(&str, &str, &str, &[u8])] = &[
    ("SETTING", "postgres://app:w", "@db:5432/app?ssl=true", ANY),
    ("SETTING", "redis://:w", "@cache", ANY),
    ("SETTING", "amqp://a:w", "@x,amqp://b:pw@y", ALNUM),
    ("SETTING", "app:w", "@db:5432/app", ALNUM),
    ("SETTING", "https://h/p?token=", "&a=b", NO_SEPARATOR),
    ("SETTING", "host=db password=", " dbname=x", NO_SEPARATOR),
    ("SETTING", "Server=db;Password=", ";User Id=sa", NO_SEPARATOR),
    ("SETTING", "-Dfoo=bar -Ddb.password=", " -Dx=y", NO_SEPARATOR),
    ("DB_PASSWORD", "", "", ANY),
    ("AUTH_URL", "https://u:w", "@h/p", ANY),
    ("SETTING", "ghp_0123456789abcdef", "", ALNUM),
    ("SETTING", "Bearer 0123456789", "", ALNUM),
    ("SETTING", "-----BEGIN PRIVATE KEY-----\n", "", ANY),
];

const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ANY: &[u8] = b"ABCDEFGHIJKLMabcdefghijklm0123456789!$%^()_+~.,:/?#[]{}|<>;&=' \"\\-";
const NO_SEPARATOR: &[u8] = b"ABCDEFGHIJKLMabcdefghijklm0123456789!$%^()_+~./:?[]|<>-";

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let (key, before, after, letters) = FORMS[usize::from(first) % FORMS.len()];
    let planted: String = rest.iter().take(64).map(|&b| char::from(letters[usize::from(b) % letters.len()])).collect();
    let key = ItemKey::from_bytes(key.as_bytes());
    let value = Value::text(format!("{before}{planted}{after}"));
    let reason = secret::classify(&key, &value);
    let setting = Setting { key, value, line: None, template: None, file: None, secret: false };
    let shown = display::masked(&setting, reason, DisplayPolicy::Clear);
    let shown = shown.as_ref().map_or("", |text| text.as_str());
    for run in planted.as_bytes().windows(4) {
        let holds = |text: &str| text.as_bytes().windows(4).any(|window| window == run);
        let known = holds(before) || holds(after) || holds(display::MASK);
        assert!(known || !holds(shown), "{before}|{planted}|{after} is shown as {shown}");
    }
});
