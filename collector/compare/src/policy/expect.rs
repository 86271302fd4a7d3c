//! Expectations: what a key should be across environments.
//!
//! Shapes and which one is meant. Whether they hold is decided where
//! environments are compared.

use driftline_canon::{Environment, SourceName};

use super::fields::Fields;
use super::pattern::Pattern;

/// What a key should be across environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Must {
    /// The same everywhere.
    Equal,
    /// Another one in each: a secret.
    Differ,
    /// Whatever it likes.
    Any,
    /// In these environments only.
    OnlyIn(Vec<Environment>),
}

/// One expectation; the first that matches counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Keys.
    pub key: Pattern,
    /// Sources.
    pub source: Pattern,
    /// What they should be.
    pub must: Must,
    /// Why.
    pub reason: Option<String>,
}

pub(super) const KEYS: [&str; 5] = ["key", "source", "must", "only_in", "reason"];

pub(super) fn read(mut fields: Fields<'_, '_>) -> Option<Expectation> {
    fields.need("key");
    let key = fields.pattern("key");
    let source = fields.pattern("source");
    let reason = fields.text("reason").map(str::to_owned);
    let must = match (fields.has("must"), fields.has("only_in")) {
        (true, false) => {
            let word = fields.word("must", &[("equal", 0), ("differ", 1), ("any", 2)]);
            word.map(|word| [Must::Equal, Must::Differ, Must::Any][word].clone())
        }
        (false, true) => fields.list("only_in").map(Must::OnlyIn),
        (true, true) => {
            fields.wrong_key("only_in", "an expectation has `must` or `only_in`, not both");
            None
        }
        (false, false) => {
            fields.wrong("an expectation needs `must` (`equal`, `differ` or `any`) or `only_in`");
            None
        }
    };
    let expectation = || Some(Expectation { key: key?, source: source?, must: must?, reason });
    let expectation = expectation();
    fields.finish(expectation)
}

impl Must {
    /// Its name in messages.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Differ => "differ",
            Self::Any => "any",
            Self::OnlyIn(_) => "only_in",
        }
    }
}

impl Expectation {
    /// Whether a key is meant.
    #[must_use]
    pub fn matches(&self, source: &SourceName, key: &str) -> bool {
        self.source.matches(source.as_str()) && self.key.matches(key)
    }

    /// The one of a list, in its order, that counts for a key.
    #[must_use]
    pub fn first<'e>(all: &'e [Self], source: &SourceName, key: &str) -> Option<&'e Self> {
        all.iter().find(|one| one.matches(source, key))
    }
}
