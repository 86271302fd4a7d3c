//! Changes and what was given for them, small enough that an oracle can try
//! every millisecond.
//!
//! It decides nothing.

use driftline_canon::actor::{ActorText, User};
use driftline_canon::{Actor, Confidence, Environment, HostName, ItemKey, Role, SourceKind, SourceName};
use proptest::prelude::*;

use crate::Severity;
use crate::judge::{Blind, Declaration, Given, Judgement, Power, Question, RuleHit, Says, Stretch, Validity, judge};
use crate::window::Window;

/// A declaration that owns what it names.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub(super) revision: String,
    pub(super) ticket: Option<String>,
    pub(super) pushed_ms: i64,
    pub(super) says: Says,
    /// At the beginning and at the end.
    pub(super) validity: [Validity; 2],
    pub(super) comparable: bool,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) key: ItemKey,
    pub(super) after: Option<u8>,
    pub(super) since_ms: i64,
    pub(super) until_ms: i64,
    pub(super) actor: Option<(&'static str, Confidence)>,
    pub(super) rule: Option<(Power, Confidence)>,
    pub(super) blind: Option<Blind>,
    pub(super) comes_with_declared: bool,
    pub(super) declarations: Vec<Declared>,
    pub(super) windows: Vec<Window>,
    pub(super) frozen: Option<String>,
    pub(super) anything_given: bool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            key: ItemKey::from_bytes(b"DATABASE_URL"),
            after: Some(9),
            since_ms: 50,
            until_ms: 50,
            actor: None,
            rule: None,
            blind: None,
            comes_with_declared: false,
            declarations: Vec::new(),
            windows: Vec::new(),
            frozen: None,
            anything_given: true,
        }
    }
}

impl World {
    /// How sure it is who did it: a rule brings its own actor.
    pub(super) fn confidence(&self) -> Confidence {
        self.rule.map(|(_, sure)| sure).or(self.actor.map(|(_, sure)| sure)).unwrap_or(Confidence::Unknown)
    }

    fn made_by(&self) -> Option<Actor> {
        let name = self.actor.map(|(name, _)| name);
        if name.is_none() && self.rule.is_none() {
            return None;
        }
        let login = name.map(|name| User { uid: 1_000, name: Some(ActorText::new(name)) });
        Some(Actor { confidence: self.confidence(), login, ..Actor::unknown() })
    }

    pub(super) fn judged(&self) -> Judgement {
        let environment = Environment::new("production").unwrap();
        let (role, host) = (Role::new("web").unwrap(), HostName::new("web-1").unwrap());
        let source = SourceName::new("app").unwrap();
        let selector = "production".parse().unwrap();
        let after = self.after.map(|digest| [digest; 32]);
        let actor = self.made_by();
        let question = Question {
            environment: &environment,
            role: &role,
            host: &host,
            source: &source,
            kind: SourceKind::EnvFile,
            key: &self.key,
            before: Some(&[0; 32]),
            after: after.as_ref(),
            when: Stretch { since_ms: self.since_ms, until_ms: self.until_ms },
            actor: actor.as_ref(),
            blind: self.blind,
            severity: Severity::Warning,
            comes_with_declared: self.comes_with_declared,
        };
        let declaration =
            |one: &'_ Declared| -> (String, Option<String>) { (one.revision.clone(), one.ticket.clone()) };
        let names: Vec<_> = self.declarations.iter().map(declaration).collect();
        let declarations: Vec<Declaration<'_>> = self
            .declarations
            .iter()
            .zip(&names)
            .map(|(one, (revision, ticket))| Declaration {
                revision,
                selector: &selector,
                ticket: ticket.as_deref(),
                pushed_ms: one.pushed_ms,
                says: one.says,
                validity: one.validity,
                comparable: one.comparable,
            })
            .collect();
        let windows: Vec<&Window> = self.windows.iter().collect();
        let given = Given {
            declarations: &declarations,
            windows: &windows,
            actor_rule: self.rule.map(|(power, _)| RuleHit { name: "deploy", power }),
            frozen: self.frozen.as_deref(),
            anything_given: self.anything_given,
        };
        judge(&question, &given)
    }
}

/// A valid revision that declares that value.
pub(super) fn declared(revision: &str, value: u8) -> Declared {
    Declared {
        revision: revision.to_owned(),
        ticket: None,
        pushed_ms: -1_000,
        says: Says::Value([value; 32]),
        validity: [Validity::Valid; 2],
        comparable: true,
    }
}

pub(super) fn absent(revision: &str) -> Declared {
    Declared { says: Says::Absent, ..declared(revision, 0) }
}

pub(super) fn elsewhere(revision: &str, ticket: Option<&str>) -> Declared {
    Declared { says: Says::Elsewhere, ticket: ticket.map(str::to_owned), ..declared(revision, 0) }
}

pub(super) fn window(ticket: &str, from_ms: i64, until_ms: i64) -> Window {
    Window {
        number: 1,
        selector: "production".parse().unwrap(),
        source: None,
        actor: None,
        ticket: ticket.to_owned(),
        opened_by: "ada".to_owned(),
        from_ms,
        until_ms,
        closed: None,
    }
}

fn one_declared() -> impl Strategy<Value = Declared> {
    let says = prop_oneof![
        3 => (0..3_u8).prop_map(|value| Says::Value([value; 32])),
        1 => Just(Says::Absent),
        1 => Just(Says::Nothing),
        1 => Just(Says::Elsewhere),
    ];
    let validity = || {
        prop_oneof![
            3 => Just(Validity::Valid),
            1 => (0..60_i64).prop_map(|at_ms| Validity::Expired { at_ms }),
            1 => (0..60_i64).prop_map(|at_ms| Validity::Superseded { at_ms }),
            1 => Just(Validity::Overruled),
        ]
    };
    let validity = [validity(), validity()];
    let ticket = prop::option::of(prop_oneof![Just("CHG-1".to_owned()), Just("CHG-2".to_owned())]);
    (says, validity, ticket, -100..100_i64, prop::bool::weighted(0.8)).prop_map(
        |(says, validity, ticket, pushed_ms, comparable)| Declared {
            says,
            validity,
            ticket,
            pushed_ms,
            comparable,
            ..declared("r", 0)
        },
    )
}

fn one_window() -> impl Strategy<Value = Window> {
    let actor = prop::option::weighted(0.4, prop_oneof![Just("ada".to_owned()), Just("deploy".to_owned())]);
    (prop_oneof![Just("CHG-1"), Just("CHG-3")], 0..60_i64, 0..60_i64, actor, prop::option::of(0..60_i64)).prop_map(
        |(ticket, from, length, actor, closed)| Window {
            actor,
            closed: closed.map(|at| ("ada".to_owned(), at)),
            ..window(ticket, from, from + length)
        },
    )
}

pub(super) fn world() -> impl Strategy<Value = World> {
    let confidence = || prop_oneof![Just(Confidence::Unknown), Just(Confidence::Probable), Just(Confidence::Exact)];
    let power = prop_oneof![Just(Power::Authorises), Just(Power::Allows)];
    let blind = prop_oneof![Just(Blind::Unobserved), Just(Blind::Coalesced), Just(Blind::Resynchronised)];
    let who = (
        prop::option::of((prop_oneof![Just("ada"), Just("deploy"), Just("eve")], confidence())),
        prop::option::weighted(0.4, (power, confidence())),
        prop::option::weighted(0.3, blind),
    );
    let given = (
        prop::collection::vec(one_declared(), 0..4),
        prop::collection::vec(one_window(), 0..4),
        prop::option::weighted(0.2, Just("audit".to_owned())),
        prop::bool::weighted(0.9),
    );
    (prop::option::weighted(0.8, 0..4_u8), 0..60_i64, 0..10_i64, prop::bool::weighted(0.1), who, given).prop_map(
        |(after, until_ms, length, comes_with_declared, (actor, rule, blind), given)| {
            let (mut declarations, windows, frozen, anything_given): (Vec<Declared>, _, _, _) = given;
            let since_ms = if blind.is_some() { until_ms - length } else { until_ms };
            if since_ms == until_ms {
                declarations.iter_mut().for_each(|one| one.validity[0] = one.validity[1]);
            }
            World {
                after,
                since_ms,
                until_ms,
                actor,
                rule,
                blind,
                comes_with_declared,
                declarations,
                windows,
                frozen,
                anything_given,
                ..World::default()
            }
        },
    )
}
