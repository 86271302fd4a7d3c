//! inotify through notify: directories in, happenings out, losses said.
//!
//! It watches directories, never files, and never more than one level: a file
//! that is replaced takes its own watch with it. It never asks to hear of opens:
//! the agent's own would wake it for every file that it reads.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::{Config, ErrorKind, EventKindMask, INotifyWatcher, RecursiveMode, Watcher};
use rustix::io::Errno;
use tokio::sync::{Notify, mpsc};

use super::event::{Heard, heard};
use crate::actor::places::Places;
use crate::observe::PollReason;

/// Happenings on their way. The kernel keeps 16,384 itself; what is more than
/// both means a rescan anyway.
pub const HEARD_MAX: usize = 16_384;

const WATCHES: &str = "fs.inotify.max_user_watches";
const INSTANCES: &str = "fs.inotify.max_user_instances";

/// What is heard of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hearing {
    /// Names that come, go or change their owner or mode: enough for what only
    /// lies on the way to a source. A log that is written there wakes nobody.
    Names,
    /// Also that files were written.
    Files,
}

impl Hearing {
    fn events(self) -> EventKindMask {
        let names =
            EventKindMask::CREATE | EventKindMask::REMOVE | EventKindMask::MODIFY_NAME | EventKindMask::MODIFY_META;
        match self {
            Self::Names => names,
            Self::Files => names | EventKindMask::MODIFY_DATA | EventKindMask::ACCESS_CLOSE,
        }
    }
}

/// Set when events were lost.
#[derive(Debug, Default)]
pub struct Losses {
    lost: AtomicBool,
    told: Notify,
}

impl Losses {
    /// Events were lost.
    pub(super) fn add(&self) {
        if !self.lost.swap(true, Ordering::SeqCst) {
            self.told.notify_one();
        }
    }

    /// Waits until events were lost.
    pub async fn wait(&self) {
        self.told.notified().await;
    }

    /// Whether events were lost since the last call.
    pub fn take(&self) -> bool {
        self.lost.swap(false, Ordering::SeqCst)
    }
}

/// The kernel's ear: one instance of inotify for each [`Hearing`].
#[derive(Debug)]
pub struct Notifier {
    watchers: Option<Watchers>,
    refused: PollReason,
    /// By which instance each path is watched.
    watched: HashMap<Box<Path>, Hearing>,
    /// Where it is to be known who changes files.
    places: Places,
    /// Keeps the ear open where there is no watcher: its end would end the
    /// watch stage, and polling with it.
    _open: Option<mpsc::Sender<Heard>>,
}

#[derive(Debug)]
struct Watchers {
    names: INotifyWatcher,
    files: INotifyWatcher,
}

/// Where happenings arrive.
#[derive(Debug)]
pub struct Ear {
    /// In the kernel's order.
    pub heard: mpsc::Receiver<Heard>,
    /// Whether some are missing.
    pub losses: Arc<Losses>,
}

impl Notifier {
    /// Opens inotify. Where that fails every directory is refused, with the
    /// reason.
    #[must_use]
    pub fn open() -> (Self, Ear) {
        let (sender, heard_by) = mpsc::channel(HEARD_MAX);
        let losses = Arc::new(Losses::default());
        let open = |hearing| watcher(hearing, &sender, &losses);
        let opened = open(Hearing::Names).and_then(|names| Ok(Watchers { names, files: open(Hearing::Files)? }));
        let (watchers, refused) = match opened {
            Ok(watchers) => (Some(watchers), PollReason::Limit(INSTANCES)),
            Err(error) => (None, reason(&error)),
        };
        (
            Self { watchers, refused, watched: HashMap::new(), places: Places::default(), _open: Some(sender) },
            Ear { heard: heard_by, losses },
        )
    }

    /// Watches nothing: for looking at what would be watched.
    #[must_use]
    pub fn closed() -> Self {
        let refused = PollReason::Directory("it is only looked at".to_owned());
        Self { watchers: None, refused, watched: HashMap::new(), places: Places::default(), _open: None }
    }

    /// The same, which tells where files are heard of.
    #[must_use]
    pub fn telling(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// Watches a directory; again if it is another one at the same path now.
    ///
    /// # Errors
    /// Why it must be polled.
    pub fn watch(&mut self, dir: &Path, hearing: Hearing) -> Result<(), PollReason> {
        let Some(watchers) = &mut self.watchers else {
            return Err(self.refused.clone());
        };
        let (watcher, other) = match hearing {
            Hearing::Names => (&mut watchers.names, &mut watchers.files),
            Hearing::Files => (&mut watchers.files, &mut watchers.names),
        };
        // A watch of what was at this path before would stay under its name.
        // Each `unwatch` walks every watch: it is called where there is one.
        let before = self.watched.remove(dir);
        if before == Some(hearing) {
            _ = watcher.unwatch(dir);
        }
        let watched = watcher.watch(dir, RecursiveMode::NonRecursive).map_err(|error| reason(&error));
        if before.is_some_and(|before| before != hearing) {
            _ = other.unwatch(dir);
        }
        if watched.is_ok() {
            self.watched.insert(dir.into(), hearing);
        }
        if watched.is_ok() && hearing == Hearing::Files {
            self.places.want(dir);
        } else if before == Some(Hearing::Files) {
            self.places.release(dir);
        }
        watched
    }

    /// Watches a directory no longer.
    pub fn unwatch(&mut self, dir: &Path) {
        let (Some(watchers), Some(hearing)) = (&mut self.watchers, self.watched.remove(dir)) else {
            return;
        };
        self.places.release(dir);
        _ = match hearing {
            Hearing::Names => watchers.names.unwatch(dir),
            Hearing::Files => watchers.files.unwatch(dir),
        };
    }
}

fn watcher(hearing: Hearing, sender: &mpsc::Sender<Heard>, lost: &Arc<Losses>) -> notify::Result<INotifyWatcher> {
    let (sender, lost) = (sender.clone(), Arc::clone(lost));
    // Runs on notify's thread and must not wait: whoever reads may itself be
    // waiting for that thread to add a watch.
    let handler = move |event: notify::Result<notify::Event>| match event {
        Ok(event) if event.need_rescan() => lost.add(),
        Ok(event) => {
            if heard(event).is_some_and(|heard| sender.try_send(heard).is_err()) {
                lost.add();
            }
        }
        Err(_) => lost.add(),
    };
    INotifyWatcher::new(handler, Config::default().with_event_kinds(hearing.events()))
}

fn reason(error: &notify::Error) -> PollReason {
    match &error.kind {
        ErrorKind::MaxFilesWatch => PollReason::Limit(WATCHES),
        ErrorKind::Io(source) if Errno::from_io_error(source) == Some(Errno::MFILE) => PollReason::Limit(INSTANCES),
        ErrorKind::Io(source) => PollReason::Directory(source.to_string()),
        ErrorKind::PathNotFound => PollReason::Directory("it is gone".to_owned()),
        other => PollReason::Directory(format!("{other:?}")),
    }
}
