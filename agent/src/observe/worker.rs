//! Carries out looks: opens, reads, parses and digests one file after the
//! other, on a thread that may block.
//!
//! It decides nothing about time and keeps nothing between two files but
//! buffers and account names. Values end here: what it returns has none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_canon::digest::KeyedDigest;
use driftline_canon::format::firewall::meaning;
use driftline_canon::limits::PROBLEMS_MAX;
use driftline_canon::{
    Digest, FleetKey, Format, Item, ItemKey, Observation, Problem, ProblemKind, Setting, SourceKind, Value, format,
};
use driftline_daemon::Clock;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Errno;

use super::content::{Content, HASHED_BYTES_MAX, READING, Reader};
use super::examine::{Examined, Plain, What, examine};
use super::includes::{Fetched, Fetcher, name_of};
use super::look::{Clue, Footprint, Look, Observed, Outcome, Sight, Urgency};
use super::metadata::{self, Metadata, State};
use super::settle::Due;
use super::stamp::{Signature, Stamp};
use super::trail::Trail;
use crate::actor;
use crate::config::{ReadAs, display_path};

/// Included files by which it is looked for who changed a source.
const CLUE_FILES_MAX: usize = 64;

/// One worker.
#[derive(Debug)]
pub struct Worker {
    keyed: KeyedDigest,
    metadata: Metadata,
    reader: Reader,
    clock: Clock,
    dir: Option<OpenDir>,
}

/// The directory of the file that was looked at last.
#[derive(Debug)]
struct OpenDir {
    path: Arc<Path>,
    opened: Result<OwnedFd, Errno>,
    plain: Option<Plain>,
}

impl OpenDir {
    fn open(path: &Arc<Path>) -> Self {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(&**path, flags, Mode::empty());
        let plain = opened.as_ref().ok().and_then(|dir| Plain::of(path, dir));
        Self { path: Arc::clone(path), opened, plain }
    }
}

/// What was read of a file, before names and times are added.
struct Seen {
    sight: Sight,
    problems: Vec<Problem>,
    unsettled: bool,
    trail: Option<Arc<Trail>>,
    rules: Option<Arc<Vec<Setting>>>,
}

/// What a file's bytes gave.
struct Parsed {
    items: Vec<Item>,
    /// What stands for the bytes, those of included files too.
    digest: Digest,
    problems: Vec<Problem>,
    fetched: Fetched,
    /// The rules of a dump of a firewall.
    rules: Option<Arc<Vec<Setting>>>,
}

impl Worker {
    /// A worker that digests under this key.
    #[must_use]
    pub fn new(key: &FleetKey, clock: Clock) -> Self {
        let keyed = key.keyed();
        Self { metadata: Metadata::new(keyed.clone()), keyed, reader: Reader::new(), clock, dir: None }
    }

    /// Before a batch: account names may have changed, directories too.
    pub fn begin(&mut self) {
        self.metadata.refresh();
        self.dir = None;
    }

    /// Carries out one look; `last` is how it looked before.
    pub fn look(&mut self, due: &Due, last: &Footprint) -> Outcome {
        if due.look.urgency == Urgency::IfChanged
            && last.signature.is_seen()
            && self.signature(&due.look) == last.signature
            && last.includes_the_same()
        {
            return Outcome::Unchanged;
        }
        let observed_ms = self.clock.now_ms();
        let path = due.look.path();
        let plain = self.dir(&due.look.dir).plain.as_ref().and_then(|plain| plain.examine(&due.look.name));
        let found = plain.unwrap_or_else(|| examine(&path));
        let signature = found.signature;
        let inode = match &found.what {
            What::File(_, stat) => Some((stat.st_dev, stat.st_ino)),
            _ => None,
        };
        let seen = self.seen(found, &due.look, due.settled);
        let look = &due.look;
        let meanings = match (&last.rules, &seen.rules) {
            (Some(before), Some(after)) => meaning::meanings(before, after),
            _ => Vec::new(),
        };
        let mut problems = seen.problems;
        problems.extend(look.polled.as_deref().map(super::look::PollReason::problem));
        let observed = Box::new(Observed {
            name: look.spec.name_of(&path),
            path: display_path(&path),
            spec: Arc::clone(&look.spec),
            sight: seen.sight,
            problems,
            observed_ms,
            unobserved_since_ms: look.unobserved_since_ms,
            actor: None,
            clue: clue(look, path, inode, seen.trail.as_deref()),
            meanings,
        });
        // Of a dump that cannot be read the rules stay as they were last known.
        let footprint = Footprint { signature, trail: seen.trail, rules: seen.rules.or_else(|| last.rules.clone()) };
        if seen.unsettled { Outcome::Unsettled(observed, footprint) } else { Outcome::Seen(observed, footprint) }
    }

    /// Looks of a batch come directory by directory: each is opened once.
    fn dir(&mut self, path: &Arc<Path>) -> &OpenDir {
        let known = self.dir.take().filter(|dir| Arc::ptr_eq(&dir.path, path));
        self.dir.insert(known.unwrap_or_else(|| OpenDir::open(path)))
    }

    fn signature(&mut self, look: &Look) -> Signature {
        match &self.dir(&look.dir).opened {
            Ok(dir) => Signature::look(dir, &look.name),
            Err(error) => Signature::of_error(*error),
        }
    }

    fn seen(&mut self, found: Examined, look: &Look, settled: bool) -> Seen {
        let mut items = Vec::with_capacity(6);
        self.metadata.of_target(found.target.as_deref(), &mut items);
        match found.what {
            What::File(file, stat) => self.file(file, &stat, look, settled, items),
            What::Absent(why) => {
                items.push(self.metadata.state(State::Absent));
                whole(items, None, vec![Problem::whole(ProblemKind::Missing, why)])
            }
            What::Refused(why, stat) => {
                if let Some(stat) = stat {
                    self.metadata.of_stat(&stat, &mut items);
                }
                items.push(self.metadata.state(State::Refused));
                whole(items, None, vec![Problem::whole(ProblemKind::NotAFile, why)])
            }
            What::OutOfBounds(why) => {
                items.push(self.metadata.state(State::Refused));
                whole(items, None, vec![Problem::whole(ProblemKind::OutOfBounds, why)])
            }
            What::Unreadable(error, stat) => self.unreadable(error, stat.as_deref(), items),
        }
    }

    fn unreadable(&mut self, error: Errno, stat: Option<&Stat>, mut items: Vec<Item>) -> Seen {
        if let Some(stat) = stat {
            self.metadata.of_stat(stat, &mut items);
        }
        items.push(self.metadata.state(State::Unreadable));
        let (kind, reason) = match error {
            Errno::ACCESS | Errno::PERM => (ProblemKind::Unreadable, "the agent may not read it".to_owned()),
            Errno::TIMEDOUT => (ProblemKind::Host, format!("it could not be read within {} s", READING.as_secs())),
            error => (ProblemKind::Host, format!("it could not be read: {}", std::io::Error::from(error))),
        };
        let problems = vec![Problem::whole(kind, reason)];
        Seen { sight: Sight::Unreadable { metadata: items }, problems, unsettled: false, trail: None, rules: None }
    }

    fn file(&mut self, mut file: std::fs::File, stat: &Stat, look: &Look, settled: bool, mut items: Vec<Item>) -> Seen {
        let parsed_max = (look.spec.reading != ReadAs::Content).then_some(look.spec.file_bytes_max);
        let held = match self.reader.read(&mut file, stat, parsed_max) {
            Ok(held) => held,
            Err(error) => {
                let error = Errno::from_io_error(&error).unwrap_or(Errno::IO);
                return self.unreadable(error, Some(stat), items);
            }
        };
        self.metadata.of_stat(stat, &mut items);
        self.metadata.of_acl(&file, &mut items);
        items.push(self.metadata.state(State::Present));
        let Parsed { items: parsed, digest, problems, fetched, rules } = self.parse(&held.content, look, stat);
        let content = Some((digest, Stamp::of(stat).with(fetched.trail.fold())));
        let observation = metadata::with(parsed, items);
        let unfinished = may_be_unfinished(stat, look.urgency) || fetched.empty;
        let unsettled = held.torn || fetched.torn || (!settled && unfinished);
        let trail = (!fetched.trail.is_empty()).then(|| Arc::new(fetched.trail));
        let sight = Sight::Whole { observation, content, unreadable: fetched.unreadable };
        Seen { sight, problems, unsettled, trail, rules }
    }

    fn parse(&mut self, content: &Content, look: &Look, stat: &Stat) -> Parsed {
        let spec = &*look.spec;
        match (content, spec.reading) {
            (Content::Bytes(bytes, hash), reading) if let Some(format) = format_of(reading, &look.name, bytes) => {
                self.settings(format, (bytes.as_slice(), *hash), look, stat)
            }
            (Content::Bytes(_, hash), ReadAs::Detected) => {
                let reason = "its format is not plain to see: say it with `format`; it is watched by content alone";
                self.opaque(*hash, Some(Problem::whole(ProblemKind::Syntax, reason)))
            }
            (Content::Hash(hash), ReadAs::Content) => self.opaque(*hash, None),
            (Content::Hash(hash) | Content::Bytes(_, hash), _) => {
                let reason = format!("it has more than {} bytes and is watched by content alone", spec.file_bytes_max);
                self.opaque(*hash, Some(Problem::whole(ProblemKind::Limit, reason)))
            }
            (Content::Stamp(hash), _) => {
                let reason = format!("it has more than {HASHED_BYTES_MAX} bytes and is watched by size and time alone");
                self.opaque(*hash, Some(Problem::whole(ProblemKind::Limit, reason)))
            }
        }
    }

    fn settings(&mut self, format: Format, (bytes, hash): (&[u8], [u8; 32]), look: &Look, stat: &Stat) -> Parsed {
        let path = look.path();
        let now_ms = self.clock.now_ms();
        let mut files = Fetcher::new(&mut self.reader, &path, stat, look.spec.file_bytes_max, now_ms);
        let reading = format::read_with(format, bytes, Some(&name_of(&path)), &mut files);
        let mut fetched = files.finish();
        let mut problems = reading.problems;
        let room = PROBLEMS_MAX.saturating_sub(problems.len());
        problems.extend(std::mem::take(&mut fetched.problems).into_iter().take(room));
        let items = Observation::of_settings(&reading.settings, &self.keyed, look.spec.display).into_items();
        let digest = self.keyed.digest(&ItemKey::metadata(ItemKey::CONTENT), &Value::Content(fetched.hash(hash)));
        let rules = (look.spec.kind == SourceKind::FirewallDump).then(|| Arc::new(reading.settings));
        Parsed { items, digest, problems, fetched, rules }
    }

    /// One item for content that is not parsed. Its hash is shown nowhere: the
    /// hash of a short file is as good as the file.
    fn opaque(&self, hash: [u8; 32], problem: Option<Problem>) -> Parsed {
        let key = ItemKey::metadata(ItemKey::CONTENT);
        let digest = self.keyed.digest(&key, &Value::Content(hash));
        let item = Item { key, digest, secret: false, display: None, line: None, file: None };
        Parsed {
            items: vec![item],
            digest,
            problems: problem.into_iter().collect(),
            fetched: Fetched::default(),
            rules: None,
        }
    }
}

/// What may tell who changed a source. Of a first look nobody asks: nothing was
/// seen to change.
fn clue(look: &Look, path: PathBuf, inode: Option<(u64, u64)>, trail: Option<&Trail>) -> Clue {
    if look.urgency == Urgency::First {
        return Clue::default();
    }
    let real = actor::real(&path);
    let mut files = vec![path];
    if real != files[0] {
        files.push(real);
    }
    files.extend(trail.iter().flat_map(|trail| trail.files()).take(CLUE_FILES_MAX).map(Path::to_owned));
    let by_event = look.urgency != Urgency::IfChanged;
    Clue { by_event, files, inode, ..Clue::default() }
}

/// The format that a file is read in; none: by content alone.
fn format_of(reading: ReadAs, name: &std::ffi::OsStr, bytes: &[u8]) -> Option<Format> {
    match reading {
        ReadAs::Content => None,
        ReadAs::Format(format) => Some(format),
        ReadAs::Detected => format::detect(&name.to_string_lossy(), bytes),
    }
}

fn whole(items: Vec<Item>, content: Option<(Digest, Stamp)>, problems: Vec<Problem>) -> Seen {
    let sight = Sight::Whole { observation: Observation::new(items), content, unreadable: Vec::new() };
    Seen { sight, problems, unsettled: false, trail: None, rules: None }
}

/// A file that was emptied or created a moment ago is about to be written,
/// more often than not. A hard link appears whole.
fn may_be_unfinished(stat: &Stat, urgency: Urgency) -> bool {
    match urgency {
        Urgency::First => false,
        Urgency::Created => stat.st_nlink == 1,
        Urgency::IfChanged | Urgency::Settle | Urgency::Now => stat.st_size == 0,
    }
}
