//! One stretch of following a ruleset: from a listing on, commit by commit.
//!
//! Order of business: listen, ask for the generation, list, leave out what is
//! older. It ends at the first thing that does not fit, and says why.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use driftline_canon::format::firewall::meaning::Meant;
use driftline_canon::{Item, ItemKey, Problem, Setting};
use driftline_daemon::clock;

use super::stream::{Matched, Stream, Transaction};
use super::{End, Follower};
use crate::firewall::Backend;
use crate::firewall::desk::{Commit, Seen};
use crate::firewall::listing;
use crate::firewall::model::Model;
use crate::firewall::model::apply::News;
use crate::firewall::model::touched::{Outcome, Touched, Unclear};
use crate::firewall::monitor::Monitor;
use crate::firewall::namespace::names::Names;
use crate::firewall::netlink::{Asker, BUFFER_BYTES_EACH, BUFFER_BYTES_MAX, BUFFER_BYTES_MIN, Ear, is_newer};
use crate::observe::{MadeBy, Sight};

/// How long nothing is told before both who listen are taken to be at the same
/// place, and how long that is waited for.
const CALM: Duration = Duration::from_millis(20);
const CALM_MAX: Duration = Duration::from_secs(2);

/// How long `nft monitor` may take to say what the kernel told. It takes a
/// tenth of a millisecond; on a host without a free core longer.
const SAID_MAX: Duration = Duration::from_secs(10);

/// How long after a commit the line of an element is waited for, if `nft
/// monitor` has nothing left to say: then its set is listed.
const ELEMENT_SAID_MAX: Duration = Duration::from_millis(5);

/// How long after an event without a generation the kernel is taken to have done
/// it by itself (a quota that is used up).
const ALONE: Duration = Duration::from_millis(250);

/// Parts that are listed one by one. More are listed as a whole.
const UNCLEAR_MAX: usize = 16;

/// How long it goes well before a beginning counts as one that lasted.
const LASTED: Duration = Duration::from_secs(30);

pub(super) struct Session {
    ear: Ear,
    asker: Asker,
    monitor: Monitor,
    model: Model,
    stream: Stream,
    /// The generation that is known.
    current: u32,
    /// Until that generation, transactions may be told that a listing has
    /// already: nothing is handed on before.
    until: u32,
    /// All of it is to be handed on next.
    whole: bool,
    /// Nothing was handed on yet.
    first: bool,
    /// What was touched and not handed on.
    touched: Touched,
    /// Transactions that are in it.
    held: u32,
    problems: Vec<Problem>,
    /// The generation that was compared with a listing last.
    verified: u32,
    begun: Instant,
    identity: Option<(u64, u64)>,
    names: Names,
    strangers: u64,
}

/// What woke a session.
enum Woken {
    /// `nft monitor` said more, or nothing happened but time.
    Something,
    Whole,
    Reconcile,
    Place,
}

impl Session {
    pub(super) async fn begin(follower: &mut Follower) -> Result<Self, End> {
        let place = follower.desk.place();
        // What happens to the name from here on is heard of.
        let names = if follower.is_named() { Names::open() } else { Names::none() };
        let identity = if follower.is_named() { Some(place.identity()?) } else { None };
        let mut ear = Ear::open(place, BUFFER_BYTES_MIN)?;
        let asker = Asker::open(place)?;
        let mut monitor = Monitor::start(&follower.tools, place)?;
        if !monitor.listens().await {
            let ended = tokio::time::timeout(Duration::from_secs(1), monitor.end()).await;
            return Err(ended.map_or_else(|_| End::Lost("`nft monitor` does not come to listen".to_owned()), End::from));
        }
        calm(&mut ear, &mut monitor).await?;
        let before = asker.generation()?;
        let mut model = listing::whole(&follower.tools, place).await?;
        model.finish(&asker.table_flags()?);
        let until = asker.generation()?;
        ear.make_room(room(&model));
        follower.wake_others();
        let now = clock::monotonic();
        let mut session = Self {
            ear,
            asker,
            monitor,
            model,
            stream: Stream::default(),
            current: before,
            until,
            whole: true,
            first: true,
            touched: Touched::default(),
            held: 0,
            problems: Vec::new(),
            verified: until,
            begun: now,
            identity,
            names,
            strangers: 0,
        };
        session.hand_on(follower, None, follower.desk.now_ms()).await?;
        Ok(session)
    }

    /// When nothing was missed, as far as that is known now.
    pub(super) fn sure_until_ms(&self, now_ms: i64) -> i64 {
        self.stream.done.front().map_or(now_ms, |first| first.heard_ms)
    }

    pub(super) async fn follow(&mut self, follower: &mut Follower) -> Result<Infallible, End> {
        let mut reconcile = clock::monotonic() + follower.desk.spec().reconcile;
        // Names that come and go are heard of; one that is only unmounted is not.
        let spec = follower.desk.spec();
        let every = if self.names.is_open() { spec.reconcile } else { spec.poll };
        let mut look = clock::monotonic() + every;
        let mut waiting = None;
        loop {
            while self.settle_first(follower).await? {}
            let since = if self.stream.done.is_empty() && !self.stream.is_open() {
                waiting = None;
                None
            } else {
                Some(*waiting.get_or_insert_with(clock::monotonic))
            };
            match self.wait(follower, since, reconcile, look).await? {
                Woken::Something => {}
                Woken::Whole => {
                    self.whole = true;
                    self.hand_on(follower, None, follower.desk.now_ms()).await?;
                }
                Woken::Reconcile => {
                    reconcile = clock::monotonic() + follower.desk.spec().reconcile;
                    self.reconcile(follower).await?;
                }
                Woken::Place => {
                    look = clock::monotonic() + every;
                    self.look_at_place(follower)?;
                }
            }
            if follower.short > 0 && self.begun.elapsed() > LASTED {
                follower.short = 0;
            }
        }
    }

    async fn wait(
        &mut self,
        follower: &Follower,
        since: Option<Instant>,
        reconcile: Instant,
        look: Instant,
    ) -> Result<Woken, End> {
        let open = self.stream.is_open() && self.stream.done.is_empty();
        let late = since.map(|since| since + if open { ALONE } else { SAID_MAX });
        let elements = self.stream.done.front().is_some_and(Transaction::waits_for_elements);
        tokio::select! {
            biased;
            events = self.ear.hear() => {
                self.heard(events?, follower)?;
                Ok(Woken::Something)
            }
            more = self.monitor.more() => {
                if more? { Ok(Woken::Something) } else { Err(End::Lost("`nft monitor` has ended".to_owned())) }
            }
            () = until(late), if late.is_some() => {
                if !open {
                    return Err(End::Lost("`nft monitor` does not say what the kernel told".to_owned()));
                }
                self.stream.close(None, None, follower.desk.now_ms());
                Ok(Woken::Something)
            }
            () = tokio::time::sleep(ELEMENT_SAID_MAX), if elements => {
                if self.monitor.is_idle() {
                    self.stream.done.front_mut().into_iter().for_each(Transaction::give_up);
                }
                Ok(Woken::Something)
            }
            () = follower.account.whole_wanted() => Ok(Woken::Whole),
            () = self.names.changed() => Ok(Woken::Place),
            () = tokio::time::sleep_until(look.into()), if self.identity.is_some() => Ok(Woken::Place),
            () = tokio::time::sleep_until(reconcile.into()) => Ok(Woken::Reconcile),
        }
    }

    fn heard(&mut self, events: Vec<crate::firewall::event::Event>, follower: &Follower) -> Result<(), End> {
        let now_ms = follower.desk.now_ms();
        for event in events {
            self.stream.take(event, now_ms)?;
        }
        if self.ear.strangers() > self.strangers {
            if self.strangers == 0 {
                tracing::warn!("a process sends messages that look like the kernel's; they are not believed");
            }
            self.strangers = self.ear.strangers();
        }
        Ok(())
    }

    /// Takes over the first transaction that waits; false if there is none, or
    /// if it is not said yet what it did.
    async fn settle_first(&mut self, follower: &mut Follower) -> Result<bool, End> {
        let Some(first) = self.stream.done.front_mut() else { return Ok(false) };
        if first.complete(&self.model, self.monitor.lines())? == Matched::NotYet {
            return Ok(false);
        }
        let Some(first) = self.stream.done.pop_front() else { return Ok(false) };
        if first.generation.is_none_or(|generation| is_newer(generation, self.current)) {
            self.apply(first, follower).await?;
        }
        Ok(true)
    }

    async fn apply(&mut self, transaction: Transaction, follower: &mut Follower) -> Result<(), End> {
        for (told, line) in &transaction.events {
            let said = line.as_ref().map(|line| (&*line.kind, &line.object));
            let news = News { table: &told.table, what: &told.what, handle: told.handle, gone: told.gone, said };
            match self.model.apply(&news, &mut self.touched) {
                Ok(()) => {}
                // A later listing may have lost already what this is about.
                Err(_) if is_newer(self.until, self.current) => {}
                Err(astray) => return Err(astray.into()),
            }
        }
        self.model.settle(&mut self.touched);
        self.current = transaction.generation.unwrap_or(self.current);
        self.held += 1;
        if is_newer(self.until, self.current) {
            return Ok(());
        }
        self.clear_up(follower).await?;
        if is_newer(self.until, self.current) {
            return Ok(());
        }
        self.hand_on(follower, transaction.made_by, transaction.heard_ms).await
    }

    /// Lists what no event told. If the ruleset has gone on meanwhile, the
    /// listing has that too: what is told until then is only caught up with.
    async fn clear_up(&mut self, follower: &Follower) -> Result<(), End> {
        let unclear: Vec<Unclear> = std::mem::take(&mut self.touched.unclear).into_iter().collect();
        if unclear.is_empty() {
            return Ok(());
        }
        if unclear.len() > UNCLEAR_MAX {
            return self.list_all(follower).await;
        }
        for one in unclear {
            let listed = listing::part(&follower.tools, follower.desk.place(), &one).await?;
            self.model.replace(&one, listed, &mut self.touched);
        }
        self.until = self.asker.generation()?;
        Ok(())
    }

    async fn list_all(&mut self, follower: &Follower) -> Result<(), End> {
        let mut listed = listing::whole(&follower.tools, follower.desk.place()).await?;
        listed.finish(&self.asker.table_flags()?);
        self.until = self.asker.generation()?;
        self.model = listed;
        self.whole = true;
        Ok(())
    }

    /// Hands on what has changed, once what is known is what is there.
    async fn hand_on(&mut self, follower: &mut Follower, made_by: Option<MadeBy>, heard_ms: i64) -> Result<(), End> {
        if is_newer(self.until, self.current) {
            return Ok(());
        }
        let touched = std::mem::take(&mut self.touched);
        let held = std::mem::take(&mut self.held);
        let outcome = touched.outcome(&mut self.model);
        // Of several transactions that were seen as one nobody in particular is
        // the author.
        let made_by = made_by.filter(|_| held == 1);
        if outcome.iptables || outcome.ip6tables {
            let last = Commit { generation: self.current, made_by: made_by.clone(), observed_ms: heard_ms };
            follower.commits.send_modify(|commits| {
                let of = [(outcome.iptables, &mut commits.ip), (outcome.ip6tables, &mut commits.ip6)];
                of.into_iter().filter(|(touched, _)| *touched).for_each(|(_, all)| all.add(held, Some(last.clone())));
            });
        }
        let problems = self.model.problems();
        let listed = std::mem::take(&mut self.whole);
        // What the first listing has, nobody has been told before.
        let first = std::mem::take(&mut self.first);
        if held > 1 && !first {
            let source = follower.desk.name_of(Backend::Nft);
            let reason = format!("{source}: {held} transactions were seen as one: states in between are missing");
            if !follower.desk.gap(heard_ms, heard_ms, reason).await {
                return Err(End::Journal);
            }
        }
        let whole = listed || problems != self.problems || follower.told.is_some();
        let (sight, meanings) = if whole {
            let settings = self.model.settings();
            let meanings = follower.desk.meant_by(Backend::Nft, &settings, true);
            (Some(follower.account.whole(follower.desk.observation(&settings))), meanings)
        } else {
            let meanings = self.meant(follower, &outcome);
            (follower.account.part(items(follower, outcome.items)), meanings)
        };
        self.problems.clone_from(&problems);
        let Some(sight) = sight else { return Ok(()) };
        if follower.told.take().is_some() {
            tracing::info!(source = %follower.desk.name_of(Backend::Nft), "nftables can be followed again");
        }
        follower.failures = 0;
        let by_part = matches!(sight, Sight::Part { .. });
        let unobserved_since_ms = if by_part { None } else { follower.since_ms.take() };
        let seen = Seen { sight, problems, observed_ms: heard_ms, unobserved_since_ms, made_by, meanings };
        if follower.desk.hand_on(Backend::Nft, seen, true).await { Ok(()) } else { Err(End::Journal) }
    }

    /// What the changes of a transaction mean.
    fn meant(&self, follower: &Follower, outcome: &Outcome) -> Meant {
        let items = outcome.items.iter().map(|(key, setting)| (key, setting.as_ref().map(|setting| &setting.value)));
        follower.desk.meanings.of_part(Backend::Nft, |kept| {
            let mut chains = Vec::with_capacity(outcome.chains.len());
            for one in &outcome.chains {
                let rules = self.model.rules(&one.table, &one.name, one.since, kept.count(&one.key));
                chains.push((&*one.key, rules));
            }
            kept.part(chains, items)
        })
    }

    /// Compares what is known with what is there, if anything was committed
    /// since that was done last.
    async fn reconcile(&mut self, follower: &mut Follower) -> Result<(), End> {
        let before = self.asker.generation()?;
        let busy = !self.stream.done.is_empty() || self.stream.is_open();
        if before == self.verified || before != self.current || busy {
            return Ok(());
        }
        let mut listed = listing::whole(&follower.tools, follower.desk.place()).await?;
        listed.finish(&self.asker.table_flags()?);
        if self.asker.generation()? != before {
            return Ok(());
        }
        self.verified = before;
        self.ear.make_room(room(&listed));
        if listed.print() == self.model.print() {
            return Ok(());
        }
        let source = follower.desk.name_of(Backend::Nft);
        tracing::error!(%source, "what was known of the ruleset was not what is there; it has been corrected");
        let now_ms = follower.desk.now_ms();
        let since_ms = now_ms - i64::try_from(follower.desk.spec().reconcile.as_millis()).unwrap_or(0);
        let reason = format!("{source}: the ruleset was not as the kernel had told; it was listed again");
        if !follower.desk.gap(since_ms, now_ms, reason).await {
            return Err(End::Journal);
        }
        follower.since_ms = Some(since_ms);
        self.model = listed;
        self.whole = true;
        self.hand_on(follower, None, now_ms).await
    }

    /// Whether the namespace is still the one of its name. One that was removed
    /// would live on as long as it is listened to.
    fn look_at_place(&self, follower: &Follower) -> Result<(), End> {
        match follower.desk.place().identity() {
            Ok(found) if Some(found) == self.identity => Ok(()),
            Ok(_) => Err(End::Lost("the network namespace is another one now".to_owned())),
            Err(error) => Err(error.into()),
        }
    }
}

/// Changes as items, by the policy of the source.
fn items(follower: &Follower, changes: Vec<(ItemKey, Option<Setting>)>) -> Vec<(ItemKey, Option<Item>)> {
    let (mut items, mut settings) = (Vec::with_capacity(changes.len()), Vec::new());
    for (key, setting) in changes {
        match setting {
            Some(setting) => settings.push(setting),
            None => items.push((key, None)),
        }
    }
    let set = follower.desk.observation(&settings).into_items();
    items.extend(set.into_iter().map(|item| (item.key.clone(), Some(item))));
    items
}

fn room(model: &Model) -> usize {
    model.size().saturating_mul(BUFFER_BYTES_EACH).clamp(BUFFER_BYTES_MIN, BUFFER_BYTES_MAX)
}

/// Waits until both who listen have nothing to take, so that from then on both
/// tell the same. Where it is never calm they begin as they are: if that was
/// wrong, it is found out.
async fn calm(ear: &mut Ear, monitor: &mut Monitor) -> Result<(), End> {
    let end = clock::monotonic() + CALM_MAX;
    while clock::monotonic() < end {
        let told = tokio::select! {
            events = ear.hear() => {
                // What was lost is in the listing that comes.
                _ = events;
                true
            }
            more = monitor.more() => {
                if !more? {
                    return Err(End::Lost("`nft monitor` has ended".to_owned()));
                }
                true
            }
            () = tokio::time::sleep(CALM) => !monitor.is_idle(),
        };
        if !told {
            break;
        }
    }
    monitor.forget();
    Ok(())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
