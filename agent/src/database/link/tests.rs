//! Endpoints, budgets, and certificates that are none.

use tokio::io::AsyncReadExt;

use super::*;

#[test]
fn endpoints_are_sockets_or_hosts_with_a_port() {
    let good = [
        ("unix:/run/postgresql", "unix:/run/postgresql"),
        ("db.example:5432", "db.example:5432"),
        ("127.0.0.1:6379", "127.0.0.1:6379"),
        ("[::1]:3306", "[::1]:3306"),
    ];
    for (text, shown) in good {
        assert_eq!(Endpoint::parse(text).unwrap().to_string(), shown);
    }
    for text in ["", "unix:", "unix:run", "db", "db:0", "db:99999", ":1", "::1:1", "[::1]", "[x]:1", "u@h:1", "a b:1"] {
        assert_eq!(Endpoint::parse(text), None, "{text}");
    }
}

#[tokio::test]
async fn no_more_is_read_than_the_budget_allows() {
    let endless = tokio::io::repeat(b'A');
    let stream = tokio::io::join(endless, tokio::io::sink());
    let mut link = Link { stream: Box::new(stream), budget: Budget::new(), private: true };
    let budget = link.budget();
    let mut bytes = vec![0; ANSWER_BYTES_MAX];
    link.read_exact(&mut bytes).await.unwrap();
    let error = link.read_u8().await.unwrap_err();
    assert!(error.get_ref().unwrap().is::<OverBudget>());
    budget.refill();
    assert_eq!(link.read_u8().await.unwrap(), b'A');
    assert!(!format!("{link:?}").contains('A'));
}

#[test]
fn a_file_without_a_certificate_is_no_authority() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(client_config(file.path()), Err(DatabaseError::Tls("`ca_file` holds no certificate"))));
    std::fs::write(file.path(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(client_config(file.path()), Err(DatabaseError::Tls("`ca_file` holds what is no certificate"))));
    let missing = Path::new("/nonexistent/ca.pem");
    assert!(matches!(client_config(missing), Err(DatabaseError::Tls("`ca_file` cannot be read"))));
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["db".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(file.path(), certificate.pem()).unwrap();
    assert!(client_config(file.path()).is_ok());
}

#[tokio::test]
async fn a_socket_that_is_not_there_is_unreachable() {
    let error = Link::open(&Endpoint::Unix("/nonexistent/s".into()), false).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Unreachable(_)), "{error}");
}
