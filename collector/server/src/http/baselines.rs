//! Baselines: approved by operators, listed, shown, and a side to compare with.
//!
//! One of several environments is told to each by the hosts that they see; one
//! without any is not there for them.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::baseline::{BaselineDetail, BaselineInfo, BaselineItem, BaselineList, BaselineRequest};
use driftline_canon::Environment;
use driftline_canon::key::is_deceptive;
use driftline_compare::baseline::{Baseline, BaselineHost, latest};
use driftline_compare::compare::Place;
use driftline_compare::desired::{Sheet, Who};
use driftline_compare::{Made, Selector};
use driftline_daemon::clock::format_ms;
use driftline_store::{Reader, StoreError};

use super::Shared;
use super::auth::Operator;
use super::compare::sides::{Covers, Filled, fact};
use super::error::Problem;
use super::query::{Known, Named, Pairs, name_in_path};
use crate::baseline::{self, Approved, Wanted};
use crate::grant::{OperatorRole, Sight};

/// Bytes of a reason: a paragraph.
const REASON_BYTES_MAX: usize = 1_000;

pub(super) async fn approve(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<BaselineRequest>, JsonRejection>,
) -> Result<Json<BaselineDetail>, Problem> {
    operator.may_change()?;
    let Json(request) = request.map_err(|error| Problem::bad(error.body_text()))?;
    let wanted = wanted(request, operator.0.name.clone())?;
    operator.may(OperatorRole::Operator, wanted.selector.environment.as_ref())?;
    let (selector, source) = (wanted.selector.clone(), wanted.source.clone());
    let approved = http.core.recorder.decide(move |draft| baseline::approve(draft, &wanted)).await?;
    match approved {
        Approved::New(baseline, skipped) => {
            let all = http.read(|reader| reader.documents::<Baseline>("")).await?;
            let baseline = info(&baseline, &all);
            Ok(Json(BaselineDetail { schema_version: SCHEMA_VERSION, baseline, skipped, items: Vec::new() }))
        }
        Approved::Nobody => Err(Problem::not_found(format!("no host matches `{selector}`"))
            .hint("`driftline hosts` lists hosts with environment and role")),
        Approved::Nothing(skipped) => {
            let of = source.map_or_else(|| "anything".to_owned(), |source| format!("`{source}`"));
            let seen =
                if skipped.is_empty() { String::new() } else { format!(" that can be seen ({})", skipped.join(", ")) };
            Err(Problem::not_found(format!("no host of `{selector}` has {of}{seen}")))
        }
        Approved::TooMuch => Err(Problem::conflict(format!("a baseline has at most {} items", baseline::ITEMS_MAX))
            .hint("approve role by role, or `--source` by source")),
    }
}

fn wanted(request: BaselineRequest, by: String) -> Result<Wanted, Problem> {
    let selector: Selector = request.selector.parse().map_err(|error| Problem::bad(format!("`selector`: {error}")))?;
    let named = |error: driftline_canon::NameError| Problem::bad(error.to_string());
    let source = request.source.map(driftline_canon::SourceName::new).transpose().map_err(named)?;
    let reason = request.reason.trim().to_owned();
    let printable = !reason.chars().any(|c| c.is_control() || is_deceptive(c));
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX || !printable {
        return Err(Problem::bad(format!("`reason` has between 1 and {REASON_BYTES_MAX} printable bytes")));
    }
    Ok(Wanted { selector, source, reason, by })
}

pub(super) async fn list(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<BaselineList>, Problem> {
    let environment: Option<Environment> = Known::of(pairs, &["env"])?.parsed("env")?;
    let all = seen(http.read(|reader| reader.documents::<Baseline>("")).await?, &operator.sight());
    let is_of = |one: &&Baseline| {
        environment.as_ref().is_none_or(|wanted| one.hosts.iter().any(|host| host.environment == *wanted))
    };
    let baselines = all.iter().rev().filter(is_of).map(|one| info(one, &all)).collect();
    Ok(Json(BaselineList { schema_version: SCHEMA_VERSION, baselines }))
}

/// What of all baselines somebody sees.
fn seen(mut all: Vec<Baseline>, sight: &Sight) -> Vec<Baseline> {
    all.iter_mut().for_each(|one| one.hosts.retain(|host| sight.shows(Some(&host.environment))));
    all.retain(|one| !one.hosts.is_empty());
    all
}

pub(super) async fn show(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    number: Named,
    pairs: Pairs,
) -> Result<Json<BaselineDetail>, Problem> {
    let environment: Option<Environment> = Known::of(pairs, &["env"])?.parsed("env")?;
    let (text, sight) = (name_in_path(number)?, operator.sight());
    let unknown = || Problem::not_found(format!("there is no baseline `{text}`")).hint("`driftline baseline list`");
    let number: u64 = text.parse().map_err(|_| unknown())?;
    let found = http.read(move |reader| {
        let mut all = seen(reader.documents("")?, &sight);
        if let Some(wanted) = environment {
            all = seen(all, &Sight::Only([wanted].into()));
        }
        let Some(baseline) = all.iter().find(|one| one.number == number) else { return Ok(None) };
        let mut items = Vec::new();
        for own in &baseline.hosts {
            let sheets: Vec<Sheet> = reader.documents(&format!("{}/", baseline::owner(number, &own.host)))?;
            items.extend(sheets.iter().flat_map(|sheet| shown(own.host.as_str(), sheet)));
        }
        Ok(Some((info(baseline, &all), items)))
    });
    let (baseline, items) = found.await?.ok_or_else(unknown)?;
    Ok(Json(BaselineDetail { schema_version: SCHEMA_VERSION, baseline, skipped: Vec::new(), items }))
}

/// What was approved last of hosts, as a side of a comparison.
pub(super) fn side(reader: &Reader, name: &str, selector: &Selector) -> Result<Result<Filled, Problem>, StoreError> {
    let hosts = match super::compare::sides::meant(reader, selector)? {
        Ok(hosts) => hosts,
        Err(problem) => return Ok(Err(problem)),
    };
    let all: Vec<Baseline> = reader.documents("")?;
    let (mut filled, mut covers) = (Filled::new(name), Covers::default());
    for host in &hosts {
        filled.side.host(&host.host, &host.role);
        covers.host(&host.host);
        let who = Who { environment: &host.environment, role: &host.role, host: &host.host };
        for (source, (baseline, own)) in latest(&all, who) {
            let id = format!("{}/{source}", baseline::owner(baseline.number, &host.host));
            let Some(sheet) = reader.document::<Sheet>(&id)? else { continue };
            covers.add(&host.host, &source);
            let place = Place { host: &host.host, role: &host.role, source: &source, kind: sheet.kind };
            let at = filled.side.source(place);
            sheet.items.iter().for_each(|item| filled.side.item(at, fact(item)));
            let made = Made { fleet_key_epoch: own.fleet_key_epoch, canonical_form: own.canonical_form };
            filled.side.made(at, made);
            if (own.fleet_key_epoch, own.canonical_form) != (host.fleet_key_epoch, host.canonical_form) {
                filled.uncheck(format!("{}/{source} (approved under another fleet key or form)", host.host));
            }
        }
    }
    if covers.is_empty() {
        let said = format!("nothing of `{selector}` was approved");
        return Ok(Err(Problem::not_found(said).hint("`driftline baseline approve` does it")));
    }
    filled.covers = Some(covers);
    Ok(Ok(filled))
}

fn info(baseline: &Baseline, all: &[Baseline]) -> BaselineInfo {
    let hosts: BTreeSet<_> = baseline.hosts.iter().map(|own| &own.host).collect();
    let sources = baseline.hosts.iter().flat_map(|own| &own.sources);
    let of_host = |own: &BaselineHost| {
        let who = Who { environment: &own.environment, role: &own.role, host: &own.host };
        latest(all, who).into_values().any(|(one, _)| one.number == baseline.number)
    };
    BaselineInfo {
        number: baseline.number,
        selector: baseline.selector.to_string(),
        source: baseline.source.as_ref().map(ToString::to_string),
        reason: baseline.reason.clone(),
        approved_by: baseline.approved_by.clone(),
        approved_at: format_ms(baseline.approved_ms),
        items: sources.map(|(_, items)| u64::from(*items)).sum(),
        in_force: baseline.hosts.iter().any(of_host),
        hosts: hosts.iter().map(ToString::to_string).collect(),
    }
}

fn shown(host: &str, sheet: &Sheet) -> Vec<BaselineItem> {
    let item = |item: &driftline_compare::desired::SheetItem| BaselineItem {
        host: host.to_owned(),
        source: sheet.source.to_string(),
        key: item.key.to_string(),
        display: item.display.as_ref().map(|display| display.as_str().to_owned()),
        secret: item.secret,
    };
    sheet.items.iter().map(item).collect()
}
