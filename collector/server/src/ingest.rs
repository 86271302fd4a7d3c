//! The ingest service: one stream per agent, each in a task of its own.

use std::sync::Arc;

use driftline_daemon::Group;
use driftline_wire::Peer;
use driftline_wire::service::Ingest;
use driftline_wire::v1::{AgentFrame, CollectorFrame};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::session::{self, OUTGOING_FRAMES, SessionParts};

/// The service; clones share everything.
#[derive(Clone)]
pub struct IngestService {
    parts: Arc<SessionParts>,
    streams: Group,
}

impl IngestService {
    /// A service whose streams run in that group.
    #[must_use]
    pub fn new(parts: Arc<SessionParts>, streams: Group) -> Self {
        Self { parts, streams }
    }
}

#[tonic::async_trait]
impl Ingest for IngestService {
    type SyncStream = ReceiverStream<Result<CollectorFrame, Status>>;

    async fn sync(&self, request: Request<Streaming<AgentFrame>>) -> Result<Response<Self::SyncStream>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let peer = peer.ok_or_else(|| Status::unauthenticated("no certificate"))?;
        let (outgoing, frames) = mpsc::channel(OUTGOING_FRAMES);
        let incoming = request.into_inner();
        let session = session::serve(Arc::clone(&self.parts), peer, incoming, outgoing, self.streams.stop());
        self.streams.spawn(session).map_err(|full| Status::resource_exhausted(full.to_string()))?;
        Ok(Response::new(ReceiverStream::new(frames)))
    }
}
