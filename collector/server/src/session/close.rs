//! The end of a stream: why, what the agent is told, and what the history says.

use std::sync::Arc;
use std::time::Duration;

use driftline_store::{EventKind, HostStatus};
use driftline_wire::convert::{CollectorMessage, Refusal, RefusalKind, encode_collector};

use super::{FAREWELL, Session};
use crate::event;
use crate::record::{Draft, Stopped};

/// Why a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The agent stops on purpose.
    Goodbye(String),
    /// The connection is gone.
    Lost,
    /// Nothing came for too long.
    Silent,
    /// The collector ended it.
    Refused(Refusal),
    /// The collector stops.
    Stopping,
}

impl Session {
    pub(super) async fn close(self, ending: Ending) {
        let host = &self.identity.host;
        let patience = match &ending {
            Ending::Goodbye(_) => None,
            Ending::Silent => Some(Duration::ZERO),
            Ending::Lost | Ending::Refused(_) | Ending::Stopping => Some(self.parts.silence),
        };
        let spoke = self.parts.live.leave(host, self.id, patience);
        tracing::debug!(host = %host, ?ending, "a stream ended");
        if spoke {
            // Stopping: the agent says goodbye again, or is found silent.
            _ = self.keep(&ending).await;
        }
        match ending {
            Ending::Refused(refusal) => self.tell(refusal).await,
            Ending::Goodbye(_) | Ending::Lost | Ending::Silent => {}
            Ending::Stopping => {
                let reason = "the collector is stopping".to_owned();
                self.tell(Refusal { kind: RefusalKind::Busy, reason }).await;
            }
        }
    }

    async fn tell(&self, refusal: Refusal) {
        tracing::info!(host = %self.identity.host, kind = refusal.kind.as_str(), reason = refusal.reason, "stream refused");
        let frame = encode_collector(&CollectorMessage::Refusal(refusal));
        // An agent that does not hear it finds out at its next try.
        _ = self.outgoing.send_timeout(Ok(frame), FAREWELL).await;
    }

    /// Keeps what was known of the host only in memory, and that it stopped on
    /// purpose.
    async fn keep(&self, ending: &Ending) -> Result<(), Stopped> {
        let (name, live) = (self.identity.host.clone(), Arc::clone(&self.parts.live));
        let goodbye = match ending {
            Ending::Goodbye(reason) => Some(reason.clone()),
            _ => None,
        };
        let step = move |draft: &mut Draft<'_>| {
            let Some(mut host) = draft.host(&name)? else { return Ok(()) };
            if let Some(vitals) = live.vitals(&name) {
                host.last_seen_ms = host.last_seen_ms.max(vitals.last_seen_ms);
                host.verified_ms = host.verified_ms.max(vitals.verified_ms);
                host.degraded_sources = vitals.degraded_sources;
            }
            let stopped = goodbye.filter(|_| host.status == HostStatus::Connected && !live.is_connected(&name));
            if let Some(reason) = stopped {
                let message = format!("the agent of {} stopped: {reason}", host.host);
                draft.append(vec![event::of_host(&host, EventKind::HostStopped, message)]);
                host.status = HostStatus::Stopped;
            }
            draft.put_host(host);
            Ok(())
        };
        self.parts.recorder.decide(step).await
    }
}
