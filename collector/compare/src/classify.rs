//! How severe a change of one item is, and what it touches.
//!
//! Ordered rules, first match wins. What a value means is not known here: of a
//! value only its masked display is seen, and of that only the permission bits
//! and the state of a file are read.

pub mod database;
pub mod firewall;
pub mod rules;
pub mod why;

use std::fmt;

use driftline_canon::{ItemKey, SourceKind};

use serde::{Deserialize, Serialize};

/// How much a change or difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look.
    Warning,
    /// Somebody must look now.
    Critical,
}

/// What a change touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Who may do what.
    Security,
    /// What the system does.
    Functional,
    /// What it consumes.
    Cost,
}

impl Severity {
    /// Every severity, mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The severity's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Security, Self::Functional, Self::Cost];

    /// The class's name in tables, queries and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Functional => "functional",
            Self::Cost => "cost",
        }
    }

    /// The class of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Rules that only changed places: which of them matches first is another one.
const ORDER: (Severity, Class) = (Severity::Warning, Class::Security);

/// What is known of one side of a change or difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facet<'a> {
    /// Whether the value is a secret.
    pub secret: bool,
    /// What may be shown of it, masked.
    pub display: Option<&'a str>,
}

/// How severe it is that an item went from one side to the other, and what it
/// touches. `None` is a side without the item. `source_has_secrets` says
/// whether any item of the same source is a secret.
#[must_use]
pub fn of_change(
    kind: SourceKind,
    key: &ItemKey,
    before: Option<Facet<'_>>,
    after: Option<Facet<'_>>,
    source_has_secrets: bool,
) -> (Severity, Class) {
    of_change_by(of_key, kind, key, (before, after), source_has_secrets)
}

/// The same for a caller that remembers what [`of_key`] said of a key: reading
/// a key costs more than everything else here.
#[must_use]
pub fn of_change_by(
    of_key: impl FnOnce(&str) -> (Severity, Class),
    kind: SourceKind,
    key: &ItemKey,
    (before, after): (Option<Facet<'_>>, Option<Facet<'_>>),
    source_has_secrets: bool,
) -> (Severity, Class) {
    if key.is_metadata() {
        return of_metadata(key.as_str(), before, after, source_has_secrets);
    }
    if before.is_some_and(|side| side.secret) || after.is_some_and(|side| side.secret) {
        return (Severity::Critical, Class::Security);
    }
    if key.as_str() == ItemKey::CONTENT {
        return of_content(kind);
    }
    if key.ordered_list().is_some() {
        return ORDER;
    }
    if let Some(found) = of_kind(kind, key, before, after) {
        return found;
    }
    of_key(key.as_str())
}

/// What a change means in a source of that kind, beyond the name of its key.
fn of_kind(
    kind: SourceKind,
    key: &ItemKey,
    before: Option<Facet<'_>>,
    after: Option<Facet<'_>>,
) -> Option<(Severity, Class)> {
    match kind {
        SourceKind::EnvFile | SourceKind::File | SourceKind::ConfigFile | SourceKind::ProcessEnv => None,
        SourceKind::DatabaseConfig | SourceKind::DatabaseSettings => database::meaning(key, before, after),
        // Whoever changes the rules of the next boot decides who gets in then.
        SourceKind::FirewallDump | SourceKind::Firewall => Some((Severity::Warning, Class::Security)),
    }
}

/// Whether the new order of a list follows from rules of it that came or went
/// together with it: those tell the change, and the order is no second one.
#[must_use]
pub fn order_follows<'a>(order: &ItemKey, come_or_gone: impl IntoIterator<Item = &'a ItemKey>) -> bool {
    order.ordered_list().is_some_and(|list| come_or_gone.into_iter().any(|key| key.is_rule_of(list)))
}

/// What the key rules say of a key.
#[must_use]
pub fn of_key(key: &str) -> (Severity, Class) {
    let words = words(key);
    let rule = rules::KEY_RULES.iter().find(|rule| rule.terms.iter().any(|term| words.iter().any(|w| term.is_in(w))));
    rule.map_or(rules::KEY_DEFAULT, |rule| (rule.severity, rule.class))
}

/// Whether the permission bits (octal text) let everybody read.
#[must_use]
pub fn is_world_readable(mode: &str) -> bool {
    u32::from_str_radix(mode.trim_start_matches("0o"), 8).is_ok_and(|bits| bits & 0o004 != 0)
}

/// A file whose content alone is known: something changed, and nobody can say
/// how much it matters. For a file that was to be parsed and could not, too.
fn of_content(kind: SourceKind) -> (Severity, Class) {
    match kind {
        SourceKind::EnvFile | SourceKind::File | SourceKind::ConfigFile | SourceKind::ProcessEnv => {
            (Severity::Warning, Class::Functional)
        }
        // Nobody can say that it was not the line that opens the door.
        SourceKind::DatabaseConfig | SourceKind::DatabaseSettings | SourceKind::FirewallDump | SourceKind::Firewall => {
            (Severity::Critical, Class::Security)
        }
    }
}

fn of_metadata(
    key: &str,
    before: Option<Facet<'_>>,
    after: Option<Facet<'_>>,
    source_has_secrets: bool,
) -> (Severity, Class) {
    match key {
        ItemKey::STATE => (Severity::Warning, Class::Functional),
        ItemKey::MODE => {
            let now_open = after.and_then(|side| side.display).is_some_and(is_world_readable);
            if now_open && source_has_secrets {
                (Severity::Critical, Class::Security)
            } else {
                of_access(before, after)
            }
        }
        ItemKey::OWNER | ItemKey::GROUP => of_access(before, after),
        _ => (Severity::Warning, Class::Security),
    }
}

/// Mode, owner and group come and go with the file itself, which `@state` tells.
fn of_access(before: Option<Facet<'_>>, after: Option<Facet<'_>>) -> (Severity, Class) {
    if before.is_some() && after.is_some() {
        (Severity::Warning, Class::Security)
    } else {
        (Severity::Info, Class::Security)
    }
}

/// The words of a key, lower case: split at everything that is no letter or
/// digit, and where `camelCase` begins a word.
fn words(key: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = key.chars().peekable();
    let mut previous_lower = false;
    while let Some(c) = chars.next() {
        let next_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let begins = c.is_uppercase() && (previous_lower || (next_lower && word.chars().count() > 1));
        if (begins || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        previous_lower = c.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests;
