//! Severity rules: what a change of a key matters in this company.
//!
//! They say nothing of values. A rule that gives no class leaves the built-in
//! one.

use driftline_canon::{Environment, SourceKind, SourceName};

use super::fields::Fields;
use super::pattern::Pattern;
use crate::{Class, Severity};

/// One rule; every pattern must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeverityRule {
    /// Keys.
    pub key: Pattern,
    /// Sources.
    pub source: Pattern,
    /// Kinds of sources.
    pub kind: Pattern,
    /// Environments.
    pub environment: Pattern,
    /// How much a change matters.
    pub severity: Severity,
    /// What it touches; none leaves what the built-in rules say.
    pub class: Option<Class>,
}

pub(super) const KEYS: [&str; 6] = ["key", "source", "kind", "environment", "severity", "class"];

/// Keys of which at least one says what a rule is about.
const ABOUT: [&str; 4] = ["key", "source", "kind", "environment"];

pub(super) fn read(mut fields: Fields<'_, '_>) -> Option<SeverityRule> {
    let (key, source, kind, environment) =
        (fields.pattern("key"), fields.pattern("source"), kind(&mut fields), fields.pattern("environment"));
    fields.need("severity");
    let severity = fields.word("severity", &Severity::ALL.map(|one| (one.as_str(), one)));
    let class = fields.word("class", &Class::ALL.map(|one| (one.as_str(), one)));
    if !ABOUT.iter().any(|key| fields.has(key)) {
        fields
            .wrong("a severity rule needs `key`, `source`, `kind` or `environment`; `key = \"*\"` means every change");
    }
    let rule = || {
        Some(SeverityRule {
            key: key?,
            source: source?,
            kind: kind?,
            environment: environment?,
            severity: severity?,
            class,
        })
    };
    let rule = rule();
    fields.finish(rule)
}

/// A pattern of kinds must mean one: a typing mistake would mean none, for
/// ever.
pub(super) fn kind(fields: &mut Fields<'_, '_>) -> Option<Pattern> {
    let pattern = fields.pattern("kind")?;
    let kinds = SourceKind::ALL.map(SourceKind::as_str);
    if kinds.iter().any(|kind| pattern.matches(kind)) {
        return Some(pattern);
    }
    fields.wrong_key("kind", super::fault::unknown("kind", pattern.as_str(), &kinds));
    None
}

impl SeverityRule {
    /// The first of these rules that matches.
    #[must_use]
    pub fn first<'r>(
        rules: &'r [Self],
        environment: &Environment,
        source: &SourceName,
        kind: SourceKind,
        key: &str,
    ) -> Option<&'r Self> {
        rules.iter().find(|rule| rule.matches(environment, source, kind, key))
    }

    /// Whether a change of that key is meant.
    #[must_use]
    pub fn matches(&self, environment: &Environment, source: &SourceName, kind: SourceKind, key: &str) -> bool {
        self.environment.matches(environment.as_str())
            && self.kind.matches(kind.as_str())
            && self.source.matches(source.as_str())
            && self.key.matches(key)
    }
}
