//! What is declared: for hosts, at a time, or at one revision.
//!
//! Digests of another fleet key or canonical form are held against nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use driftline_canon::{Environment, HostName, Role, SourceName};
use driftline_compare::Selector;
use driftline_compare::compare::{Fact, Place, SourceId};
use driftline_compare::desired::{Revision, Sheet, SheetItem, Who, in_force};
use driftline_store::{HostRecord, Reader, StoreError};

use super::{Covers, Filled, meant};
use crate::desired::owner;
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
    let mut side = Declaring {
        reader,
        filled: Filled::new(name),
        covers: Covers { settings_only: true, ..Covers::default() },
        cache: HashMap::new(),
        nobody: BTreeSet::new(),
    };
    let watched = watched_by_environment(reader)?;
    for host in &hosts {
        let watched = watched.get(&host.environment);
        side.host(host, &revisions, (at_ms, watched))?;
    }
    let Declaring { mut filled, covers, nobody, .. } = side;
    if covers.all.is_empty() && nobody.is_empty() {
        let said = format!("nothing is declared for `{selector}`");
        return Ok(Err(Problem::not_found(said).hint("`driftline desired push` declares")));
    }
    nobody.iter().for_each(|source| filled.uncheck(format!("{source} (declared, and no host watches it)")));
    filled.covers = Some(covers);
    Ok(Ok(filled))
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

impl Declaring<'_> {
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
        if (revision.fleet_key_epoch, revision.canonical_form) != (host.fleet_key_epoch, host.canonical_form) {
            self.filled.side.unreadable(at);
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
        covers.all.insert(sheet.source.clone());
        sheet.items.iter().for_each(|item| filled.side.item(at, fact(item)));
    }
    filled.covers = Some(covers);
    Ok(Ok(filled))
}

fn put(filled: &mut Filled, host: &HostName, role: &Role, sheet: &Sheet) -> SourceId {
    filled.side.source(Place { host, role, source: &sheet.source, kind: sheet.kind })
}

pub(in crate::http) fn fact(item: &SheetItem) -> Fact<'_> {
    let display = item.display.as_ref().map(|display| display.as_str());
    Fact { key: &item.key, digest: &item.digest, secret: item.secret, display }
}
