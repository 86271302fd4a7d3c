//! Hears of mounts and unmounts: inotify falls silent without a word when a
//! filesystem goes (`/proc/self/mountinfo`, proc(5), tells by priority events).

use std::fs::File;
use std::io;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The mount table, to be waited for.
#[derive(Debug)]
pub(super) struct Mounts {
    table: AsyncFd<File>,
}

impl Mounts {
    /// Opens the mount table; none where there is no `/proc`.
    pub(super) fn open() -> Option<Self> {
        let opened = || -> io::Result<Self> {
            let file = File::open("/proc/self/mountinfo")?;
            #[allow(deprecated, reason = "its successor is unsafe; this owns the file, which stays open")]
            let table = AsyncFd::with_interest(file, Interest::PRIORITY)?;
            Ok(Self { table })
        };
        match opened() {
            Ok(mounts) => Some(mounts),
            Err(error) => {
                tracing::warn!(%error, "mounts cannot be watched, reconciliation will notice them");
                None
            }
        }
    }
}

/// Waits until something was mounted or unmounted; for ever without a table.
pub(super) async fn changed(mounts: Option<&Mounts>) {
    let Some(mounts) = mounts else {
        return std::future::pending().await;
    };
    match mounts.table.ready(Interest::PRIORITY).await {
        Ok(mut ready) => ready.clear_ready(),
        Err(_) => std::future::pending().await,
    }
}
