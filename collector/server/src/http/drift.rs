//! Drift, listed and told.
//!
//! It reads what the keeper keeps, after the keeper has seen everything that
//! was committed before the question. It judges nothing.

mod toward;

use axum::extract::State;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::drift as api;
use driftline_canon::{Environment, Masked};
use driftline_compare::Severity;
use driftline_compare::acceptance::Acceptance;
use driftline_compare::baseline::Baseline;
use driftline_compare::desired::Revision;
use driftline_compare::drift::story::Teller;
use driftline_compare::drift::{Drift, Rule, Shown, State as DriftState, Turn};
use driftline_daemon::clock::format_ms;
use driftline_store::{Reader, StoreError, numbered};

use super::auth::Operator;
use super::error::Problem;
use super::query::{Known, Named, Pairs, name_in_path};
use super::{Http, Shared, acceptances, explain};
use crate::drift::{opener, unchecked};
use crate::grant::Sight;

/// Drifts of one answer: more than anybody reads, and a few megabytes.
const LISTED_MAX: usize = 10_000;

/// Which drifts are meant.
struct Wanted {
    sight: Sight,
    environment: Option<Environment>,
    rule: Option<Rule>,
    state: Option<DriftState>,
    all: bool,
    severity: Option<Severity>,
    older_than_ms: Option<i64>,
}

impl Wanted {
    fn of(known: &Known, operator: &Operator) -> Result<Self, Problem> {
        let named = |key: &str, words: &str| Problem::bad(format!("`{key}` is one of {words}"));
        let rule = known.text("rule").map(|text| {
            Rule::from_name(text).ok_or_else(|| named("rule", "desired, baseline, at_reboot, process, role"))
        });
        let state = known.text("state").map(|text| {
            let found = DriftState::ALL.into_iter().find(|one| one.as_str() == text);
            found.ok_or_else(|| named("state", "open, accepted, resolved, adopted"))
        });
        let severity = known
            .text("severity")
            .map(|text| Severity::from_name(text).ok_or_else(|| named("severity", "info, warning, critical")));
        let older: Option<u32> = known.parsed("older_than_s")?;
        let environment: Option<Environment> = known.parsed("env")?;
        if let Some(environment) = &environment {
            operator.sees(environment)?;
        }
        Ok(Self {
            sight: operator.sight(),
            environment,
            rule: rule.transpose()?,
            state: state.transpose()?,
            all: known.parsed::<bool>("all")? == Some(true),
            severity: severity.transpose()?,
            older_than_ms: older.map(|seconds| i64::from(seconds) * 1_000),
        })
    }

    /// Whether drift of an environment is asked for, and may be seen.
    fn asks_for(&self, environment: &Environment) -> bool {
        self.environment.as_ref().is_none_or(|wanted| wanted == environment) && self.sight.shows(Some(environment))
    }

    fn means(&self, drift: &Drift, now_ms: i64) -> bool {
        let state = match self.state {
            Some(wanted) => drift.state == wanted,
            None => self.all || drift.state == DriftState::Open,
        };
        state
            && self.asks_for(&drift.identity.environment)
            && self.rule.is_none_or(|wanted| wanted == drift.identity.rule)
            && self.severity.is_none_or(|least| drift.severity >= least)
            && self.older_than_ms.is_none_or(|least| drift.age_ms(now_ms) >= least)
    }
}

/// Sees to it that what is read of drift is not older than the question.
pub(super) async fn caught_up(http: &Http) -> Result<(), Problem> {
    if http.core.drift.catch_up().await {
        return Ok(());
    }
    Err(Problem::late("drift is still being looked for").hint("ask again in a moment"))
}

pub(super) async fn list(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<api::DriftList>, Problem> {
    let known = Known::of(pairs, &["env", "rule", "state", "all", "severity", "older_than_s"])?;
    let wanted = Wanted::of(&known, &operator)?;
    caught_up(&http).await?;
    let now_ms = http.core.clock.now_ms();
    let answer = http.read(move |reader| {
        if let Some(environment) = &wanted.environment
            && !super::history::is_environment(reader, environment)?
        {
            return Ok(Err(super::history::no_environment(environment)));
        }
        listed(reader, &wanted, now_ms).map(Ok)
    });
    Ok(Json(answer.await??))
}

fn listed(reader: &Reader, wanted: &Wanted, now_ms: i64) -> Result<api::DriftList, StoreError> {
    let mut drifts = reader.documents::<Drift>("")?;
    let asks_for = |environment: &Environment| wanted.asks_for(environment);
    let unchecked = unchecked::unchecked(reader, &drifts, &asks_for, now_ms)?;
    drifts.retain(|drift| wanted.means(drift, now_ms));
    drifts
        .sort_by(|a, b| b.severity.cmp(&a.severity).then(a.opened_ms.cmp(&b.opened_ms)).then(a.number.cmp(&b.number)));
    let more = drifts.len().saturating_sub(LISTED_MAX) as u64;
    drifts.truncate(LISTED_MAX);
    let acceptances = reader.documents::<Acceptance>("")?;
    let teller = Teller { acceptances: &acceptances, time: &format_ms, now_ms };
    Ok(api::DriftList {
        schema_version: SCHEMA_VERSION,
        drifts: drifts.iter().map(|drift| shown(drift, &teller)).collect(),
        more,
        unheld: unheld(reader, wanted, now_ms)?,
        unchecked,
    })
}

/// Environments for which nobody ever said what should be.
fn unheld(reader: &Reader, wanted: &Wanted, now_ms: i64) -> Result<Vec<String>, StoreError> {
    let revisions = reader.documents::<Revision>("")?;
    let baselines = reader.documents::<Baseline>("")?;
    let mut names: Vec<Environment> = reader.hosts()?.into_iter().map(|host| host.environment).collect();
    names.sort();
    names.dedup();
    let holds = |name: &Environment| {
        let valid = |one: &&Revision| one.expires_ms.is_none_or(|end_ms| now_ms < end_ms);
        let declared = |one: &Revision| one.selector.environment.as_ref().is_none_or(|own| own == name);
        revisions.iter().filter(valid).any(declared)
            || baselines.iter().flat_map(|one| &one.hosts).any(|own| own.environment == *name)
    };
    Ok(names.into_iter().filter(|name| wanted.asks_for(name) && !holds(name)).map(String::from).collect())
}

pub(super) async fn story(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    id: Named,
    pairs: Pairs,
) -> Result<Json<api::DriftDetail>, Problem> {
    Known::of(pairs, &[])?;
    let name = name_in_path(id)?;
    let number = Drift::number_of(&name).ok_or_else(|| Problem::bad(format!("`{name}` is no drift: `d-NUMBER`")))?;
    caught_up(&http).await?;
    let now_ms = http.core.clock.now_ms();
    let told = http.read(move |reader| {
        let Some(drift) = by_number(reader, number)? else { return Ok(None) };
        if let Err(refused) = operator.sees(&drift.identity.environment) {
            return Ok(Some(Err(refused)));
        }
        told(reader, &drift, &operator.sight(), now_ms).map(|story| Some(Ok(Json(story))))
    });
    told.await?.unwrap_or_else(|| Err(no_drift(&name)))
}

pub(super) fn no_drift(name: &str) -> Problem {
    Problem::not_found(format!("there is no drift `{name}`")).hint("`driftline drift --all` lists them")
}

/// The drift of a number.
pub(super) fn by_number(reader: &Reader, number: u64) -> Result<Option<Drift>, StoreError> {
    Ok(reader.documents::<Drift>("")?.into_iter().find(|drift| drift.number == number))
}

fn told(reader: &Reader, drift: &Drift, sight: &Sight, now_ms: i64) -> Result<api::DriftDetail, StoreError> {
    let mut acceptances = Vec::new();
    for event in &drift.turns {
        if let Turn::Accepted(number) = event.turn
            && let Some(one) = reader.document::<Acceptance>(&numbered(number))?
        {
            acceptances.push(one);
        }
    }
    acceptances.sort_by_key(|one| one.number);
    acceptances.dedup();
    let teller = Teller { acceptances: &acceptances, time: &format_ms, now_ms };
    let mut found = drift.clone();
    if found.opener.is_none() {
        opener::find(reader, &mut found)?;
    }
    let opening = match &found.opener {
        Some(opener) => explain::of_entry(reader, opener.entry, sight)?,
        None => None,
    };
    if opening.is_none() {
        // It is of another environment, or gone: nothing of it is told.
        found.opener = None;
    }
    Ok(api::DriftDetail {
        schema_version: SCHEMA_VERSION,
        drift: shown(&Drift { opener: found.opener, ..drift.clone() }, &teller),
        turns: teller.turns(drift),
        missing: missing(reader, drift, opening.is_some())?,
        opening,
        acceptances: acceptances.iter().map(|one| acceptances::shown(one, now_ms)).collect(),
        toward: toward::of(reader, drift)?,
    })
}

/// What a story lacks, in plain sentences.
fn missing(reader: &Reader, drift: &Drift, has_opening: bool) -> Result<Vec<String>, StoreError> {
    let mut missing = Vec::new();
    if let Some(anchor) = reader.anchor()?.filter(|anchor| !has_opening && drift.opened_ms <= anchor.newest_ms) {
        let begins_at = super::chain::begins_at(reader)?.unwrap_or_else(|| format_ms(anchor.cut_ms));
        missing.push(format!("what began it may be older than the history, which begins at {begins_at}"));
    }
    if !has_opening {
        let said = match drift.identity.rule {
            Rule::Desired | Rule::Baseline => {
                "no change of it is in the history: it was so when its source was first seen, or what should be changed"
            }
            Rule::AtReboot | Rule::Process | Rule::Role => {
                "no change of it is in the history: nobody watched who made it"
            }
        };
        missing.push(said.to_owned());
    }
    if drift.host_count > u32::try_from(drift.hosts.len()).unwrap_or(0) {
        missing.push("not every host that differs is named".to_owned());
    }
    Ok(missing)
}

/// A drift as the API tells it.
pub(super) fn shown(drift: &Drift, teller: &Teller<'_>) -> api::Drift {
    let identity = &drift.identity;
    let text = |shown: &Shown| shown.display.as_ref().map(Masked::as_str).map(str::to_owned);
    let opened_by = drift.opener.as_ref().map(|opener| api::Opener {
        change: opener.entry,
        host: opener.host.to_string(),
        actor: opener.actor.clone(),
    });
    api::Drift {
        id: drift.name(),
        environment: identity.environment.to_string(),
        role: identity.role.to_string(),
        source: identity.source.to_string(),
        kind: drift.kind.to_string(),
        key: identity.key.to_string(),
        rule: identity.rule.to_string(),
        what: drift.way.as_str().to_owned(),
        state: drift.state.as_str().to_owned(),
        severity: drift.severity.to_string(),
        class: drift.class.to_string(),
        opened_at: format_ms(drift.opened_ms),
        first_opened_at: format_ms(drift.first_opened_ms),
        age_s: u64::try_from(drift.age_ms(teller.now_ms) / 1_000).unwrap_or(0),
        ended_at: drift.ended_ms.map(format_ms),
        hosts: drift.hosts.iter().map(ToString::to_string).collect(),
        host_count: drift.host_count,
        of_hosts: drift.of_hosts,
        expected: text(&drift.expected),
        expected_by: drift.expected_by.clone(),
        actual: text(&drift.actual),
        secret: drift.expected.secret || drift.actual.secret,
        headline: teller.headline(drift),
        standing: teller.standing(drift),
        opened_by,
        acceptance: drift.acceptance.map(|number| format!("a-{number}")),
        reopened: drift.reopened,
    }
}
