//! Agents that are gone without a word: found, recorded and alerted.
//!
//! A host that comes back in time was never silent; one that said goodbye is
//! not either.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use driftline_canon::HostName;
use driftline_daemon::clock;
use driftline_store::{EventKind, HostStatus, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::event;
use crate::live::Live;
use crate::record::{Draft, Recorder, Reply};

/// How often overdue hosts are looked for: keeps the promise of 30 s with the
/// 25 s after which an agent counts as silent.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Expects every host back that was connected when the collector last ran.
///
/// # Errors
/// When the store cannot be read.
pub fn expect_back(store: &Store, live: &Live, grace: Duration) -> Result<(), StoreError> {
    let hosts = store.reader()?.hosts()?;
    for host in hosts.into_iter().filter(|host| host.status == HostStatus::Connected) {
        live.expect(host.host, grace);
    }
    Ok(())
}

/// Finds overdue hosts until it is told to stop.
///
/// # Errors
/// Never: the type fits the task owner.
pub async fn watch(live: Arc<Live>, recorder: Recorder, stop: CancellationToken) -> Result<(), Infallible> {
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        // On a quiet fleet nothing else would bring the commit they wait for.
        if recorder.flush_later().await.is_err() {
            return Ok(());
        }
        for host in live.overdue(clock::monotonic()) {
            let live = Arc::clone(&live);
            let step = move |draft: &mut Draft<'_>| declare(draft, &host, &live);
            if recorder.submit(0, step).await.is_err() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn declare(draft: &mut Draft<'_>, name: &HostName, live: &Live) -> Result<Reply, StoreError> {
    let done: Reply = Box::new(|| {});
    let host = draft.host(name)?.filter(|host| host.status == HostStatus::Connected);
    let Some(mut host) = host.filter(|_| !live.is_connected(name)) else { return Ok(done) };
    let message = format!("nothing from the agent of {}: killed, cut off, or the host is down", host.host);
    let entry = event::of_host(&host, EventKind::HostSilent, message);
    draft.append(vec![event::between(entry, host.last_seen_ms, draft.now_ms)]);
    host.status = HostStatus::Silent;
    draft.put_host(host);
    Ok(done)
}
