//! The three listeners: bound at start, served until the stop.
//!
//! Connections that did not come about are counted; those that look like a
//! forged identity are told to the history, but not at the pace of an attacker.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use driftline_daemon::Tasks;
use driftline_store::EventKind;
use driftline_wire::accept::{AcceptLimits, Observer, Rejection, RejectionKind, TlsSource, incoming};
use driftline_wire::service;
use driftline_wire::tls::{self, Credentials, TlsSettings};
use tokio::net::TcpListener;

use super::{Bound, Core, listener};
use crate::ca::Ca;
use crate::config::Listen;
use crate::enrol::EnrolmentService;
use crate::error::ServerError;
use crate::event;
use crate::ingest::IngestService;
use crate::record::Reply;

/// Between two events about one address.
const VIOLATION_EVERY_MS: i64 = 60_000;

/// Addresses whose last violation is remembered. An attacker with more of them
/// than this makes no more events, only counts.
const VIOLATORS_MAX: usize = 256;

/// The services behind the listeners.
pub(super) struct Doors {
    pub(super) ingest: IngestService,
    pub(super) enrol: EnrolmentService,
}

/// Bound listeners with their TLS.
pub(super) struct Listeners {
    ingest: TcpListener,
    enrol: TcpListener,
    api: TcpListener,
    tls: TlsSources,
}

/// The TLS configurations in force.
#[derive(Clone)]
pub(super) struct TlsSources {
    ingest: TlsSource,
    enrol: TlsSource,
    api: TlsSource,
}

impl TlsSources {
    fn new(own: &Credentials, ca: &Ca, settings: &TlsSettings) -> Result<Self, ServerError> {
        Ok(Self {
            ingest: TlsSource::new(tls::ingest_server(own, ca.certificate().clone(), settings)?),
            enrol: TlsSource::new(tls::enrol_server(own, settings)?),
            api: TlsSource::new(tls::api_server(own, settings)?),
        })
    }

    /// New connections use another certificate from now on.
    pub(super) fn replace(&self, own: &Credentials, ca: &Ca, settings: &TlsSettings) -> Result<(), ServerError> {
        let next = Self::new(own, ca, settings)?;
        self.ingest.replace(next.ingest.current());
        self.enrol.replace(next.enrol.current());
        self.api.replace(next.api.current());
        Ok(())
    }
}

impl Listeners {
    pub(super) async fn bind(
        listen: &Listen,
        own: &Credentials,
        ca: &Ca,
        settings: &TlsSettings,
    ) -> Result<Self, ServerError> {
        Ok(Self {
            tls: TlsSources::new(own, ca, settings)?,
            ingest: listener("agents", listen.ingest).await?,
            enrol: listener("enrolment", listen.enrol).await?,
            api: listener("operators", listen.api).await?,
        })
    }

    pub(super) fn bound(&self) -> Result<Bound, ServerError> {
        let address = |listener: &TcpListener| listener.local_addr().map_err(ServerError::Runtime);
        Ok(Bound { ingest: address(&self.ingest)?, enrol: address(&self.enrol)?, api: address(&self.api)? })
    }

    /// Serves all three; gives the way to replace their certificates.
    pub(super) fn serve(self, tasks: &mut Tasks, doors: Doors, core: &Arc<Core>) -> TlsSources {
        let Self { ingest, enrol, api, tls } = self;
        let (limits, stop) = (AcceptLimits::default(), tasks.stop());
        let agents = incoming(ingest, tls.ingest.clone(), limits, observer(core, true));
        let server = service::ingest_transport().add_service(service::ingest_server(doors.ingest));
        tasks.spawn("ingest", server.serve_with_incoming_shutdown(agents, stop.clone().cancelled_owned()));
        let anonymous = AcceptLimits::anonymous();
        let newcomers = incoming(enrol, tls.enrol.clone(), anonymous, observer(core, false));
        let server = service::enrolment_transport().add_service(service::enrolment_server(doors.enrol));
        tasks.spawn("enrolment", server.serve_with_incoming_shutdown(newcomers, stop.clone().cancelled_owned()));
        let operators = incoming(api, tls.api.clone(), anonymous, observer(core, false));
        tasks.spawn("api", crate::http::serve(operators, Arc::clone(core), stop));
        tls
    }
}

/// Counts rejections; with `tell`, forged identities become events.
fn observer(core: &Arc<Core>, tell: bool) -> Observer {
    let weak = Arc::downgrade(core);
    let seen = Mutex::new(HashMap::new());
    Arc::new(move |rejection: &Rejection| {
        let Some(core) = weak.upgrade() else { return };
        core.metrics.connection_refused();
        let forged =
            matches!(rejection.kind, RejectionKind::UnknownCa | RejectionKind::NoAgent | RejectionKind::BadCertificate);
        let now_ms = core.clock.now_ms();
        if !tell
            || !forged
            || !is_news(&mut seen.lock().unwrap_or_else(PoisonError::into_inner), rejection.peer, now_ms)
        {
            return;
        }
        let message =
            format!("{} showed a certificate that is not of this collector: {}", rejection.peer.ip(), rejection.detail);
        let entry = event::general(EventKind::IdentityViolation, message);
        let step = move |draft: &mut crate::record::Draft<'_>| {
            draft.append(vec![entry]);
            let reply: Reply = Box::new(|| {});
            Ok(reply)
        };
        core.recorder.try_submit(step);
    })
}

fn is_news(seen: &mut HashMap<IpAddr, i64>, peer: SocketAddr, now_ms: i64) -> bool {
    seen.retain(|_, last| now_ms.saturating_sub(*last) < VIOLATION_EVERY_MS);
    if seen.len() >= VIOLATORS_MAX || seen.contains_key(&peer.ip()) {
        return false;
    }
    seen.insert(peer.ip(), now_ms);
    true
}
