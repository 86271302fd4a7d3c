//! The whole story of one change, or of one key of a host as it is now.
//!
//! It joins what the history and the state know and says what they do not. It
//! asks no host anything.

use axum::extract::State;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::change::Change as ApiChange;
use driftline_api::explain::{Explanation, Persisted, Standing};
use driftline_canon::{Confidence, Environment, HostName, ItemKey, SourceKind, SourceName};
use driftline_compare::Verdict;
use driftline_compare::classify::{Facet, why};
use driftline_compare::judge::{Evidence, Missing};
use driftline_daemon::clock::format_ms;
use driftline_store::{
    Amended, Change, Entry, EntryBody, EntryFilter, EntryQuery, Reader, Side, SourceRecord, StoreError,
};

use super::Shared;
use super::auth::Operator;
use super::error::Problem;
use super::history::{environment_of, rendered, since};
use super::hosts::no_host;
use super::query::{Known, Named, Pairs, name_in_path};
use crate::grant::Sight;
use crate::render;

/// Changes before and after that are told: more are one `history` away.
const NEIGHBOURS_MAX: usize = 10;

/// What was asked for and is not there, or is not one thing.
enum Answer {
    Explained(Box<Explanation>),
    NoEntry(u64),
    /// It was, and is so old that it was removed: the history begins then.
    Removed(u64, String),
    NoChange(u64),
    NoHost,
    NoKey,
    Several(Vec<String>),
}

pub(super) async fn of_id(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    id: Named,
    pairs: Pairs,
) -> Result<Json<Explanation>, Problem> {
    Known::of(pairs, &[])?;
    let text = name_in_path(id)?;
    let id: u64 = text.parse().map_err(|_| Problem::bad(format!("`{text}` is not an id of the history")))?;
    let entry = http.read(move |reader| reader.entry(id)).await?;
    if let Some(environment) = entry.as_ref().and_then(environment_of) {
        operator.sees(environment)?;
    }
    let sight = operator.sight();
    let answer = http.read(move |reader| by_id(reader, id, &sight)).await?;
    seen(answered(answer, "", "")?, &operator)
}

pub(super) async fn of_key(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<Explanation>, Problem> {
    let known = Known::of(pairs, &["host", "key", "source"])?;
    let host: HostName = known.parsed("host")?.ok_or_else(|| Problem::bad("`host` is missing"))?;
    let key = known.text("key").ok_or_else(|| Problem::bad("`key` is missing"))?.to_owned();
    let source: Option<SourceName> = known.parsed("source")?;
    let wanted = ItemKey::from_canonical(key.clone()).map_err(|error| Problem::bad(format!("the key is {error}")))?;
    operator.sees_host(&http, &host).await?;
    let (name, sight) = (host.to_string(), operator.sight());
    let answer = http.read(move |reader| by_key(reader, &host, (&wanted, source.as_ref()), &sight)).await?;
    seen(answered(answer, &name, &key)?, &operator)
}

/// What of a story may be seen: a host that moved has a past in another
/// environment.
fn seen(mut story: Explanation, operator: &Operator) -> Result<Json<Explanation>, Problem> {
    if let Some(environment) = story.change.as_ref().and_then(environment_named) {
        operator.sees(&environment)?;
    }
    without_others(&mut story, &operator.sight());
    Ok(Json(story))
}

fn environment_named(change: &ApiChange) -> Option<Environment> {
    change.environment.parse().ok()
}

fn without_others(story: &mut Explanation, sight: &Sight) {
    story.earlier.retain(|change| sight.shows(environment_named(change).as_ref()));
    story.later.retain(|change| sight.shows(environment_named(change).as_ref()));
}

fn answered(answer: Answer, host: &str, key: &str) -> Result<Explanation, Problem> {
    Err(match answer {
        Answer::Explained(explanation) => return Ok(*explanation),
        Answer::NoEntry(id) => Problem::not_found(format!("the history has no entry {id}"))
            .hint("`driftline changes --output json` has their ids"),
        Answer::Removed(id, begins_at) => {
            Problem::not_found(format!("entry {id} was removed: the history begins at {begins_at}"))
                .hint("`[retention]` in the policy says how long it is kept")
        }
        Answer::NoChange(id) => {
            Problem::not_found(format!("entry {id} is no change")).hint("`driftline changes --events` shows it")
        }
        Answer::NoHost => no_host(host),
        Answer::NoKey => Problem::not_found(format!("{host} has no key `{key}`, and never had one"))
            .hint("`driftline show HOST` lists its keys"),
        Answer::Several(sources) => {
            Problem::bad(format!("`{key}` stands in several sources of {host}: {}", sources.join(", ")))
                .hint("say which with `--source`")
        }
    })
}

/// The story of a change by its entry, as far as it may be seen; none if it may
/// not, is none, or gone.
pub(super) fn of_entry(reader: &Reader, id: u64, sight: &Sight) -> Result<Option<Explanation>, StoreError> {
    let Answer::Explained(mut story) = by_id(reader, id, sight)? else { return Ok(None) };
    if !story.change.as_ref().is_some_and(|change| sight.shows(environment_named(change).as_ref())) {
        return Ok(None);
    }
    without_others(&mut story, sight);
    Ok(Some(*story))
}

fn by_id(reader: &Reader, id: u64, sight: &Sight) -> Result<Answer, StoreError> {
    let Some(entry) = reader.entry(id)? else { return no_entry(reader, id) };
    match &entry.body {
        EntryBody::Change(change) => Ok(Answer::Explained(Box::new(of_change(reader, &entry, change, sight)?))),
        // Who it was is part of the story of the change.
        EntryBody::Amendment(amendment) => {
            let query = EntryQuery {
                host: Some(amendment.host.clone()),
                source: Some(amendment.source.clone()),
                filter: EntryFilter::Changes,
                before_id: Some(id),
                newest_first: true,
                ..EntryQuery::default()
            };
            let is_of = |entry: &&Entry| match &entry.body {
                EntryBody::Change(change) => {
                    (change.agent_seq, &change.agent_epoch) == (amendment.agent_seq, &amendment.agent_epoch)
                }
                _ => false,
            };
            let page = reader.entries(&query)?;
            match page.entries.iter().find(is_of) {
                Some(Entry { id, .. }) => by_id(reader, *id, sight),
                None => Ok(Answer::NoChange(id)),
            }
        }
        // And so is what became of it.
        EntryBody::Rejudgement(one) if one.later.change < id => by_id(reader, one.later.change, sight),
        EntryBody::Event(_) | EntryBody::Rejudgement(_) => Ok(Answer::NoChange(id)),
    }
}

fn no_entry(reader: &Reader, id: u64) -> Result<Answer, StoreError> {
    let removed = reader.anchor()?.is_some_and(|anchor| (1..anchor.first).contains(&id));
    let begins_at = if removed { super::chain::begins_at(reader)? } else { None };
    Ok(begins_at.map_or(Answer::NoEntry(id), |at| Answer::Removed(id, at)))
}

fn by_key(
    reader: &Reader,
    host: &HostName,
    (key, source): (&ItemKey, Option<&SourceName>),
    sight: &Sight,
) -> Result<Answer, StoreError> {
    let last = |source: Option<&SourceName>| reader.key_history(key, Some(host), source, 1, None);
    let mut holders = Vec::new();
    for one in reader.sources(host)? {
        let wanted = source.is_none_or(|source| *source == one.source) && !one.retired;
        if wanted && reader.item(host, &one.source, key)?.is_some() {
            holders.push(one);
        }
    }
    // A rule that is live is meant before one that a file keeps.
    if holders.iter().any(|one| one.kind == SourceKind::Firewall) {
        holders.retain(|one| one.kind == SourceKind::Firewall);
    }
    let found = match holders.as_slice() {
        [] => last(source)?.entries,
        [one] => last(Some(&one.source))?.entries,
        several => return Ok(Answer::Several(several.iter().map(|one| one.source.to_string()).collect())),
    };
    if let Some(entry) = found.first()
        && let EntryBody::Change(change) = &entry.body
    {
        return Ok(Answer::Explained(Box::new(of_change(reader, entry, change, sight)?)));
    }
    let Some(one) = holders.first() else {
        return Ok(if reader.host(host)?.is_some() { Answer::NoKey } else { Answer::NoHost });
    };
    Ok(Answer::Explained(Box::new(unchanged(reader, one, key, sight)?)))
}

/// A key that is as it was when it was first seen.
fn unchanged(reader: &Reader, source: &SourceRecord, key: &ItemKey, sight: &Sight) -> Result<Explanation, StoreError> {
    let at = At { host: &source.host, source: &source.source, path: &source.path, kind: source.kind, key, sight };
    Ok(Explanation {
        schema_version: SCHEMA_VERSION,
        change: None,
        amendment: None,
        why: None,
        evidence: Vec::new(),
        missing: vec![match super::chain::begins_at(reader)? {
            None => "it was there when the source was first seen: nobody watched who made it".to_owned(),
            Some(at) => format!(
                "it was there when the source was first seen, or came before the history, which begins at {at}: who \
                 made it is not known"
            ),
        }],
        now: at.standing(reader, None)?,
        persisted: at.elsewhere(reader, None)?,
        earlier: Vec::new(),
        later: Vec::new(),
    })
}

fn of_change(reader: &Reader, entry: &Entry, change: &Change, sight: &Sight) -> Result<Explanation, StoreError> {
    let Change { host, source, path, kind, key, .. } = change;
    let at = At { host, source, path, kind: *kind, key, sight };
    let since = since(reader, entry.id, change)?;
    let later = since.amended.as_ref();
    let neighbours = |query: EntryQuery| {
        let page = reader.entries(&EntryQuery {
            host: Some(host.clone()),
            source: Some(source.clone()),
            key: Some(key.clone()),
            kept_too: true,
            limit: NEIGHBOURS_MAX,
            newest_first: true,
            ..query
        })?;
        rendered(reader, &page.entries)
    };
    let before = neighbours(EntryQuery { before_id: Some(entry.id), ..EntryQuery::default() })?;
    let after = neighbours(EntryQuery { after_id: Some(entry.id), ..EntryQuery::default() })?;
    Ok(Explanation {
        schema_version: SCHEMA_VERSION,
        amendment: later.map(|later| amendment(reader, later)).transpose()?.flatten(),
        why: Some(why::why(&circumstances(change))),
        evidence: evidence(change, &since),
        missing: missing(change, later),
        now: at.standing(reader, Some(change.after.as_ref()))?,
        persisted: at.elsewhere(reader, change.after.as_ref())?,
        earlier: before,
        later: after,
        change: Some(render::change(entry.id, entry.recorded_ms, change, &since)),
    })
}

fn amendment(reader: &Reader, later: &Amended) -> Result<Option<driftline_api::actor::Amendment>, StoreError> {
    Ok(reader.entry(later.id)?.and_then(|entry| match &entry.body {
        EntryBody::Amendment(one) => Some(render::amendment(entry.id, entry.recorded_ms, one)),
        EntryBody::Change(_) | EntryBody::Event(_) | EntryBody::Rejudgement(_) => None,
    }))
}

fn circumstances(change: &Change) -> why::Circumstances<'_> {
    why::Circumstances {
        kind: change.kind,
        key: &change.key,
        sides: (change.before.as_ref().map(shown), change.after.as_ref().map(shown)),
        meaning: change.beside.meaning.as_deref(),
        actor: change.beside.actor.as_deref(),
    }
}

fn shown(side: &Side) -> Facet<'_> {
    Facet { secret: side.secret, display: side.display.as_ref().map(|display| display.as_str()) }
}

/// What the verdict rests on, then what became known later.
fn evidence(change: &Change, since: &render::Since) -> Vec<String> {
    let grounds = change.beside.grounds.iter().flat_map(|grounds| &grounds.evidence).map(Evidence::sentence);
    let later =
        since.rejudged.iter().map(|one| format!("{}: {}", one.later.mark.as_str(), one.later.evidence.sentence()));
    grounds.chain(later).collect()
}

/// What a verdict or an actor would have needed.
fn missing(change: &Change, later: Option<&Amended>) -> Vec<String> {
    let actor = later.map(|later| &later.actor).or(change.beside.actor.as_ref());
    let mut missing = match &change.beside.grounds {
        Some(grounds) => {
            grounds.missing.iter().filter(|one| **one != Missing::ActorUnknown).map(Missing::sentence).collect()
        }
        None => vec![format!(
            "no desired state, window or rule was ever given for {}, so whether it was meant cannot be judged",
            change.environment
        )],
    };
    if change.verdict == Verdict::Authorised {
        // Nothing more is needed.
        return missing;
    }
    match actor.map_or(Confidence::Unknown, |actor| actor.confidence) {
        Confidence::Exact => {}
        Confidence::Probable => missing.push("the kernel did not name the actor with the change itself".to_owned()),
        Confidence::Unknown if change.unobserved_since_ms.is_some() => {
            missing.push("nobody watched when it was made, so nobody can be named".to_owned());
        }
        Confidence::Unknown => missing.push(format!(
            "nothing told who made it: `driftline-agent status` on {} says which evidence it has",
            change.host
        )),
    }
    missing
}

/// A key of a source of a host.
struct At<'a> {
    host: &'a HostName,
    source: &'a SourceName,
    path: &'a str,
    kind: SourceKind,
    key: &'a ItemKey,
    sight: &'a Sight,
}

impl At<'_> {
    /// Whether what the host is now may be seen: one that moved is of another
    /// environment.
    fn is_seen(&self, reader: &Reader) -> Result<bool, StoreError> {
        let host = reader.host(self.host)?;
        Ok(host.is_none_or(|host| self.sight.shows(Some(&host.environment))))
    }

    fn hidden(&self) -> Standing {
        Standing {
            host: self.host.to_string(),
            source: self.source.to_string(),
            path: self.path.to_owned(),
            key: self.key.to_string(),
            state: "elsewhere".to_owned(),
            item: None,
            verified_at: None,
        }
    }

    /// How it is now, held against what a change left, if there was one.
    fn standing(&self, reader: &Reader, left: Option<Option<&Side>>) -> Result<Standing, StoreError> {
        if !self.is_seen(reader)? {
            return Ok(self.hidden());
        }
        let source = reader.source(self.host, self.source)?;
        let item = reader.item(self.host, self.source, self.key)?;
        let host = reader.host(self.host)?;
        let watched = source.is_some_and(|source| !source.retired);
        let digest = item.as_ref().map(|item| item.digest);
        let state = match left {
            _ if !watched => "retired",
            None => "there",
            Some(left) if left.map(|side| side.digest) == digest => "so",
            Some(_) if digest.is_none() => "absent",
            Some(_) => "otherwise",
        };
        Ok(Standing {
            state: state.to_owned(),
            item: item.as_ref().map(render::item),
            verified_at: host.filter(|host| host.verified_ms > 0).map(|host| format_ms(host.verified_ms)),
            ..self.hidden()
        })
    }

    /// For a live rule what the dump files of the host say of it; for one of a
    /// dump file, what is live.
    fn elsewhere(&self, reader: &Reader, side: Option<&Side>) -> Result<Vec<Persisted>, StoreError> {
        let other = match self.kind {
            SourceKind::Firewall => SourceKind::FirewallDump,
            SourceKind::FirewallDump => SourceKind::Firewall,
            _ => return Ok(Vec::new()),
        };
        if !self.is_seen(reader)? {
            return Ok(Vec::new());
        }
        let mine = match side {
            Some(side) => Some(side.digest),
            None => reader.item(self.host, self.source, self.key)?.map(|item| item.digest),
        };
        let mut found = Vec::new();
        for source in reader.sources(self.host)?.into_iter().filter(|one| one.kind == other && !one.retired) {
            let item = reader.item(self.host, &source.source, self.key)?;
            found.push(Persisted {
                source: source.source.to_string(),
                path: source.path,
                holds: item.is_some(),
                same: item.as_ref().and_then(|item| mine.map(|mine| mine == item.digest)),
                line: item.and_then(|item| item.line),
            });
        }
        Ok(found)
    }
}
