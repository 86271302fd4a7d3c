//! Which rule gives a change its severity, in plain words.
//!
//! It walks the same rules in the same order as [`super::of_change`] and
//! [`super::firewall::weigh`]; a test holds the two together.

use driftline_canon::{Actor, Effect, ItemKey, Meaning, Reach, SourceKind};

use super::{Facet, database, firewall, rules, words};

/// What is known of a change, to say why it matters as much as it does.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Kind of the source.
    pub kind: SourceKind,
    /// Which key.
    pub key: &'a ItemKey,
    /// Its sides, before and after.
    pub sides: (Option<Facet<'a>>, Option<Facet<'a>>),
    /// What it means, for firewalls.
    pub meaning: Option<&'a Meaning>,
    /// Who did it, as far as was known when it was weighed.
    pub actor: Option<&'a Actor>,
}

/// The rule, as the rest of a sentence that begins with the severity.
#[must_use]
pub fn why(change: &Circumstances<'_>) -> String {
    let Circumstances { kind, key, sides: (before, after), meaning, actor } = *change;
    if let (Some(weighed), Some(meaning)) = (firewall::weigh(kind, key, meaning, actor), meaning) {
        return of_meaning(meaning, weighed.machine_made);
    }
    if key.is_metadata() {
        return format!("`{key}` is about the file itself: who may read it, and whether it is there");
    }
    if before.is_some_and(|side| side.secret) || after.is_some_and(|side| side.secret) {
        return "its value is a secret".to_owned();
    }
    if key.as_str() == ItemKey::CONTENT {
        return "only that the content changed is known, not what in it".to_owned();
    }
    if key.ordered_list().is_some() {
        return "rules changed places, and which of them matches first counts".to_owned();
    }
    match kind {
        SourceKind::Firewall | SourceKind::FirewallDump => {
            "it is a rule of a firewall, and what it means was not told".to_owned()
        }
        SourceKind::DatabaseConfig | SourceKind::DatabaseSettings
            if database::meaning(key, before, after).is_some() =>
        {
            "of what the setting does to who gets in, or to what is kept".to_owned()
        }
        _ => of_key(key.as_str()),
    }
}

fn of_meaning(meaning: &Meaning, machine_made: bool) -> String {
    let whose = meaning.machine.as_ref().map(|machine| format!("{machine}'s own rules"));
    if let (true, Some(whose)) = (machine_made, &whose) {
        return match (meaning.effect, meaning.reach) {
            (Effect::Opens, Reach::Any) | (Effect::Unclear, _) => {
                format!("it is among {whose}, and it was that program")
            }
            _ => format!("it is among {whose}, and nothing is opened to any source"),
        };
    }
    let does = match (meaning.effect, meaning.reach) {
        (Effect::Opens, Reach::Any) => "it lets in from any source what was kept out",
        (Effect::Opens, Reach::Bounded) => "it lets in from named sources what was kept out",
        (Effect::Opens, Reach::Local) => "it lets in only what comes from the host itself",
        (Effect::Unclear, _) => "what it does to packets cannot be told for certain",
        (Effect::Closes, _) => "it keeps out what was let in",
        (Effect::Neutral, _) => "it lets in nothing and keeps out nothing",
    };
    match whose {
        Some(whose) => format!("{does}; it stands among {whose}, but is not known to be that program's"),
        None => does.to_owned(),
    }
}

fn of_key(key: &str) -> String {
    let words = words(key);
    let term =
        rules::KEY_RULES.iter().flat_map(|rule| rule.terms).find(|term| words.iter().any(|word| term.is_in(word)));
    match term {
        Some(term) => format!("its key is about `{}`", term.text),
        None => "no rule names its key".to_owned(),
    }
}

#[cfg(test)]
mod tests;
