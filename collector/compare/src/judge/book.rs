//! What operators and CI/CD gave, arranged so that what may speak of a change is
//! found at once.
//!
//! Built from documents, and built anew when one of them changes; it reads no
//! store. What is long over is left out, except that it was given at all.

pub mod past;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use driftline_canon::{Environment, ItemKey, SourceName};

use super::declaration::validity;
use super::{Declaration, Given, Power, Question, RuleHit, Says, Stretch};
use crate::Selector;
use crate::desired::{Revision, Sheet};
pub use crate::made::Made;
use crate::policy::{Effect, Policy, Subject};
use crate::window::Window;

/// Revisions that are kept for one selector and source: the valid ones of a
/// roll-out, and those before that a late change may still be back to.
pub const REVISIONS_KEPT: usize = 8;

/// Windows that are kept for one selector, the newest: the nearest of them is
/// named where none was open.
pub const WINDOWS_KEPT: usize = 64;

/// What counts for a change: a policy, and of the rest what was known by a time.
#[derive(Debug, Clone, Copy)]
pub struct Then<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Revisions that were pushed and windows that were opened later say nothing.
    pub known_ms: i64,
}

type Page = HashMap<ItemKey, [u8; 32]>;

/// A revision with its items.
#[derive(Debug, Clone)]
struct Volume {
    revision: Revision,
    pages: HashMap<SourceName, Arc<Page>>,
    /// Those of its sources that are kept.
    kept: Vec<SourceName>,
    /// All of its sources.
    sources: HashSet<SourceName>,
}

/// All that was given.
#[derive(Debug, Clone, Default)]
pub struct Book {
    volumes: BTreeMap<u64, Volume>,
    /// Numbers of volumes by selector, rising.
    by_selector: HashMap<Selector, Vec<u64>>,
    windows: HashMap<Selector, Vec<Window>>,
    /// Which parts the selectors name, each kind once.
    shapes: BTreeSet<(bool, bool, bool)>,
    given: BTreeSet<Environment>,
    given_everywhere: bool,
    policy: Policy,
}

/// What a book has about one change.
#[derive(Debug, Clone, Default)]
pub struct Found<'a> {
    declarations: Vec<Declaration<'a>>,
    windows: Vec<&'a Window>,
    actor_rule: Option<RuleHit<'a>>,
    frozen: Option<&'a str>,
    anything_given: bool,
}

impl Found<'_> {
    /// It, as the judge takes it.
    #[must_use]
    pub fn given(&self) -> Given<'_> {
        Given {
            declarations: &self.declarations,
            windows: &self.windows,
            actor_rule: self.actor_rule,
            frozen: self.frozen,
            anything_given: self.anything_given,
        }
    }
}

impl Book {
    /// A book of these. The items of revisions come after it
    /// ([`Self::wanted`]); those that an earlier book has are taken from there.
    #[must_use]
    pub fn new(revisions: Vec<Revision>, windows: Vec<Window>, earlier: &Self) -> Self {
        let mut book = Self::default();
        for window in windows {
            book.note(&window.selector);
            book.windows.entry(window.selector.clone()).or_default().push(window);
        }
        for kept in book.windows.values_mut() {
            kept.sort_by_key(|window| window.number);
            kept.drain(..kept.len().saturating_sub(WINDOWS_KEPT));
        }
        let mut revisions = revisions;
        revisions.sort_by_key(|revision| revision.number);
        for revision in &revisions {
            book.note(&revision.selector);
        }
        let kept = kept_of_each(&revisions);
        for (revision, kept) in revisions.into_iter().zip(kept) {
            if kept.is_empty() && !revision.sources.is_empty() {
                continue;
            }
            let known = earlier.volumes.get(&revision.number).map(|volume| &volume.pages);
            let page = |source: &SourceName| known?.get(source).map(|page| (source.clone(), Arc::clone(page)));
            let pages = kept.iter().filter_map(page).collect();
            book.by_selector.entry(revision.selector.clone()).or_default().push(revision.number);
            let sources = revision.sources.iter().map(|(source, _)| source.clone()).collect();
            book.volumes.insert(revision.number, Volume { revision, pages, kept, sources });
        }
        book
    }

    /// The same book under a policy.
    #[must_use]
    pub fn ruled_by(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    fn note(&mut self, selector: &Selector) {
        let Selector { environment, role, host } = selector;
        self.shapes.insert((environment.is_some(), role.is_some(), host.is_some()));
        match environment {
            Some(environment) => _ = self.given.insert(environment.clone()),
            None => self.given_everywhere = true,
        }
    }

    /// The sheets that it still needs: number of the revision, and source.
    #[must_use]
    pub fn wanted(&self) -> Vec<(u64, SourceName)> {
        let of_volume = |(number, volume): (&u64, &Volume)| -> Vec<(u64, SourceName)> {
            let missing = volume.kept.iter().filter(|source| !volume.pages.contains_key(*source));
            missing.map(|source| (*number, source.clone())).collect()
        };
        self.volumes.iter().flat_map(of_volume).collect()
    }

    /// Takes the items of one source of a revision.
    pub fn add(&mut self, number: u64, sheet: Sheet) {
        if let Some(volume) = self.volumes.get_mut(&number) {
            let page: Page = sheet.items.into_iter().map(|item| (item.key, item.digest)).collect();
            volume.pages.insert(sheet.source, Arc::new(page));
        }
    }

    /// Whether anything was ever given for an environment.
    #[must_use]
    pub fn speaks_of(&self, environment: &Environment) -> bool {
        self.speaks_under(&self.policy, environment)
    }

    /// The same under another policy.
    #[must_use]
    pub fn speaks_under(&self, policy: &Policy, environment: &Environment) -> bool {
        self.was_given(environment) || policy.judges(environment)
    }

    fn was_given(&self, environment: &Environment) -> bool {
        self.given_everywhere || self.given.contains(environment)
    }

    /// How long a deployment settles.
    #[must_use]
    pub fn settle_ms(&self) -> i64 {
        self.policy.settle_ms
    }

    /// What may speak of a change.
    #[must_use]
    pub fn find(&self, question: &Question<'_>, made: Made) -> Found<'_> {
        self.find_then(Then { policy: &self.policy, known_ms: i64::MAX }, question, made)
    }

    /// What may have spoken of a change then.
    #[must_use]
    pub fn find_then<'a>(&'a self, then: Then<'a>, question: &Question<'_>, made: Made) -> Found<'a> {
        let Then { policy, known_ms } = then;
        if !self.speaks_under(policy, question.environment) {
            return Found::default();
        }
        let (mut found, mut volumes) = (ruled(policy, question), Vec::new());
        for shape in &self.shapes {
            let selector = selector_of(question, *shape);
            let numbers = self.by_selector.get(&selector).into_iter().flatten();
            let known = numbers.filter_map(|number| self.volumes.get(number));
            volumes.extend(known.filter(|volume| volume.revision.pushed_ms <= known_ms));
            let of_source = |window: &&Window| {
                window.from_ms <= known_ms && window.source.as_ref().is_none_or(|source| source == question.source)
            };
            found.windows.extend(self.windows.get(&selector).into_iter().flatten().filter(of_source));
        }
        let rivals = volumes.iter().filter(|volume| volume.sources.contains(question.source));
        let rivals: Vec<&Revision> = rivals.map(|volume| &volume.revision).collect();
        found.declarations =
            volumes.iter().map(|volume| volume.declaration(question, made, (&rivals, policy.settle_ms))).collect();
        // The newest first: what is cut off then is the oldest.
        found.declarations.sort_by_key(|one| std::cmp::Reverse(one.pushed_ms));
        found
    }

    /// When the last deployment of the source to this host will have settled, if
    /// one is in flight: pushed, and not settled yet.
    #[must_use]
    pub fn settled_ms(&self, question: &Question<'_>, now_ms: i64) -> Option<i64> {
        let of_shape = |shape: &(bool, bool, bool)| self.by_selector.get(&selector_of(question, *shape));
        let volumes = self.shapes.iter().filter_map(of_shape).flatten().filter_map(|number| self.volumes.get(number));
        let pushed = volumes.filter(|volume| volume.pages.contains_key(question.source));
        let pushed = pushed.map(|volume| volume.revision.pushed_ms).filter(|pushed_ms| *pushed_ms <= now_ms);
        let settled = pushed.map(|pushed_ms| pushed_ms.saturating_add(self.settle_ms()));
        settled.filter(|settled_ms| *settled_ms > now_ms).max()
    }
}

impl Volume {
    /// What it says of a key. Rivals are all revisions for the host that declare
    /// the source.
    fn declaration(
        &self,
        question: &Question<'_>,
        made: Made,
        (rivals, settle_ms): (&[&Revision], i64),
    ) -> Declaration<'_> {
        let Revision { selector, revision, ticket, pushed_ms, .. } = &self.revision;
        // What is about other sources has none.
        let rivals = if self.sources.contains(question.source) { rivals } else { &[] };
        let at = |at_ms: i64| validity(&self.revision, rivals, settle_ms, at_ms);
        let Stretch { since_ms, until_ms } = question.when;
        let last = at(until_ms);
        let first = if since_ms == until_ms { last } else { at(since_ms) };
        Declaration {
            revision,
            selector,
            ticket: ticket.as_deref(),
            pushed_ms: *pushed_ms,
            says: self.says(question),
            validity: [first, last],
            comparable: self.revision.fleet_key_epoch == made.fleet_key_epoch
                && self.revision.canonical_form == made.canonical_form,
        }
    }

    fn says(&self, question: &Question<'_>) -> Says {
        let Some(page) = self.pages.get(question.source) else {
            return if self.sources.contains(question.source) { Says::Nothing } else { Says::Elsewhere };
        };
        // What is about the file contradicts nothing. A list that is not in the
        // page with an order has too few rules to be in another one.
        let (metadata, order) = (question.key.is_metadata(), question.key.ordered_list().is_some());
        match page.get(question.key) {
            Some(digest) if !metadata || question.after == Some(digest) => Says::Value(*digest),
            None if !metadata && (!order || question.after.is_none()) => Says::Absent,
            Some(_) | None => Says::Nothing,
        }
    }
}

/// What the policy says of a change.
fn ruled<'a>(policy: &'a Policy, question: &Question<'_>) -> Found<'a> {
    let Question { environment, role, host, source, .. } = *question;
    let at = Subject { environment, role, host, source };
    let rule = question.actor.and_then(|actor| policy.rule_naming(&at, actor));
    let actor_rule = rule.map(|rule| RuleHit { name: &rule.name, power: power(rule.effect) });
    // A change that may have been made before or after the freeze is judged
    // as if there were none.
    let both = [question.when.since_ms, question.when.until_ms].map(|ms| policy.frozen_at(&at, ms));
    let frozen = both[0].filter(|freeze| both[1] == Some(*freeze)).map(|freeze| freeze.reason.as_str());
    Found { actor_rule, frozen, anything_given: true, ..Found::default() }
}

fn power(effect: Effect) -> Power {
    match effect {
        Effect::Authorises => Power::Authorises,
        Effect::Allows => Power::Allows,
    }
}

/// The selector of that shape that matches the host of a question.
fn selector_of(question: &Question<'_>, (environment, role, host): (bool, bool, bool)) -> Selector {
    Selector {
        environment: environment.then(|| question.environment.clone()),
        role: role.then(|| question.role.clone()),
        host: host.then(|| question.host.clone()),
    }
}

/// The pushes that speak of a selector and source, oldest first.
type Pushes<'r> = HashMap<&'r Selector, HashMap<&'r SourceName, Vec<&'r Revision>>>;

fn pushes(revisions: &[Revision]) -> Pushes<'_> {
    let mut pushes = Pushes::new();
    for revision in revisions {
        let of_selector = pushes.entry(&revision.selector).or_default();
        for (source, _) in &revision.sources {
            of_selector.entry(source).or_default().push(revision);
        }
    }
    pushes
}

fn kept_of_each(revisions: &[Revision]) -> Vec<Vec<SourceName>> {
    let pushes = pushes(revisions);
    revisions.iter().map(|revision| kept(revision, &pushes)).collect()
}

/// The sources of a revision that are kept: those of which it may be in force
/// again, or was lately.
fn kept(revision: &Revision, pushes: &Pushes<'_>) -> Vec<SourceName> {
    let of_selector = pushes.get(&revision.selector);
    let is_kept = |source: &&SourceName| {
        let all = of_selector.and_then(|all| all.get(*source)).map_or(&[][..], Vec::as_slice);
        let later = all.get(all.partition_point(|one| one.number <= revision.number)..).unwrap_or_default();
        later.iter().filter(|one| is_over_with(revision, one)).take(REVISIONS_KEPT).count() < REVISIONS_KEPT
    };
    revision.sources.iter().map(|(source, _)| source).filter(is_kept).cloned().collect()
}

/// Whether a later push ends a revision for good: it lives as long as that, or
/// came when its time was over.
fn is_over_with(revision: &Revision, later: &Revision) -> bool {
    let Some(expires_ms) = revision.expires_ms else { return later.expires_ms.is_none() };
    later.expires_ms.is_none_or(|end| end >= expires_ms) || later.pushed_ms >= expires_ms
}

#[cfg(test)]
mod tests;
