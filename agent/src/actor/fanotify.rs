//! Evidence from fanotify(7): which process changed a name in a watched
//! directory, read from `/proc` at once.
//!
//! It asks for no permission events, so it never holds up anybody, and opens
//! none of the files. It does not ask for opens and reads.

mod group;
pub mod info;
mod seen;

use std::convert::Infallible;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::Evidence;
use driftline_daemon::Clock;
use tokio_util::sync::CancellationToken;

use super::bell::Bell;
use super::places::Places;
use super::standing::{Live, Standing};
use super::tidings::{Key, Telling, Touch};
pub(super) use group::Group;
use group::Marked;
use seen::Seen;

/// Bytes of one read: some hundred events.
const READ_BYTES: usize = 32 * 1024;

/// Reads before it is looked whether anything else is to be done: some thousand
/// events. Whoever writes without end would be listened to alone.
const READS_MAX: usize = 16;

/// The highest priority (nice(2)).
const FIRST: i32 = -20;

/// The source.
#[derive(Debug)]
pub(super) struct Fanotify {
    pub(super) group: Group,
    pub(super) places: Places,
    pub(super) standing: Standing,
    pub(super) telling: Telling,
    pub(super) clock: Clock,
    pub(super) bell: Bell,
    pub(super) stop: CancellationToken,
}

impl Fanotify {
    /// Listens until it is stopped.
    pub(super) fn run(mut self) -> Result<(), Infallible> {
        let mut seen = Seen::default();
        let mut buffer = vec![0; READ_BYTES];
        let mut told = 0;
        let mut is_all = true;
        hurry();
        self.cover();
        while !self.stop.is_cancelled() {
            let longest = (!is_all).then_some(Duration::ZERO);
            let woken = match self.bell.wait(&self.group.descriptors(), longest) {
                Ok(woken) => woken,
                Err(error) => {
                    self.standing.set(Evidence::Fanotify, Live::No(format!("it cannot be waited for: {error}")));
                    break;
                }
            };
            // Processes end any moment: they come first.
            let asked = self.places.asked();
            is_all = (0..READS_MAX).any(|_| !self.hear(&mut seen, &mut buffer));
            if asked > told && is_all {
                told = asked;
                self.telling.drained(asked);
            }
            if woken.rung {
                self.cover();
            }
        }
        self.places.deaf();
        Ok(())
    }

    fn cover(&mut self) {
        let news = self.places.news();
        news.unwanted.iter().for_each(|dir| self.group.release(dir));
        let mut refused = None;
        for dir in &news.wanted {
            let marked = self.group.mark(dir);
            self.places.marked(dir, marked == Marked::Yes);
            if let Marked::No(why) = marked {
                refused = Some(why);
            }
        }
        if !news.wanted.is_empty() || !news.unwanted.is_empty() {
            let count = self.places.marks();
            let more = refused.map(|why| format!(", not all: {why}")).unwrap_or_default();
            let dirs = driftline_canon::count(u64::try_from(count).unwrap_or(u64::MAX), "directory", "directories");
            self.standing.set(Evidence::Fanotify, Live::Yes(format!("{dirs}{more}")));
        }
    }

    /// Reads once; true if there was anything.
    fn hear(&mut self, seen: &mut Seen, buffer: &mut [u8]) -> bool {
        let heard = self.group.read(buffer);
        let more = !heard.events.is_empty();
        let mut touches: Vec<Touch> = Vec::with_capacity(heard.events.len());
        // All processes of the batch first: what was touched can wait.
        let now = driftline_daemon::clock::monotonic();
        let own = std::process::id();
        for event in &heard.events {
            if event.pid != own {
                seen.look(event.pid, now);
            }
        }
        let at_ms = self.clock.now_ms();
        for event in heard.events {
            let Some(by) = (event.pid != own).then(|| seen.get(event.pid)).flatten() else {
                continue;
            };
            let keys: Vec<Key> = self.group.paths(&event.at).into_iter().map(Key::Path).collect();
            match touches.last_mut() {
                _ if keys.is_empty() => {}
                Some(last) if last.by.pid == by.pid && last.keys == keys => {}
                _ => touches.push(Touch { at_ms, keys, by: Arc::clone(by), evidence: Evidence::Fanotify }),
            }
        }
        if !touches.is_empty() {
            self.telling.send(touches);
        }
        if heard.lost {
            self.telling.lost(Evidence::Fanotify, 1);
        }
        more
    }
}

/// The process that made an event may end within a fraction of a millisecond:
/// this thread comes before others, as far as that is allowed. It has little to
/// do.
fn hurry() {
    _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), FIRST);
}

/// The path of a name in a directory; the directory itself has the name `.`.
fn join(dir: &std::path::Path, name: &[u8]) -> std::path::PathBuf {
    if name == b"." { dir.to_owned() } else { dir.join(std::ffi::OsStr::from_bytes(name)) }
}
