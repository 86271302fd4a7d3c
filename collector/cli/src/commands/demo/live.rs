//! The live view that the demo keeps open: what `driftline watch` would show.

use std::time::{Duration, Instant};

use driftline_api::change::{Change, ChangeQuery};

use crate::client::sse::Decoder;
use crate::client::{Client, Stream, understood};
use crate::failure::Outcome;

/// An open stream of changes.
#[derive(Debug)]
pub(super) struct Live {
    stream: Stream,
    decoder: Decoder,
}

impl Live {
    /// Opens it; only what happens from now on comes.
    pub(super) async fn open(client: &Client, environment: &str) -> Outcome<Self> {
        let query = ChangeQuery { env: Some(environment.to_owned()), ..ChangeQuery::default() };
        let stream = client.stream(&["changes", "stream"], &query, None).await?;
        Ok(Self { stream, decoder: Decoder::default() })
    }

    /// The change of that key on that host, and when it came; none if the time
    /// is over.
    pub(super) async fn until(&mut self, host: &str, key: &str, limit: Duration) -> Outcome<Option<(Change, Instant)>> {
        tokio::time::timeout(limit, self.search(host, key)).await.unwrap_or(Ok(None))
    }

    async fn search(&mut self, host: &str, key: &str) -> Outcome<Option<(Change, Instant)>> {
        while let Some(chunk) = self.stream.next().await? {
            let at = Instant::now();
            for event in self.decoder.feed(&chunk).iter().filter(|event| event.name == "change") {
                let change: Change = understood(event.data.as_bytes())?;
                if change.host == host && change.key == key {
                    return Ok(Some((change, at)));
                }
            }
        }
        Ok(None)
    }
}
