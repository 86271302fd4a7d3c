//! Acceptances: differences that are meant, because somebody says so, with a
//! reason, an owner and an end.
//!
//! There is none without all three, and none for ever. It covers what is there,
//! never what may come: one of a single drift ends when the value becomes
//! another one.

use std::fmt;
use std::str::FromStr;

use driftline_canon::key::is_deceptive;
use driftline_canon::{Environment, ItemKey, Role, SourceName};
use serde::{Deserialize, Serialize};

use crate::drift::{Drift, Rule};
use crate::policy::Pattern;
use crate::policy::pattern::{PATTERN_BYTES_MAX, PatternError};

/// Bytes of a reason. A paragraph says why; more belongs into a ticket.
pub const REASON_BYTES_MAX: usize = 1_024;

/// Bytes of an owner: a name, an address or a team.
pub const OWNER_BYTES_MAX: usize = 128;

/// Bytes of a selector: four patterns and the words before them.
pub const SELECTOR_BYTES_MAX: usize = 4 * PATTERN_BYTES_MAX + 64;

/// How long an acceptance may last. What is right for longer than a year is
/// desired state or an expectation.
pub const LASTS_MAX_MS: i64 = 366 * 24 * 3_600 * 1_000;

/// A difference that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Rises with each acceptance.
    pub number: u64,
    /// What it is for.
    pub covers: Covers,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who accepted it.
    pub accepted_by: String,
    /// When.
    pub accepted_ms: i64,
    /// Not from then on.
    pub expires_ms: i64,
    /// Revoked before its end: by whom and when.
    pub revoked: Option<(String, i64)>,
}

/// What an acceptance is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Covers {
    /// One drift, as it was then: its number and what it differed in.
    Drift {
        /// Number.
        number: u64,
        /// [`Drift::content`].
        content: [u8; 32],
        /// Where it is, for those who read it: an environment, a role, a source
        /// and a key.
        place: (Environment, Role, SourceName, ItemKey),
    },
    /// Every drift that this selector means, now and later.
    Selected(DriftSelector),
}

/// Why something cannot be accepted so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptanceError {
    /// Nothing was said.
    #[error("an acceptance needs {what}")]
    Empty {
        /// Which of the three.
        what: &'static str,
    },
    /// Longer than it may be, or not printable.
    #[error("{what} has at most {max} bytes and no control characters")]
    Text {
        /// Which.
        what: &'static str,
        /// How long.
        max: usize,
    },
    /// Over before it begins.
    #[error("an acceptance ends in the future")]
    Over,
    /// A regular expression: there may be thousands of acceptances.
    #[error("an acceptance takes `*` and `?`, no regular expressions: an expectation of the policy does")]
    Regex,
    /// A selector of everything.
    #[error("it leaves out no source and no key: a whole environment cannot be accepted")]
    Everything,
    /// Longer than [`LASTS_MAX_MS`].
    #[error("an acceptance lasts a year at most: what is right for longer is desired state or an expectation")]
    TooLong,
}

impl Acceptance {
    /// Checks the reason, the owner and the end.
    ///
    /// # Errors
    /// [`AcceptanceError`] naming what is missing or too much.
    pub fn check(&self) -> Result<(), AcceptanceError> {
        if matches!(&self.covers, Covers::Selected(selector) if selector.is_of_everything()) {
            return Err(AcceptanceError::Everything);
        }
        if let Covers::Selected(selector) = &self.covers {
            if selector.patterns().any(Pattern::is_regex) {
                return Err(AcceptanceError::Regex);
            }
            text("a selector", &selector.to_string(), SELECTOR_BYTES_MAX)?;
        }
        text("a reason", &self.reason, REASON_BYTES_MAX)?;
        text("an owner", &self.owner, OWNER_BYTES_MAX)?;
        if self.expires_ms <= self.accepted_ms {
            return Err(AcceptanceError::Over);
        }
        if self.expires_ms.saturating_sub(self.accepted_ms) > LASTS_MAX_MS {
            return Err(AcceptanceError::TooLong);
        }
        Ok(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("a-{}", self.number)
    }

    /// The number in an acceptance's name (`a-NUMBER`).
    #[must_use]
    pub fn number_of(name: &str) -> Option<u64> {
        let digits = name.strip_prefix("a-")?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    }

    /// Whether it is neither revoked nor over.
    #[must_use]
    pub fn is_valid_at(&self, now_ms: i64) -> bool {
        self.revoked.is_none() && now_ms < self.expires_ms
    }

    /// Where it stands, in a word.
    #[must_use]
    pub fn status(&self, now_ms: i64) -> &'static str {
        match &self.revoked {
            Some(_) => "revoked",
            None if self.is_valid_at(now_ms) => "valid",
            None => "expired",
        }
    }
}

fn text(what: &'static str, text: &str, max: usize) -> Result<(), AcceptanceError> {
    if text.trim().is_empty() {
        return Err(AcceptanceError::Empty { what });
    }
    if text.len() > max || text.chars().any(|c| c.is_control() || is_deceptive(c)) {
        return Err(AcceptanceError::Text { what, max });
    }
    Ok(())
}

/// An acceptance in use.
#[derive(Debug, Clone, Copy)]
pub struct Active<'a> {
    /// The acceptance.
    pub acceptance: &'a Acceptance,
}

impl<'a> Active<'a> {
    /// Those of a list, in use.
    #[must_use]
    pub fn all(acceptances: &'a [Acceptance]) -> Vec<Self> {
        acceptances.iter().map(|acceptance| Self { acceptance }).collect()
    }

    /// Whether it covers a drift now.
    #[must_use]
    pub fn covers(&self, drift: &Drift, now_ms: i64) -> bool {
        self.acceptance.is_valid_at(now_ms)
            && match &self.acceptance.covers {
                Covers::Drift { number, content, .. } => *number == drift.number && *content == drift.content,
                Covers::Selected(selector) => selector.matches(Some(drift.identity.rule), &Place::of(drift)),
            }
    }

    /// Whether it is meant for a difference between two environments, one of
    /// which is this one. One of a single drift is not: it was for what one
    /// environment should have.
    #[must_use]
    pub fn covers_place(&self, place: &Place<'_>, now_ms: i64) -> bool {
        self.acceptance.is_valid_at(now_ms)
            && match &self.acceptance.covers {
                Covers::Drift { .. } => false,
                Covers::Selected(selector) => selector.matches(None, place),
            }
    }
}

/// Where a difference is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Environment.
    pub environment: &'a Environment,
    /// Role.
    pub role: &'a str,
    /// Source.
    pub source: &'a SourceName,
    /// Key.
    pub key: &'a ItemKey,
}

impl<'a> Place<'a> {
    /// Where a drift is.
    #[must_use]
    pub fn of(drift: &'a Drift) -> Self {
        let identity = &drift.identity;
        let role = identity.role.as_str();
        Self { environment: &identity.environment, role, source: &identity.source, key: &identity.key }
    }
}

/// Which drifts are meant: patterns of environment, role, source and key, and a
/// rule. What is not given means all; a source or a key is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftSelector {
    environment: Option<Pattern>,
    role: Option<Pattern>,
    source: Option<Pattern>,
    rule: Option<Rule>,
    key: Option<Pattern>,
}

/// Why a text is no selector of drifts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriftSelectorError {
    /// Neither a source nor a key.
    #[error("`source=` or `key=` is missing: a whole environment cannot be accepted")]
    TooWide,
    /// A part without `=`.
    #[error("`{part}` is not `key=value`: known are `env`, `role`, `source`, `kind` and, last, `key`")]
    NotAPair {
        /// The part.
        part: String,
    },
    /// A word that this version does not know.
    #[error("unknown `{word}`: known are `env`, `role`, `source`, `kind` and, last, `key`")]
    Unknown {
        /// The word.
        word: String,
    },
    /// Given twice.
    #[error("`{word}` is given twice")]
    Twice {
        /// Which.
        word: &'static str,
    },
    /// No kind of drift.
    #[error("`{found}` is no kind of drift: desired, baseline, at_reboot, process or role")]
    Rule {
        /// What was there.
        found: String,
    },
    /// No pattern.
    #[error("`{word}`: {source}")]
    Pattern {
        /// Which.
        word: &'static str,
        /// Why not.
        source: PatternError,
    },
}

impl DriftSelector {
    /// Whether a difference is meant. One between environments has no rule.
    #[must_use]
    pub fn matches(&self, rule: Option<Rule>, place: &Place<'_>) -> bool {
        let fits = |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|one| one.matches(text));
        self.rule.is_none_or(|wanted| rule == Some(wanted))
            && fits(&self.environment, place.environment.as_str())
            && fits(&self.role, place.role)
            && fits(&self.source, place.source.as_str())
            && fits(&self.key, place.key.as_str())
    }

    /// Whether neither its source nor its key leaves anything out: `*` and
    /// `re:.*` say as little as nothing.
    #[must_use]
    pub fn is_of_everything(&self) -> bool {
        let names = ["A", "filter/INPUT: -j DROP", "\u{e000}"];
        let says_nothing = |pattern: &Option<Pattern>| {
            pattern.as_ref().is_none_or(|one| names.into_iter().all(|name| one.matches(name)))
        };
        says_nothing(&self.source) && says_nothing(&self.key)
    }

    /// Its patterns.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        [&self.environment, &self.role, &self.source, &self.key].into_iter().flatten()
    }

    /// The pattern of environments, if one was given.
    #[must_use]
    pub fn environment(&self) -> Option<&Pattern> {
        self.environment.as_ref()
    }
}

impl FromStr for DriftSelector {
    type Err = DriftSelectorError;

    fn from_str(text: &str) -> Result<Self, DriftSelectorError> {
        let mut found = Self { environment: None, role: None, source: None, rule: None, key: None };
        let mut rest = text.trim();
        while !rest.is_empty() {
            // Keys may hold commas, so a key is the last and takes the rest.
            let (part, after) = match rest.strip_prefix("key=") {
                Some(_) => (rest, ""),
                None => rest.split_once(',').unwrap_or((rest, "")),
            };
            rest = after.trim_start();
            let not_a_pair = || DriftSelectorError::NotAPair { part: part.to_owned() };
            let (word, value) = part.split_once('=').ok_or_else(not_a_pair)?;
            match word.trim() {
                "env" | "environment" => put("env", &mut found.environment, value)?,
                "role" => put("role", &mut found.role, value)?,
                "source" => put("source", &mut found.source, value)?,
                "key" => put("key", &mut found.key, value)?,
                "kind" => rule(&mut found.rule, value)?,
                other => return Err(DriftSelectorError::Unknown { word: other.to_owned() }),
            }
        }
        if found.source.is_none() && found.key.is_none() {
            return Err(DriftSelectorError::TooWide);
        }
        Ok(found)
    }
}

fn put(word: &'static str, at: &mut Option<Pattern>, value: &str) -> Result<(), DriftSelectorError> {
    let pattern = value.trim().parse().map_err(|source| DriftSelectorError::Pattern { word, source })?;
    match at.replace(pattern) {
        None => Ok(()),
        Some(_) => Err(DriftSelectorError::Twice { word }),
    }
}

fn rule(at: &mut Option<Rule>, value: &str) -> Result<(), DriftSelectorError> {
    let found = || DriftSelectorError::Rule { found: value.trim().to_owned() };
    match at.replace(Rule::from_name(value.trim()).ok_or_else(found)?) {
        None => Ok(()),
        Some(_) => Err(DriftSelectorError::Twice { word: "kind" }),
    }
}

impl fmt::Display for DriftSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |word: &str, pattern: &Option<Pattern>| pattern.as_ref().map(|one| format!("{word}={one}"));
        let parts = [
            part("env", &self.environment),
            part("role", &self.role),
            part("source", &self.source),
            self.rule.map(|rule| format!("kind={rule}")),
            part("key", &self.key),
        ];
        f.pad(&parts.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

impl Serialize for DriftSelector {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DriftSelector {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
