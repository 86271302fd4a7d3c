//! What is declared: for hosts, at a time, or at one revision.
//!
//! Digests of another fleet key or canonical form are held against nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use driftline_canon::{Environment, HostName, Role, SourceName};
use driftline_compare::compare::{Fact, Place, SourceId};
use driftline_compare::desired::{Pruned, Revision, Sheet, SheetItem, Who, in_force};
use driftline_compare::{Made, Selector};
use driftline_store::{HostRecord, Reader, StoreError};

use super::{Covers, Filled, meant};
use crate::desired::{PushedSource, owner};
use crate::http::desired::{find, sheets};
use crate::http::error::Problem;

/// What stands for the hosts of a revision.
const DECLARED: &str = "declared";

/// The role of a revision that is for all roles.
const ALL_ROLES: &str = "all";

pub(super) fn of_hosts(
    reader: &Reader,
    name: &str,
    selector: &Selector,
    at_ms: i64,
) -> Result<Result<Filled, Problem>, StoreError> {
    let hosts = match meant(reader, selector)? {
        Ok(hosts) => hosts,
        Err(problem) => return Ok(Err(problem)),
    };
    let revisions: Vec<Revision> = reader.documents("")?;
    if let Some(problem) = known_no_more(reader, &hosts, (name, at_ms))? {
        return Ok(Err(problem));
    }
    let side = Declaring::new(reader, name).all(&hosts, &revisions, at_ms)?;
    if side.covers.all.is_empty() && side.nobody.is_empty() {
        let said = format!("nothing is declared for `{selector}`");
        return Ok(Err(Problem::not_found(said).hint("`driftline desired push` declares")));
    }
    Ok(Ok(side.filled()))
}

/// What files say, as if it were declared for an environment and never kept.
pub(in crate::http) struct Files {
    /// What the answer calls them.
    pub(in crate::http) name: String,
    /// Fleet key epoch and canonical form of their digests.
    pub(in crate::http) making: (u32, u32),
    /// What they say, peppered.
    pub(in crate::http) sources: Vec<PushedSource>,
}

pub(super) fn of_files(
    reader: &Reader,
    selector: &Selector,
    files: Files,
) -> Result<Result<Filled, Problem>, StoreError> {
    let hosts = match meant(reader, selector)? {
        Ok(hosts) => hosts,
        Err(problem) => return Ok(Err(problem)),
    };
    let mut side = Declaring::new(reader, &files.name);
    // The one revision that counts: of the files, for each host that has the
    // source, whatever the selector narrows.
    let revision = Revision {
        number: 0,
        selector: Selector { role: None, host: None, ..selector.clone() },
        revision: files.name,
        ticket: None,
        pushed_by: String::new(),
        pushed_ms: 0,
        expires_ms: None,
        fleet_key_epoch: files.making.0,
        canonical_form: files.making.1,
        sources: files.sources.iter().map(|one| (one.source.clone(), 0)).collect(),
    };
    for PushedSource { source, kind, items } in files.sources {
        let sheet = Sheet { owner: owner(revision.number), source: source.clone(), kind, items };
        side.cache.insert((revision.number, source), Some(sheet));
    }
    let mut filled = side.all(&hosts, &[revision], 0)?.filled();
    if filled.covers.as_ref().is_none_or(Covers::is_empty) {
        filled.uncheck(format!("no host of `{selector}` watches anything that the files say"));
    }
    Ok(Ok(filled))
}

/// Why nobody can say any more what was declared for hosts at a time: a revision
/// that counted then is kept no longer.
fn known_no_more(
    reader: &Reader,
    hosts: &[HostRecord],
    (name, at_ms): (&str, i64),
) -> Result<Option<Problem>, StoreError> {
    let counted = |one: &Pruned| (one.pushed_ms..one.counted_until_ms).contains(&at_ms);
    let is_for =
        |one: &Pruned| hosts.iter().any(|host| one.selector.matches(&host.environment, &host.role, &host.host));
    let all: Vec<Pruned> = reader.documents("")?;
    Ok(all.iter().find(|one| counted(one) && is_for(one)).map(|one| {
        let said = format!("`{name}`: revision {} counted then and was removed since", one.revision);
        Problem::not_found(said).hint("`[retention]` in the policy says how long revisions are kept")
    }))
}

/// Every source that any host of an environment watches.
fn watched_by_environment(reader: &Reader) -> Result<BTreeMap<Environment, BTreeSet<SourceName>>, StoreError> {
    let mut watched: BTreeMap<Environment, BTreeSet<SourceName>> = BTreeMap::new();
    for host in reader.hosts()? {
        let own = watched.entry(host.environment.clone()).or_default();
        own.extend(reader.sources(&host.host)?.into_iter().filter(|one| !one.retired).map(|one| one.source));
    }
    Ok(watched)
}

struct Declaring<'r> {
    reader: &'r Reader,
    filled: Filled,
    covers: Covers,
    cache: HashMap<(u64, SourceName), Option<Sheet>>,
    /// Sources that are declared for whole environments and watched by nobody.
    nobody: BTreeSet<SourceName>,
}

impl<'r> Declaring<'r> {
    fn new(reader: &'r Reader, name: &str) -> Self {
        Self {
            reader,
            filled: Filled::new(name),
            covers: Covers { settings_only: true, ..Covers::default() },
            cache: HashMap::new(),
            nobody: BTreeSet::new(),
        }
    }

    /// Declares for each of these hosts.
    fn all(mut self, hosts: &[HostRecord], revisions: &[Revision], at_ms: i64) -> Result<Self, StoreError> {
        let watched = watched_by_environment(self.reader)?;
        for host in hosts {
            self.host(host, revisions, (at_ms, watched.get(&host.environment)))?;
        }
        Ok(self)
    }

    /// The side, what nobody watches told.
    fn filled(self) -> Filled {
        let Self { mut filled, covers, nobody, .. } = self;
        nobody.iter().for_each(|source| filled.uncheck(format!("{source} (declared, and no host watches it)")));
        filled.covers = Some(covers);
        filled
    }

    fn host(
        &mut self,
        host: &HostRecord,
        revisions: &[Revision],
        (at_ms, watched): (i64, Option<&BTreeSet<SourceName>>),
    ) -> Result<(), StoreError> {
        self.filled.side.host(&host.host, &host.role);
        self.covers.host(&host.host);
        let own = self.reader.sources(&host.host)?;
        let who = Who { environment: &host.environment, role: &host.role, host: &host.host };
        for (source, revision) in in_force(revisions, who, at_ms) {
            let is_watched = own.iter().any(|one| one.source == source && !one.retired);
            let for_all = revision.selector.role.is_none() && revision.selector.host.is_none();
            if !is_watched && for_all {
                // Declared for an environment: for those of its hosts that have it.
                if watched.is_none_or(|watched| !watched.contains(&source)) {
                    self.nobody.insert(source);
                }
                continue;
            }
            self.source(host, &source, revision)?;
        }
        Ok(())
    }

    fn source(&mut self, host: &HostRecord, source: &SourceName, revision: &Revision) -> Result<(), StoreError> {
        let id = (revision.number, source.clone());
        if !self.cache.contains_key(&id) {
            let sheet = self.reader.document(&format!("{}/{source}", owner(revision.number)))?;
            self.cache.insert(id.clone(), sheet);
        }
        let Some(Some(sheet)) = self.cache.get(&id) else { return Ok(()) };
        self.covers.add(&host.host, source);
        let place = Place { host: &host.host, role: &host.role, source, kind: sheet.kind };
        let at = self.filled.side.source(place);
        sheet.items.iter().for_each(|item| self.filled.side.item(at, fact(item)));
        self.filled.side.made(at, made_of(revision));
        if (revision.fleet_key_epoch, revision.canonical_form) != (host.fleet_key_epoch, host.canonical_form) {
            let said = format!("{}/{source} (declared with another fleet key or form: push it again)", host.host);
            self.filled.uncheck(said);
        }
        Ok(())
    }
}

pub(super) fn revision(
    reader: &Reader,
    name: &str,
    environment: Option<&Environment>,
    wanted: &str,
) -> Result<Result<Filled, Problem>, StoreError> {
    let all: Vec<Revision> = reader.documents("")?;
    let revision = match find(&all, environment, Some(wanted)) {
        Ok(revision) => revision,
        Err(problem) => return Ok(Err(problem)),
    };
    let (Ok(host), Ok(all_roles)) = (HostName::new(DECLARED), Role::new(ALL_ROLES)) else {
        return Ok(Err(Problem::stopping()));
    };
    let role = revision.selector.role.clone().unwrap_or(all_roles);
    let making = Some((revision.fleet_key_epoch, revision.canonical_form));
    let mut filled = Filled { making, ..Filled::new(name) };
    let mut covers = Covers { settings_only: true, ..Covers::default() };
    filled.side.host(&host, &role);
    for sheet in sheets(reader, revision)? {
        let at = put(&mut filled, &host, &role, &sheet);
        filled.side.made(at, made_of(revision));
        covers.all.insert(sheet.source.clone());
        sheet.items.iter().for_each(|item| filled.side.item(at, fact(item)));
    }
    filled.covers = Some(covers);
    Ok(Ok(filled))
}

fn made_of(revision: &Revision) -> Made {
    Made { fleet_key_epoch: revision.fleet_key_epoch, canonical_form: revision.canonical_form }
}

fn put(filled: &mut Filled, host: &HostName, role: &Role, sheet: &Sheet) -> SourceId {
    filled.side.source(Place { host, role, source: &sheet.source, kind: sheet.kind })
}

pub(in crate::http) fn fact(item: &SheetItem) -> Fact<'_> {
    let display = item.display.as_ref().map(|display| display.as_str());
    Fact { key: &item.key, digest: &item.digest, secret: item.secret, display }
}
