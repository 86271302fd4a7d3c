use proptest::prelude::*;
use rcgen::{ExtendedKeyUsagePurpose, SanType};

use super::*;
use crate::testing::{Ca, HOUR_MS, web_1};

#[test]
fn an_identity_is_read_back_from_its_uri() {
    let uri = "driftline://agent/a-1/host/web-1/env/production/role/web";
    assert_eq!(web_1().to_uri(), uri);
    assert_eq!(PeerIdentity::from_uri(uri), Ok(web_1()));
    assert_eq!(web_1().to_string(), "web-1 (production, web)");
}

#[test]
fn a_uri_with_anything_missing_added_or_odd_is_refused() {
    for uri in [
        "",
        "spiffe://agent/a/host/b/env/c/role/d",
        "driftline://agent/a/host/b/env/c",
        "driftline://agent/a/host/b/env/c/role/d/",
        "driftline://agent/a/host/b/env/c/role/d/more/e",
        "driftline://host/b/agent/a/env/c/role/d",
        "driftline://agent/a/host/b/env/c/role/d?x=y",
        "driftline://agent/A/host/b/env/c/role/d",
        "driftline://agent//host/b/env/c/role/d",
        "driftline://agent/a/host/%62/env/c/role/d",
        "driftline://agent/a/host/b\n/env/c/role/d",
        "DRIFTLINE://agent/a/host/b/env/c/role/d",
    ] {
        assert!(PeerIdentity::from_uri(uri).is_err(), "{uri:?}");
    }
}

#[test]
fn the_identity_of_a_certificate_is_its_one_uri() {
    let ca = Ca::new("fleet");
    let uri = web_1().to_uri();
    let read = |uris: &[&str]| {
        let credentials = ca.agent_of(uris, [-HOUR_MS, HOUR_MS]);
        PeerIdentity::from_certificate(&credentials.chain()[0])
    };
    assert_eq!(read(&[&uri]), Ok(web_1()));
    assert_eq!(read(&["https://example.org/", &uri]), Ok(web_1()), "other URIs mean nothing");
    assert_eq!(read(&["https://example.org/"]), Err(IdentityError::Missing));
    assert_eq!(read(&[&uri, &uri]), Err(IdentityError::Ambiguous(2)));
    assert_eq!(read(&["driftline://agent/a-1"]), Err(IdentityError::Form));
}

#[test]
fn other_names_of_a_certificate_are_no_identity() {
    let ca = Ca::new("fleet");
    let names = vec![SanType::DnsName("web-1".try_into().unwrap())];
    let credentials = ca.issue(names, ExtendedKeyUsagePurpose::ClientAuth, [-HOUR_MS, HOUR_MS]);
    assert_eq!(PeerIdentity::from_certificate(&credentials.chain()[0]), Err(IdentityError::Missing));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let der = Ca::new("fleet").agent().chain()[0].to_vec();
    for length in 0..der.len() {
        assert!(PeerIdentity::from_certificate(&der[..length]).is_err());
    }
    let longer = [&der[..], b"x"].concat();
    assert_eq!(PeerIdentity::from_certificate(&longer), Err(IdentityError::Certificate));
}

proptest! {
    #[test]
    fn every_identity_survives_its_uri(
        agent in "[a-z0-9-]{1,64}", host in "[A-Za-z0-9._-]{1,253}", environment in "[a-z0-9._-]{1,40}", role in "[a-z]{1,9}",
    ) {
        let identity = PeerIdentity {
            agent: AgentId::new(agent).unwrap(),
            host: HostName::new(host).unwrap(),
            environment: Environment::new(environment).unwrap(),
            role: Role::new(role).unwrap(),
        };
        prop_assert_eq!(PeerIdentity::from_uri(&identity.to_uri()), Ok(identity));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,80}") {
        _ = PeerIdentity::from_certificate(&bytes);
        _ = PeerIdentity::from_uri(&format!("driftline://{text}"));
    }
}
