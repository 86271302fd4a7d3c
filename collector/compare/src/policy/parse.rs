//! From the text of a policy to the policy, or to everything that is wrong
//! with it.
//!
//! Nothing is defaulted over a mistake: a text with one is no policy.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Faults, PolicyErrors};
use super::fields::Fields;
use super::pattern::Pattern;
use super::{Policy, actor, expect, freeze, schedule, severity};

/// Bytes of a policy. A thousand rules with comments have half of it.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// Rules of one section. Every change is held against all of them.
pub const RULES_MAX: usize = 500;

/// Regular expressions of a policy: each may take some hundred KiB.
pub const REGEXES_MAX: usize = 100;

/// Settling time at most. A deployment that takes longer pushes its state
/// first.
const SETTLE_S_MAX: u32 = 3_600;

/// Days of history at most: ten years.
const RETENTION_DAYS_MAX: u32 = 3_660;

/// What a policy is made of.
const SECTIONS: [&str; 7] = ["severity", "expect", "actor", "freeze", "schedule", "settle", "retention"];

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyErrors`]: every mistake with its place.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        let mut faults = Faults::default();
        if text.len() > POLICY_BYTES_MAX {
            faults.note(&(0..0), format!("a policy has at most {POLICY_BYTES_MAX} bytes, this one has {}", text.len()));
            return Err(faults.placed(text));
        }
        let (document, wrong) = DeTable::parse_recoverable(text);
        for error in &wrong {
            faults.note(&error.span().unwrap_or(0..0), format!("not TOML: {}", error.message()));
        }
        // What stands behind a broken line may be read as what it is not.
        if wrong.is_empty() {
            let policy = read(document.get_ref(), &mut faults);
            if faults.is_empty() {
                return Ok(policy);
            }
        }
        Err(faults.placed(text))
    }
}

fn read(document: &DeTable<'_>, faults: &mut Faults) -> Policy {
    let mut policy = Policy::default();
    for (name, value) in document {
        let at = value.span();
        match name.get_ref().as_ref() {
            "severity" => policy.severities = rules(value, "severity", &severity::KEYS, severity::read, faults),
            "expect" => policy.expectations = rules(value, "expect", &expect::KEYS, expect::read, faults),
            "actor" => policy.actors = rules(value, "actor", &actor::KEYS, actor::read, faults),
            "freeze" => policy.freezes = rules(value, "freeze", &freeze::KEYS, freeze::read, faults),
            "schedule" => policy.schedules = rules(value, "schedule", &schedule::KEYS, schedule::read, faults),
            "settle" => {
                let seconds = number(value, "settle", "seconds", 0..=SETTLE_S_MAX, faults);
                policy.settle_ms = seconds.map_or(policy.settle_ms, |seconds| i64::from(seconds) * 1_000);
            }
            "retention" => policy.retention_days = number(value, "retention", "days", 1..=RETENTION_DAYS_MAX, faults),
            other => faults.unknown(&name.span(), "section", other, &SECTIONS),
        }
        if policy.regexes() > REGEXES_MAX {
            faults.note(&at, format!("a policy has at most {REGEXES_MAX} regular expressions: use globs"));
        }
    }
    once(document, "actor", policy.actors.iter().map(|rule| rule.name.as_str()), faults);
    once(document, "schedule", policy.schedules.iter().map(|schedule| schedule.name.as_str()), faults);
    policy
}

/// Names under which something is told must each mean one thing.
fn once<'n>(document: &DeTable<'_>, section: &str, names: impl Iterator<Item = &'n str>, faults: &mut Faults) {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let at = document.get(section).and_then(|value| second(value, name)).unwrap_or(0..0);
            faults.note(&at, format!("there are two `[[{section}]]` with the name {}", super::fault::quoted(name)));
        }
    }
}

/// Where a name stands for the last time in a list of tables.
fn second(value: &Spanned<DeValue<'_>>, name: &str) -> Option<Range<usize>> {
    let named = |table: &Spanned<DeValue<'_>>| {
        let value = table.get_ref().as_table()?.get("name")?;
        (value.get_ref().as_str()? == name).then(|| value.span())
    };
    value.get_ref().as_array()?.iter().filter_map(named).next_back()
}

/// The rules of a section, in order; wrong ones are noted and left out.
fn rules<T>(
    value: &Spanned<DeValue<'_>>,
    section: &'static str,
    known: &[&str],
    read: fn(Fields<'_, '_>) -> Option<T>,
    faults: &mut Faults,
) -> Vec<T> {
    let Some(list) = value.get_ref().as_array() else {
        faults.note(&value.span(), format!("`{section}` is a list of rules: write `[[{section}]]`"));
        return Vec::new();
    };
    if list.len() > RULES_MAX {
        faults.note(&value.span(), format!("at most {RULES_MAX} `[[{section}]]`, here are {}", list.len()));
        return Vec::new();
    }
    let mut rules = Vec::new();
    for rule in list.iter() {
        let Some(table) = rule.get_ref().as_table() else {
            faults.note(&rule.span(), format!("`{section}` is a list of rules: write `[[{section}]]`"));
            continue;
        };
        rules.extend(read(Fields::of(table, section, rule.span(), known, faults)));
    }
    rules
}

/// The one number of a section.
fn number(
    value: &Spanned<DeValue<'_>>,
    section: &'static str,
    key: &'static str,
    bounds: std::ops::RangeInclusive<u32>,
    faults: &mut Faults,
) -> Option<u32> {
    let Some(table) = value.get_ref().as_table() else {
        faults.note(&value.span(), format!("`{section}` is a section: write `[{section}]` and `{key} = …` below it"));
        return None;
    };
    let mut fields = Fields::of(table, section, value.span(), &[key], faults);
    fields.need(key);
    let number = fields.number(key, bounds);
    fields.finish(number)
}

impl Policy {
    /// Regular expressions among its patterns.
    fn regexes(&self) -> usize {
        let severities =
            self.severities.iter().flat_map(|rule| [&rule.key, &rule.source, &rule.kind, &rule.environment]);
        let expectations = self.expectations.iter().flat_map(|one| [&one.key, &one.source]);
        let actors = self.actors.iter().flat_map(|rule| {
            let who = [&rule.login, &rule.user, &rule.executable, &rule.unit].into_iter().flatten();
            rule.sources.iter().chain(who)
        });
        severities.chain(expectations).chain(actors).filter(|pattern: &&Pattern| pattern.is_regex()).count()
    }
}
