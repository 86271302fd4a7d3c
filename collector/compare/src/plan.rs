//! What would make one side like another: steps, and the forms they are
//! rendered in.
//!
//! It executes nothing and reads nothing. It knows masked displays only: where
//! a value is a secret, hidden or not known to the letter, a placeholder names
//! the place where a person finds it.

pub mod ansible;
pub mod env_patch;
pub mod shell;
pub mod step;
pub mod text;
pub mod unified_diff;

mod how;
mod spelling;

use driftline_canon::{HostName, ItemKey, SourceKind, SourceName};

use crate::Severity;
use crate::compare::{Cell, What};
pub use step::{Action, Step, Value, Where};

/// The forms of a plan (`--format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Sentences, for a person or a ticket.
    Text,
    /// A patch of env files.
    Env,
    /// A unified diff of every source, as keys and what may be shown.
    Diff,
    /// A script for a POSIX shell.
    Shell,
    /// A playbook of Ansible.
    Ansible,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 5] = [Self::Text, Self::Env, Self::Diff, Self::Shell, Self::Ansible];

    /// The form's name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Env => "env",
            Self::Diff => "diff",
            Self::Shell => "shell",
            Self::Ansible => "ansible",
        }
    }
}

/// Which sides a plan is between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// The side that is to change.
    pub target: String,
    /// The side that it is to be like.
    pub reference: String,
    /// Where placeholders say that a value of the reference is (`on production`,
    /// `in revision 4f2a91c`).
    pub values: String,
    /// Whether each side has secrets of its own, which are not to be made the
    /// same.
    pub own_secrets: bool,
}

impl Sides {
    /// Two sides of a comparison, by their names. Environments should have
    /// passwords of their own; an environment and what was declared or approved
    /// for it should not.
    #[must_use]
    pub fn compared(target: &str, reference: &str) -> Self {
        Self {
            target: target.to_owned(),
            reference: reference.to_owned(),
            values: step::values_of(reference),
            own_secrets: !step::is_kept(reference),
        }
    }
}

/// What brings the reference's value about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cure {
    /// It is to be set.
    #[default]
    Set,
    /// It is set where the source reads it: what runs is to be restarted.
    Restart,
}

/// One key of a comparison, turned so that one side is to become like the
/// other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Role, or `left~right`.
    pub role: (String, String),
    /// Source.
    pub source: SourceName,
    /// Kind of the source.
    pub kind: SourceKind,
    /// Key.
    pub key: ItemKey,
    /// How the sides stand to each other. Missing left: missing on the target.
    pub what: What,
    /// The side that is to change.
    pub target: End,
    /// The side that it is to be like.
    pub reference: End,
    /// How much it matters.
    pub severity: Severity,
    /// The hosts of the target that it is about; none: all of the role, or those
    /// that the target's groups tell.
    pub only: Vec<HostName>,
    /// What is to be done.
    pub cure: Cure,
}

/// What one side has at a key, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What it has.
    pub cell: Cell,
    /// Where it stands; for a missing one: where it would.
    pub at: Option<Where>,
}

/// A difference that no step can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Source.
    pub source: SourceName,
    /// Key.
    pub key: ItemKey,
    /// Why.
    pub reason: String,
}

/// What would make one side like another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The side that is to change.
    pub target: String,
    /// The side that it is to be like.
    pub reference: String,
    /// Steps, by side, role and source; those that keep what is there too.
    pub steps: Vec<Step>,
    /// What no step can be made of.
    pub open: Vec<Open>,
}

impl Plan {
    /// The plan that makes the target like the reference.
    #[must_use]
    pub fn of(sides: &Sides, given: impl IntoIterator<Item = Given>) -> Self {
        let (target, reference) = (sides.target.clone(), sides.reference.clone());
        let mut plan = Self { target, reference, steps: Vec::new(), open: Vec::new() };
        for one in given {
            match step::of(sides, one) {
                Ok(steps) => plan.steps.extend(steps),
                Err(open) => plan.open.push(open),
            }
        }
        plan.steps.sort_by(|a, b| a.place().cmp(&b.place()));
        plan
    }

    /// The steps that change something.
    pub fn changes(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.action != Action::Keep)
    }

    /// The plan in a form.
    #[must_use]
    pub fn render(&self, form: Form) -> String {
        match form {
            Form::Text => text::render(self),
            Form::Env => env_patch::render(self),
            Form::Diff => unified_diff::render(self),
            Form::Shell => shell::render(self),
            Form::Ansible => ansible::render(self),
        }
    }
}

#[cfg(test)]
mod tests;
