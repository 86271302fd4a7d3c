//! What is in force against what a reboot would load: the live rules of one
//! backend held against the dump files that are meant to bring them back.
//!
//! Pure. It compares rules as they are told, by key and digest, and names no
//! value: a key says the rule. Whether a difference was meant is nobody's
//! question here.

pub mod follow;

use std::collections::BTreeSet;
use std::fmt;

use driftline_canon::{ItemKey, Observation};

/// Differences that are told one by one: whoever has more looks at the files.
const LISTED_MAX: usize = 1000;

/// Families of nftables: what its keys begin with, and those of iptables do not.
const FAMILIES: &[&str] = &["ip", "ip6", "inet", "arp", "bridge", "netdev"];

/// What rules are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// As `nft` says them.
    Nft,
    /// As `iptables-save` does.
    Iptables,
}

/// A dump file as it was read last.
#[derive(Debug, Clone, Copy)]
pub struct Saved<'a> {
    /// Its language; none: it holds nothing that would tell.
    pub language: Option<Language>,
    /// Its path, for messages.
    pub path: &'a str,
    /// Its items, made with the same key as the live ones.
    pub observation: &'a Observation,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The rule, policy or list that it is about.
    pub about: String,
    /// What is the matter with it.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.about, self.what)
    }
}

/// Rules that only one side has, and lists whose rules stand in another order.
/// Files of the other language are left out: what iptables loads is not what
/// nftables saves. One that is empty or gone holds nothing that would be loaded,
/// as rules that were flushed are in force no longer. Without a file that could
/// say it there is no finding.
#[must_use]
pub fn against_saved(live: &Observation, language: Language, saved: &[Saved<'_>]) -> Vec<Finding> {
    let files: Vec<&Saved<'_>> =
        saved.iter().filter(|file| file.language.is_none_or(|found| found == language)).collect();
    if files.is_empty() {
        return Vec::new();
    }
    let names = files.iter().map(|file| file.path).collect::<Vec<_>>().join(", ");
    let mut found = BTreeSet::new();
    for item in live.items().iter().filter(|item| is_ruled(&item.key)) {
        let key = &item.key;
        let mut said = files.iter().filter_map(|file| file.observation.get(key)).peekable();
        if said.peek().is_none() {
            // Rules that differ tell the order of their list, too.
            if key.ordered_list().is_none() {
                found.insert(finding(key, format!("in force, and in no file ({names}): gone at reboot")));
            }
        } else if said.all(|other| other.digest != item.digest) {
            found.insert(match key.ordered_list() {
                Some(list) if has_the_same_rules(list, live, &files) => {
                    finding(list, format!("its rules stand in another order than in {names}"))
                }
                Some(_) => continue,
                None => finding(key, format!("in force with another value than in {names}")),
            });
        }
    }
    for file in files {
        let only = file.observation.items().iter().filter(|item| is_ruled(&item.key) && live.get(&item.key).is_none());
        for item in only.filter(|item| item.key.ordered_list().is_none()) {
            let line = item.line.map(|line| format!(" line {line}")).unwrap_or_default();
            found.insert(finding(&item.key, format!("in {}{line}, and not in force", file.path)));
        }
    }
    told(found.into_iter().collect())
}

/// What the items are written in; none where they tell nothing.
#[must_use]
pub fn language_of(observation: &Observation) -> Option<Language> {
    let first = observation.items().iter().find(|item| is_ruled(&item.key) && item.key.ordered_list().is_none())?;
    let family = first.key.as_str().split(' ').next().unwrap_or_default();
    Some(if FAMILIES.contains(&family) { Language::Nft } else { Language::Iptables })
}

/// Whether there is no rule among them.
#[must_use]
pub fn is_empty(observation: &Observation) -> bool {
    !observation.items().iter().any(|item| is_ruled(&item.key))
}

/// Not what is known of the file alone.
fn is_ruled(key: &ItemKey) -> bool {
    (!key.is_metadata() || key.ordered_list().is_some()) && key.as_str() != ItemKey::CONTENT
}

fn has_the_same_rules(list: &str, live: &Observation, files: &[&Saved<'_>]) -> bool {
    let rules = |observation: &Observation| -> BTreeSet<String> {
        let of_list = observation.items().iter().filter(|item| item.key.is_rule_of(list));
        of_list.map(|item| item.key.to_string()).collect()
    };
    files.iter().any(|file| rules(file.observation) == rules(live))
}

fn finding(about: impl fmt::Display, what: String) -> Finding {
    Finding { about: about.to_string(), what }
}

fn told(mut found: Vec<Finding>) -> Vec<Finding> {
    if found.len() > LISTED_MAX {
        let more = found.len() - (LISTED_MAX - 1);
        found.truncate(LISTED_MAX - 1);
        found.push(finding("more rules", format!("{more} differ between what is in force and what is saved")));
    }
    found
}

#[cfg(test)]
mod tests;
