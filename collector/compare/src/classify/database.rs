//! What a setting of a database server means: who gets in, and whether what was
//! committed survives a crash.
//!
//! Tables and no parser: of a value only its display is seen, and a value that
//! is not shown is not taken for a safe one.

use driftline_canon::ItemKey;

use super::{Class, Facet, Severity};

/// A setting that is safe with some values and open with all others.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// The setting, as its last part is called.
    pub name: &'static str,
    /// Values with which it guards; lower case. Without any, every change of
    /// it matters as much.
    pub safe: &'static [&'static str],
    /// What the server does without the setting guards as well.
    pub safe_by_default: bool,
    /// What it guards.
    pub class: Class,
}

const YES: &[&str] = &["on", "yes", "true", "1"];
const NO: &[&str] = &["off", "no", "false", "0"];

const fn guard(name: &'static str, safe: &'static [&'static str], safe_by_default: bool, class: Class) -> Guard {
    Guard { name, safe, safe_by_default, class }
}

/// Settings of PostgreSQL, MySQL and MariaDB, Redis and MongoDB, each with the
/// values that its manual calls safe.
pub const GUARDS: &[Guard] = &[
    guard("fsync", YES, true, Class::Functional),
    guard("full_page_writes", YES, true, Class::Functional),
    guard("ssl", YES, false, Class::Security),
    guard("row_security", YES, true, Class::Security),
    guard("password_encryption", &["scram-sha-256"], true, Class::Security),
    guard("listen_addresses", &["localhost", "127.0.0.1", "::1", "", "(empty)"], true, Class::Security),
    guard("skip_grant_tables", NO, true, Class::Security),
    guard("grant_tables", YES, true, Class::Security),
    guard("require_secure_transport", YES, false, Class::Security),
    guard("bind_address", &["localhost", "127.0.0.1", "::1"], false, Class::Security),
    guard("local_infile", NO, false, Class::Security),
    guard("protected-mode", YES, true, Class::Security),
    guard("bind", &["127.0.0.1", "127.0.0.1 -::1", "127.0.0.1 ::1", "localhost"], false, Class::Security),
    guard("authorization", &["enabled"], false, Class::Security),
    guard("bindIp", &["localhost", "127.0.0.1"], true, Class::Security),
];

/// Ways to be let in without proof, or with a password in clear
/// (pg_hba.conf).
const OPEN_METHODS: &[&str] = &["trust", "password"];

/// The lists of rules of pg_hba.conf and pg_ident.conf.
const HBA: &str = "hba";
const IDENT: &str = "ident";

/// What the change of a setting of a database server means; none where its
/// name tells no more here than anywhere.
#[must_use]
pub fn meaning(key: &ItemKey, before: Option<Facet<'_>>, after: Option<Facet<'_>>) -> Option<(Severity, Class)> {
    if key.is_rule_of(HBA) {
        return Some((of_rule(key.as_str(), before.is_some(), after.is_some()), Class::Security));
    }
    if key.is_rule_of(IDENT) {
        return Some((Severity::Warning, Class::Security));
    }
    let name = last_part(key.as_str());
    let guard = GUARDS.iter().find(|guard| guard.name == name)?;
    let safe = match after {
        None => guard.safe_by_default,
        Some(side) => side.display.is_some_and(|shown| guard.safe.contains(&shown.to_ascii_lowercase().as_str())),
    };
    Some((if safe { Severity::Warning } else { Severity::Critical }, guard.class))
}

/// A rule that lets in without proof, or one that kept somebody out and is
/// gone.
fn of_rule(rule: &str, was: bool, is: bool) -> Severity {
    let has = |word: &str| rule.split(' ').any(|part| part == word);
    let opens = is && OPEN_METHODS.iter().any(|method| has(method));
    let unlocks = was && !is && has("reject");
    if opens || unlocks { Severity::Critical } else { Severity::Warning }
}

/// `mysqld.bind_address` is about `bind_address`.
fn last_part(key: &str) -> &str {
    key.rsplit(['.', '/', ']', ' ']).next().unwrap_or(key)
}

#[cfg(test)]
mod tests;
