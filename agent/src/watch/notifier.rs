//! inotify through notify: directories in, happenings out, losses said.
//!
//! It watches directories, never files, and never more than one level: a file
//! that is replaced takes its own watch with it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::{ErrorKind, INotifyWatcher, RecursiveMode, Watcher};
use rustix::io::Errno;
use tokio::sync::{Notify, mpsc};

use super::event::{Heard, heard};
use crate::observe::PollReason;

/// Happenings on their way. The kernel keeps 16,384 itself; what is more than
/// both means a rescan anyway.
pub const HEARD_MAX: usize = 16_384;

const WATCHES: &str = "fs.inotify.max_user_watches";
const INSTANCES: &str = "fs.inotify.max_user_instances";

/// Set when events were lost.
#[derive(Debug, Default)]
pub struct Losses {
    lost: AtomicBool,
    told: Notify,
}

impl Losses {
    fn add(&self) {
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

/// The kernel's ear.
#[derive(Debug)]
pub struct Notifier {
    watcher: Option<INotifyWatcher>,
    refused: PollReason,
    /// Keeps the ear open where there is no watcher: its end would end the
    /// watch stage, and polling with it.
    _open: Option<mpsc::Sender<Heard>>,
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
        let open = Some(sender.clone());
        let losses = Arc::new(Losses::default());
        let lost = Arc::clone(&losses);
        // Runs on notify's thread and must not wait: whoever reads may itself
        // be waiting for that thread to add a watch.
        let handler = move |event: notify::Result<notify::Event>| match event {
            Ok(event) if event.need_rescan() => lost.add(),
            Ok(event) => {
                if heard(event).is_some_and(|heard| sender.try_send(heard).is_err()) {
                    lost.add();
                }
            }
            Err(_) => lost.add(),
        };
        let (watcher, refused) = match INotifyWatcher::new(handler, notify::Config::default()) {
            Ok(watcher) => (Some(watcher), PollReason::Limit(INSTANCES)),
            Err(error) => (None, reason(&error)),
        };
        (Self { watcher, refused, _open: open }, Ear { heard: heard_by, losses })
    }

    /// Watches nothing: for looking at what would be watched.
    #[must_use]
    pub fn closed() -> Self {
        Self { watcher: None, refused: PollReason::Directory("it is only looked at".to_owned()), _open: None }
    }

    /// Watches a directory; again if it is another one at the same path now.
    ///
    /// # Errors
    /// Why it must be polled.
    pub fn watch(&mut self, dir: &Path) -> Result<(), PollReason> {
        let Some(watcher) = &mut self.watcher else {
            return Err(self.refused.clone());
        };
        // A watch of what was at this path before would stay under its name.
        _ = watcher.unwatch(dir);
        watcher.watch(dir, RecursiveMode::NonRecursive).map_err(|error| reason(&error))
    }
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
