//! TLS towards the collector: 1.3 only, one pinned CA, no client certificate.
//!
//! The system's own certificate authorities are not believed.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// A configuration that believes these certificates and no others.
///
/// # Errors
/// [`Failure`] when one of them is no certificate.
pub fn pinned(ca: &[CertificateDer<'static>]) -> Outcome<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in ca {
        let added = roots.add(certificate.clone());
        added.map_err(|error| Failure::new(Exit::Config, format!("the CA certificate is not usable: {error}")))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13]);
    let builder = versions.map_err(|error| Failure::new(Exit::Internal, format!("TLS 1.3 is missing: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
