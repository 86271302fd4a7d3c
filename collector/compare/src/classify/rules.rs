//! The built-in key rules as data: ordered, first match wins.
//!
//! A term is looked for as a word of the key (`DB_HOST`, `dbHost`, `db.host`),
//! in the plural, glued to a word that is usually glued to it (`PGHOST`,
//! `APIKEY`, `LOGLEVEL`), and, where no other word contains it, anywhere
//! (`MYSQLPASSWORD`). So `KEYBOARD`, `MONKEY`, `SUPPORT`, `IMPORT` and
//! `BLOG_TITLE` are what they are. Nothing here sees a value.

use super::{Class, Severity};

/// One rule: any of its terms in a key gives its severity and class.
#[derive(Debug, Clone, Copy)]
pub struct KeyRule {
    /// What to look for.
    pub terms: &'static [Term],
    /// How much a change of such a key matters.
    pub severity: Severity,
    /// What it touches.
    pub class: Class,
}

/// One term of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// The term, lower case.
    pub text: &'static str,
    /// Whether it also counts inside a longer word: only where hardly any other
    /// word contains it.
    pub anywhere: bool,
    /// What may be glued in front of it within one word.
    pub prefixes: &'static [&'static str],
    /// What may be glued behind it within one word, besides the plural.
    pub suffixes: &'static [&'static str],
}

const fn anywhere(text: &'static str) -> Term {
    Term { text, anywhere: true, prefixes: &[], suffixes: &[] }
}

const fn word(text: &'static str, prefixes: &'static [&'static str], suffixes: &'static [&'static str]) -> Term {
    Term { text, anywhere: false, prefixes, suffixes }
}

/// What stands in front of `HOST` and `PORT` in names that were glued together.
const SERVICES: &[&str] = &[
    "app", "bind", "cache", "db", "ftp", "http", "https", "imap", "ldap", "local", "mail", "mongo", "mysql", "pg",
    "proxy", "queue", "rabbit", "remote", "server", "smtp", "sql", "ssh", "vhost", "virtual", "web",
];

/// What stands in front of `KEY`.
const KEYS: &[&str] = &[
    "access",
    "api",
    "app",
    "auth",
    "crypt",
    "encryption",
    "hmac",
    "host",
    "license",
    "master",
    "pgp",
    "private",
    "public",
    "pub",
    "rsa",
    "shared",
    "sign",
    "signing",
    "ssh",
    "ssl",
    "tls",
];

/// The rules of DESIGN section 8, in order.
pub const KEY_RULES: &[KeyRule] = &[
    KeyRule {
        terms: &[
            anywhere("password"),
            anywhere("secret"),
            word("key", KEYS, &["file", "id", "ids", "path", "ring", "store"]),
            word("token", &["access", "api", "auth", "bearer", "refresh", "session"], &["file", "id", "ids", "path"]),
        ],
        severity: Severity::Critical,
        class: Class::Security,
    },
    KeyRule {
        terms: &[
            anywhere("database"),
            anywhere("redis"),
            word("host", SERVICES, &["addr", "address", "name", "names"]),
            word("port", SERVICES, &["number", "range"]),
        ],
        severity: Severity::Critical,
        class: Class::Functional,
    },
    KeyRule {
        terms: &[
            anywhere("timeout"),
            word("retry", &["auto", "max"], &["able", "count", "delay", "interval"]),
            word("retrie", &["max"], &[]),
            word("limit", &["mem", "memory", "rate", "soft", "hard", "u"], &["er", "ing"]),
            word("max", &[], &["age", "conn", "connections", "imum", "len", "length", "mem", "memory", "rate", "size"]),
        ],
        severity: Severity::Warning,
        class: Class::Functional,
    },
    KeyRule {
        terms: &[
            word("log", &["access", "app", "audit", "error", "query", "sys"], LOGS),
            anywhere("debug"),
            anywhere("verbose"),
        ],
        severity: Severity::Info,
        class: Class::Functional,
    },
];

/// What stands behind `LOG`.
const LOGS: &[&str] = &["dir", "file", "format", "ger", "gers", "ging", "level", "path", "stash"];

/// What no rule names.
pub const KEY_DEFAULT: (Severity, Class) = (Severity::Info, Class::Functional);

impl Term {
    /// Whether a lower-case word of a key holds this term.
    pub(super) fn is_in(&self, word: &str) -> bool {
        if self.anywhere {
            return word.contains(self.text) && !INNOCENT.contains(&word);
        }
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
        self.is_glued(word) || word.strip_suffix('s').is_some_and(|singular| self.is_glued(singular))
    }

    fn is_glued(&self, word: &str) -> bool {
        let before = |rest: &str| rest.is_empty() || self.prefixes.contains(&rest);
        let after = |rest: &str| rest.is_empty() || self.suffixes.contains(&rest);
        word.match_indices(self.text).any(|(at, text)| before(&word[..at]) && after(&word[at + text.len()..]))
    }
}

/// Words that contain a term that counts anywhere, and mean something else.
const INNOCENT: &[&str] = &["secretariat", "secretary", "passwordless", "rediscover", "redistribute", "redistribution"];
