//! The end of a stream: why, what the agent is told, and what the history says.

use std::time::Duration;

use driftline_store::{EventKind, HostStatus};
use driftline_wire::convert::{CollectorMessage, Refusal, RefusalKind, encode_collector};

use super::{FAREWELL, Session};
use crate::event;
use crate::record::Stopped;

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
        match ending {
            Ending::Goodbye(reason) if spoke => {
                // Stopping: the agent says goodbye again, or is found silent.
                _ = self.stopped(reason).await;
            }
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

    async fn stopped(&self, reason: String) -> Result<(), Stopped> {
        let (name, live) = (self.identity.host.clone(), std::sync::Arc::clone(&self.parts.live));
        let step = move |draft: &mut crate::record::Draft<'_>| {
            let host = draft.host(&name)?.filter(|host| host.status == HostStatus::Connected);
            let Some(mut host) = host.filter(|_| !live.is_connected(&name)) else { return Ok(()) };
            let message = format!("the agent of {} stopped: {reason}", host.host);
            draft.append(vec![event::of_host(&host, EventKind::HostStopped, message)]);
            host.status = HostStatus::Stopped;
            host.last_seen_ms = draft.now_ms;
            draft.put_host(host);
            Ok(())
        };
        self.parts.recorder.decide(step).await
    }
}
