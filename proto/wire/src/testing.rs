//! A CA, its certificates and clocks for the tests of this crate.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ServerConfig};

use crate::identity::{AgentId, PeerIdentity};
use crate::tls::{Credentials, TlsSettings};

/// 2026-11-22T04:30:00Z: when the tests take place.
pub(crate) const NOW_MS: i64 = 1_795_321_800_000;

/// An hour, for clocks that are wrong by some.
pub(crate) const HOUR_MS: i64 = 3_600_000;

/// Settings with a clock that is wrong by so much.
pub(crate) fn clock(skew_ms: i64) -> TlsSettings {
    TlsSettings::new().with_clock(move || NOW_MS + skew_ms)
}

/// The identity of most tests.
pub(crate) fn web_1() -> PeerIdentity {
    PeerIdentity {
        agent: AgentId::new("a-1").unwrap(),
        host: "web-1".parse().unwrap(),
        environment: "production".parse().unwrap(),
        role: "web".parse().unwrap(),
    }
}

/// A certificate authority.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) der: CertificateDer<'static>,
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        set_validity(&mut params, -24 * HOUR_MS, 24 * 365 * HOUR_MS);
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), der }
    }

    /// A certificate of names, valid from and until so long around now, with
    /// this CA in the chain.
    pub(crate) fn issue(&self, names: Vec<SanType>, purpose: ExtendedKeyUsagePurpose, valid: [i64; 2]) -> Credentials {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = names;
        params.extended_key_usages = vec![purpose];
        set_validity(&mut params, valid[0], valid[1]);
        let leaf = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Credentials::new(vec![leaf, self.der.clone()], key_der(&key))
    }

    /// A collector on loopback.
    pub(crate) fn collector(&self) -> Credentials {
        let names = vec![
            SanType::IpAddress("127.0.0.1".parse().unwrap()),
            SanType::DnsName("collector.example".try_into().unwrap()),
        ];
        self.issue(names, ExtendedKeyUsagePurpose::ServerAuth, [-HOUR_MS, 24 * HOUR_MS])
    }

    /// An agent of these URIs.
    pub(crate) fn agent_of(&self, uris: &[&str], valid: [i64; 2]) -> Credentials {
        let names = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())).collect();
        self.issue(names, ExtendedKeyUsagePurpose::ClientAuth, valid)
    }

    /// [`web_1`].
    pub(crate) fn agent(&self) -> Credentials {
        self.agent_of(&[&web_1().to_uri()], [-HOUR_MS, 24 * HOUR_MS])
    }

    pub(crate) fn ingest(&self) -> Arc<ServerConfig> {
        crate::tls::ingest_server(&self.collector(), self.der.clone(), &clock(0)).unwrap()
    }

    pub(crate) fn client(&self) -> Arc<ClientConfig> {
        crate::tls::agent_client(self.der.clone(), &self.agent(), &clock(0)).unwrap()
    }
}

/// A certificate that signed itself, naming an agent.
pub(crate) fn self_signed() -> Credentials {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.subject_alt_names = vec![SanType::URI(web_1().to_uri().as_str().try_into().unwrap())];
    set_validity(&mut params, -HOUR_MS, HOUR_MS);
    Credentials::new(vec![params.self_signed(&key).unwrap().der().clone()], key_der(&key))
}

fn key_der(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(key.serialize_der()).unwrap()
}

fn set_validity(params: &mut CertificateParams, from_ms: i64, until_ms: i64) {
    let at = |offset_ms: i64| {
        let ms = u64::try_from(NOW_MS + offset_ms).unwrap();
        let begin = rcgen::date_time_ymd(1970, 1, 1);
        begin + Duration::from_millis(ms)
    };
    params.not_before = at(from_ms);
    params.not_after = at(until_ms);
}
