//! What speaks for a verdict, as it is stored and as a person reads it.
//!
//! Closed, and variants are only appended: the store keeps their numbers. No
//! value and no digest stands in one.

use driftline_canon::Environment;
use serde::{Deserialize, Serialize};

use super::{Blind, Power, words};
use crate::{Selector, Verdict};

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// Nothing to judge by was ever given.
    NothingGiven {
        /// For which environment.
        environment: Environment,
    },
    /// Nobody could see it as it was made.
    Blind {
        /// Why.
        why: Blind,
        /// Since when it may have been so.
        since_ms: i64,
    },
    /// A valid revision declares what the key has now.
    Declared {
        /// Which.
        revision: String,
        /// For which hosts.
        selector: Selector,
        /// It declares that the key is not there.
        absent: bool,
        /// It was pushed only so long after the change.
        pushed_after_ms: Option<i64>,
    },
    /// It follows from changes of the same look whose content is declared.
    ComesWithDeclared,
    /// A valid revision declares something else.
    DeclaredOtherwise {
        /// Which.
        revision: String,
        /// For which hosts.
        selector: Selector,
        /// It declares that the key is not there.
        absent: bool,
    },
    /// A rule of the policy names who certainly did it.
    Actor {
        /// The rule.
        rule: String,
        /// What it says of them.
        power: Power,
    },
    /// A window was open.
    WindowOpen {
        /// Its ticket.
        ticket: String,
    },
    /// The deployment that the window was opened for does not contain it.
    NotInDeployment {
        /// The deployment's revision.
        revision: String,
        /// The source of the change.
        source: String,
    },
    /// The environment is frozen.
    Frozen {
        /// Why.
        reason: String,
    },
    /// Nothing that was given covers it.
    NothingCovers {
        /// For which environment.
        environment: Environment,
    },
    /// A later push declared the same content.
    AdoptedBy {
        /// Which.
        revision: String,
        /// So long after the change.
        after_ms: i64,
    },
    /// The value went back to the one before.
    RevertedBy {
        /// The entry of the history that says so.
        change: u64,
        /// So long after the change.
        after_ms: i64,
    },
    /// The value goes to and fro.
    Alternates {
        /// So often.
        times: u32,
        /// Within so long.
        within_ms: i64,
        /// Who does it, as far as they can be told apart.
        actors: Vec<String>,
    },
    /// It became certain who made it, and the verdict is another one by that.
    JudgedAgain {
        /// The verdict from then on.
        verdict: Verdict,
        /// So long after the change was recorded.
        after_ms: i64,
        /// What it rests on: rules and windows that name who made it.
        because: Vec<Evidence>,
    },
}

impl Evidence {
    /// Its stable word: part of the API.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::NothingGiven { .. } => "nothing_given",
            Self::Blind { .. } => "blind",
            Self::Declared { .. } => "declared",
            Self::ComesWithDeclared => "comes_with_declared",
            Self::DeclaredOtherwise { .. } => "declared_otherwise",
            Self::Actor { .. } => "actor",
            Self::WindowOpen { .. } => "window_open",
            Self::NotInDeployment { .. } => "not_in_deployment",
            Self::Frozen { .. } => "frozen",
            Self::NothingCovers { .. } => "nothing_covers",
            Self::AdoptedBy { .. } => "adopted_by",
            Self::RevertedBy { .. } => "reverted_by",
            Self::Alternates { .. } => "alternates",
            Self::JudgedAgain { .. } => "judged_again",
        }
    }

    /// The verdict from then on, if it says that there is another one.
    #[must_use]
    pub fn new_verdict(&self) -> Option<Verdict> {
        match self {
            Self::JudgedAgain { verdict, .. } => Some(*verdict),
            _ => None,
        }
    }

    /// It as a sentence without its end: no capital, no full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::NothingGiven { environment } => {
                format!("no desired state, window, rule or freeze was ever given for {environment}")
            }
            Self::Blind { why, .. } => match why {
                Blind::Unobserved => "nobody watched when it was made".to_owned(),
                Blind::Coalesced => "several changes may hide in it: only what they came to is known".to_owned(),
                Blind::Resynchronised => {
                    "it came out when the states of agent and collector were made to fit".to_owned()
                }
            },
            Self::Declared { revision, selector, absent, pushed_after_ms } => {
                declared(if *absent { "declared absent" } else { "declared" }, revision, selector, *pushed_after_ms)
            }
            Self::ComesWithDeclared => "it comes with changes whose content is declared".to_owned(),
            Self::DeclaredOtherwise { revision, selector, absent } => {
                let what = if *absent { "that it is not there" } else { "another value" };
                format!("revision {} for {selector} declares {what}", words::revision(revision))
            }
            Self::Actor { rule, power } => match power {
                Power::Authorises => format!("rule `{rule}` authorises what its actor does, and it was certainly them"),
                Power::Allows => format!("rule `{rule}` allows its actor in a window, and it was certainly them"),
            },
            Self::WindowOpen { ticket } => format!("window {ticket} was open"),
            Self::NotInDeployment { revision, source } => {
                format!("the window's deployment {} says nothing of source {source}", words::revision(revision))
            }
            Self::Frozen { reason } => format!("the environment is frozen: {reason}"),
            Self::NothingCovers { environment } => format!("nothing that was given for {environment} covers it"),
            Self::AdoptedBy { .. } | Self::RevertedBy { .. } | Self::Alternates { .. } | Self::JudgedAgain { .. } => {
                self.later()
            }
        }
    }

    /// What became known later.
    fn later(&self) -> String {
        match self {
            Self::AdoptedBy { revision, after_ms } => {
                let revision = words::revision(revision);
                format!("revision {revision} declared the same content {} later", words::duration(*after_ms))
            }
            Self::RevertedBy { change, after_ms } => {
                format!("change {change} put the value before it back {} later", words::duration(*after_ms))
            }
            Self::Alternates { times, within_ms, actors } => {
                let between = if actors.is_empty() { String::new() } else { format!(", by {}", actors.join(" and ")) };
                format!("the value went to and fro {times} times within {}{between}", words::duration(*within_ms))
            }
            Self::JudgedAgain { verdict, after_ms, because } => {
                let why: Vec<String> = because.iter().map(Self::sentence).collect();
                let verdict = verdict.as_str().replace('_', " ");
                format!("{verdict}, as became known {} later: {}", words::duration(*after_ms), why.join(", and "))
            }
            _ => String::new(),
        }
    }
}

fn declared(how: &str, revision: &str, selector: &Selector, pushed_after_ms: Option<i64>) -> String {
    let late = pushed_after_ms.map(|ms| format!(", which was pushed {} after it", words::duration(ms)));
    format!("{how} by revision {} for {selector}{}", words::revision(revision), late.unwrap_or_default())
}

#[cfg(test)]
mod tests;
