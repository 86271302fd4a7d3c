//! What would end a drift: what is there on the hosts that differ, what should
//! be there, and where each stands.
//!
//! It points from what is there towards what is wanted: a revision, a baseline,
//! the file that persists, most hosts of the role. It shows no more than the
//! drift does, and plans nothing.

use driftline_api::compare as api;
use driftline_api::drift::Toward;
use driftline_canon::{HostName, ItemKey, Masked, SourceKind, SourceName};
use driftline_compare::compare::CellState;
use driftline_compare::drift::{Drift, Rule, Shown};
use driftline_store::{HostStatus, ItemRecord, Reader, StoreError};

use crate::http::compare::places::Places;
use crate::render;

/// What the source of differences to what is saved ends in.
const AT_REBOOT: &str = "/at-reboot";

/// What is to become like what.
struct Found {
    source: SourceName,
    kind: SourceKind,
    key: ItemKey,
    actual: Shown,
    expected: Shown,
    /// Where the expected value stands.
    at: Option<api::At>,
    /// Why nothing can be planned.
    open: Option<String>,
}

/// What would end a drift that is there.
pub(super) fn of(reader: &Reader, drift: &Drift) -> Result<Option<Toward>, StoreError> {
    if !drift.state.is_there() {
        return Ok(None);
    }
    let rule = drift.identity.rule;
    let found = match rule {
        Rule::Desired | Rule::Baseline => given(drift, None),
        Rule::Role => given(drift, like_most(reader, drift)?),
        Rule::AtReboot => saved(reader, drift)?,
        Rule::Process => file(reader, drift)?,
    };
    let environment = &drift.identity.environment;
    let (reference, values) = match rule {
        Rule::Desired | Rule::Baseline => (drift.expected_by.clone(), format!("in {}", drift.expected_by)),
        Rule::Role => (format!("most hosts of role {}", drift.identity.role), format!("on {environment}")),
        Rule::AtReboot => ("what is saved".to_owned(), format!("on {environment}")),
        // Which file that is, is known only where one alone has the key.
        Rule::Process if found.at.is_none() => ("its file".to_owned(), "in its file".to_owned()),
        Rule::Process => ("its file".to_owned(), format!("on {environment}")),
    };
    let is_all = drift.host_count == drift.of_hosts || usize::try_from(drift.host_count) != Ok(drift.hosts.len());
    let only = if is_all { Vec::new() } else { drift.hosts.iter().map(ToString::to_string).collect() };
    let open = found.open.clone();
    let difference = difference(reader, drift, found)?;
    let unchecked = unchecked(reader, drift)?;
    Ok(Some(Toward { reference, values, restart: rule == Rule::Process, difference, only, open, unchecked }))
}

/// What the drift itself says.
fn given(drift: &Drift, at: Option<api::At>) -> Found {
    Found {
        source: drift.identity.source.clone(),
        kind: drift.kind,
        key: drift.identity.key.clone(),
        actual: drift.actual.clone(),
        expected: drift.expected.clone(),
        at,
        open: None,
    }
}

/// Where most hosts of the role have it: one of those that do not differ. Where
/// not all that differ are named, any of them might.
fn like_most(reader: &Reader, drift: &Drift) -> Result<Option<api::At>, StoreError> {
    let identity = &drift.identity;
    if usize::try_from(drift.host_count) != Ok(drift.hosts.len()) || !drift.expected.present {
        return Ok(None);
    }
    for host in reader.hosts()? {
        let is_like = host.environment == identity.environment && host.role == identity.role;
        if !is_like || host.status == HostStatus::Forgotten || drift.hosts.contains(&host.host) {
            continue;
        }
        if reader.item(&host.host, &identity.source, &identity.key)?.is_some() {
            return Places::new(reader).at(host.host, &identity.source, &identity.key, CellState::Value);
        }
    }
    Ok(None)
}

/// The live rule, and what the dump files of the host say of it. Such a source
/// names the backend before the rule.
fn saved(reader: &Reader, drift: &Drift) -> Result<Found, StoreError> {
    let open = |why: &str| Found { open: Some(why.to_owned()), ..given(drift, None) };
    let (Some(host), Some((backend, rule))) = (drift.hosts.first(), drift.identity.key.as_str().split_once(": "))
    else {
        return Ok(open("it is not about one rule: compare the files with what is in force"));
    };
    let Ok(key) = ItemKey::from_canonical(rule.to_owned()) else { return Ok(open("its rule is not known")) };
    let family = drift.identity.source.as_str().strip_suffix(AT_REBOOT).unwrap_or_default();
    let (mut live, mut saved, mut source) = (None, None, None);
    for one in reader.sources(host)?.into_iter().filter(|one| !one.retired) {
        let name = one.source.as_str();
        let is_live = one.kind == SourceKind::Firewall
            && name.strip_prefix(family).is_some_and(|rest| rest.starts_with('/'))
            && name.ends_with(&format!("/{backend}"));
        if is_live {
            live = live.or(reader.item(host, &one.source, &key)?);
            source = source.or(Some(one.source));
        } else if one.kind == SourceKind::FirewallDump && saved.is_none() {
            let item = reader.item(host, &one.source, &key)?;
            saved = item.map(|item| (one.source, item));
        }
    }
    let Some(source) = source else { return Ok(open("the rules in force are not watched any more")) };
    if live.is_none() && saved.is_none() {
        return Ok(open("rules stand in another order: load what is saved, or save what is in force"));
    }
    let at = match &saved {
        Some((dump, _)) => Places::new(reader).at(host.clone(), dump, &key, CellState::Value)?,
        None => None,
    };
    let expected = shown(saved.as_ref().map(|(_, item)| item));
    Ok(Found { source, kind: SourceKind::Firewall, key, actual: shown(live.as_ref()), expected, at, open: None })
}

/// What runs, and the file on the same host that has the key; of several files
/// nobody says here which one it reads.
fn file(reader: &Reader, drift: &Drift) -> Result<Found, StoreError> {
    let identity = &drift.identity;
    let Some(host) = drift.hosts.first() else { return Ok(given(drift, None)) };
    let wanted = match drift.kind {
        SourceKind::DatabaseSettings => SourceKind::DatabaseConfig,
        _ => SourceKind::EnvFile,
    };
    let mut files = Vec::new();
    for one in reader.sources(host)?.into_iter().filter(|one| !one.retired && one.kind == wanted) {
        files.extend(reader.item(host, &one.source, &identity.key)?.map(|item| (one.source, item)));
    }
    let (at, expected) = match &*files {
        [(source, item)] => {
            (Places::new(reader).at(host.clone(), source, &identity.key, CellState::Value)?, shown(Some(item)))
        }
        _ => (None, Shown { present: true, secret: false, display: None }),
    };
    let actual = shown(reader.item(host, &identity.source, &identity.key)?.as_ref());
    Ok(Found { actual, expected, ..given(drift, at) })
}

fn shown(item: Option<&ItemRecord>) -> Shown {
    item.map_or_else(Shown::default, |item| Shown { present: true, secret: item.secret, display: item.display.clone() })
}

fn difference(reader: &Reader, drift: &Drift, found: Found) -> Result<api::Difference, StoreError> {
    let state = |shown: &Shown| if shown.present { CellState::Value } else { CellState::Missing };
    let here = match drift.hosts.first() {
        Some(host) => Places::new(reader).at(HostName::clone(host), &found.source, &found.key, state(&found.actual))?,
        None => None,
    };
    let what = match (found.actual.present, found.expected.present) {
        (false, true) => "missing_left",
        (true, false) => "missing_right",
        _ => "differs",
    };
    Ok(api::Difference {
        role: drift.identity.role.to_string(),
        source: found.source.to_string(),
        kind: found.kind.to_string(),
        key: found.key.to_string(),
        what: what.to_owned(),
        left: cell(&found.actual, here),
        right: cell(&found.expected, found.at),
        severity: drift.severity.to_string(),
        class: drift.class.to_string(),
        recommendation: String::new(),
        metadata: found.key.is_metadata(),
        meant: None,
        meant_kind: None,
        violation: None,
    })
}

fn cell(shown: &Shown, at: Option<api::At>) -> api::Cell {
    let state = if shown.present { api::CellState::Value } else { api::CellState::Missing };
    let display = shown.display.as_ref().map(Masked::as_str).map(str::to_owned);
    api::Cell { state, display, secret: shown.secret, groups: Vec::new(), at }
}

fn unchecked(reader: &Reader, drift: &Drift) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for name in &drift.hosts {
        if let Some(host) = reader.host(name)?.filter(|host| host.status != HostStatus::Connected) {
            found.push(format!("{name} ({})", render::status_word(host.status)));
        }
    }
    Ok(found)
}
