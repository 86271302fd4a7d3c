//! Clients and servers of both services, with every limit set.
//!
//! Use these instead of the generated constructors, which know no limit.

use tonic::transport::{Channel, Server};

use crate::limits::{
    DER_BYTES_MAX, FRAME_BYTES_MAX, HANDSHAKE, HEADER_BYTES_MAX, KEEP_ALIVE, KEEP_ALIVE_TIMEOUT,
    STREAMS_PER_CONNECTION_MAX,
};
pub use crate::v1::enrolment_client::EnrolmentClient;
pub use crate::v1::enrolment_server::{Enrolment, EnrolmentServer};
pub use crate::v1::ingest_client::IngestClient;
pub use crate::v1::ingest_server::{Ingest, IngestServer};

/// Bytes of an enrolment message: two certificates and short texts.
const ENROLMENT_BYTES_MAX: usize = 4 * DER_BYTES_MAX;

/// An agent's client for [`Ingest`].
#[must_use]
pub fn ingest_client(channel: Channel) -> IngestClient<Channel> {
    IngestClient::new(channel).max_decoding_message_size(FRAME_BYTES_MAX).max_encoding_message_size(FRAME_BYTES_MAX)
}

/// The collector's side of [`Ingest`].
#[must_use]
pub fn ingest_server<T: Ingest>(service: T) -> IngestServer<T> {
    IngestServer::new(service).max_decoding_message_size(FRAME_BYTES_MAX).max_encoding_message_size(FRAME_BYTES_MAX)
}

/// An agent's client for [`Enrolment`].
#[must_use]
pub fn enrolment_client(channel: Channel) -> EnrolmentClient<Channel> {
    EnrolmentClient::new(channel)
        .max_decoding_message_size(ENROLMENT_BYTES_MAX)
        .max_encoding_message_size(ENROLMENT_BYTES_MAX)
}

/// The collector's side of [`Enrolment`].
#[must_use]
pub fn enrolment_server<T: Enrolment>(service: T) -> EnrolmentServer<T> {
    EnrolmentServer::new(service)
        .max_decoding_message_size(ENROLMENT_BYTES_MAX)
        .max_encoding_message_size(ENROLMENT_BYTES_MAX)
}

/// A server for [`Ingest`]: long streams, dead peers noticed.
#[must_use]
pub fn ingest_transport() -> Server {
    Server::builder()
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
}

/// A server for [`Enrolment`]: anyone may connect, so every request and every
/// connection ends soon.
#[must_use]
pub fn enrolment_transport() -> Server {
    ingest_transport().timeout(HANDSHAKE).max_connection_age(3 * HANDSHAKE).max_connection_age_grace(HANDSHAKE)
}
