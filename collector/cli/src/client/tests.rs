//! How addresses are made, what each answer means, and that the token stays in.

use super::*;

fn client(address: &str) -> Client {
    let ca = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem();
    let tls = tls::pinned(&Access { ca_pem: Some(ca), ..Access::default() }.ca().unwrap()).unwrap();
    let base = Access { collector: Some(address.to_owned()), ..Access::default() }.collector().unwrap();
    let http = builder().tls_backend_preconfigured(tls).build().unwrap();
    Client { base, token: Zeroizing::new("dlo_not-to-be-seen".to_owned()), http }
}

#[test]
fn p4_debug_shows_no_token() {
    let shown = format!("{:?}", client("https://c.example:7443"));
    assert!(shown.contains("c.example"), "{shown}");
    assert!(!shown.contains("not-to-be-seen"), "{shown}");
}

#[test]
fn what_is_asked_for_cannot_leave_its_place_in_the_url() {
    let client = client("https://c.example:7443/behind/a/proxy/");
    for (part, expected) in [
        ("web-1", "web-1"),
        ("a/b", "a%2Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("x y", "x%20y"),
        ("日", "%E6%97%A5"),
        ("%2e%2e", "%252e%252e"),
    ] {
        let url = client.url(&["hosts", part], &()).unwrap();
        assert_eq!(url.as_str(), format!("https://c.example:7443/behind/a/proxy/api/v1/hosts/{expected}"));
    }
}

#[test]
fn a_query_is_escaped_and_what_is_not_asked_is_left_out() {
    let client = client("c.example:7443");
    let query = serde_json::json!({"env": "a&b=c", "limit": 5, "all": true, "host": null});
    let url = client.url(&["changes"], &query).unwrap();
    let pairs: std::collections::BTreeMap<String, String> = url.query_pairs().into_owned().collect();
    let expected = [("all", "true"), ("env", "a&b=c"), ("limit", "5")];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert_eq!(client.url(&["changes"], &()).unwrap().query(), None);
}

#[test]
fn every_refusal_has_its_exit_code() {
    for (status, expected) in [
        (400, Exit::Usage),
        (401, Exit::Denied),
        (403, Exit::Denied),
        (404, Exit::Inconclusive),
        (405, Exit::Usage),
        (409, Exit::Data),
        (410, Exit::Inconclusive),
        (413, Exit::Usage),
        (422, Exit::Data),
        (429, Exit::Unreachable),
        (500, Exit::Internal),
        (502, Exit::Unreachable),
        (503, Exit::Unreachable),
        (504, Exit::Unreachable),
        (302, Exit::Internal),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        assert_eq!(exit(status), expected, "{status}");
        let helps = matches!(status.as_u16(), 401 | 403 | 429 | 503);
        assert_eq!(hint(status).is_some(), helps, "{status}");
    }
}

#[test]
fn an_answer_of_another_version_says_so_without_quoting_it() {
    let failure = understood::<driftline_api::token::WhoAmI>(b"{\"operator\": 5}").unwrap_err();
    assert_eq!(failure.exit(), Exit::Data);
    assert!(failure.to_string().ends_with("hint: are collector and command line of the same version?"), "{failure}");
}

#[test]
fn the_cause_at_the_bottom_is_told() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a request failed")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    assert_eq!(innermost(&Outer(std::io::Error::other("refused"))), "refused");
}
