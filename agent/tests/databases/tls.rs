//! TLS with real servers: the right authority and name work, the wrong ones are
//! refused before a login, and a server without TLS is no way around it.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use driftline_agent::config::Server as Kind;
use driftline_agent::database::ask::{Session, Target};
use driftline_agent::database::link::Endpoint;
use driftline_agent::database::login::PasswordAt;
use driftline_agent::database::{Answer, DatabaseError};

use crate::servers::{Server, is_root};

const PASSWORD: &str = "correct-horse-battery";

/// An authority with a certificate for `localhost`, and one that nobody knows.
struct Authority(tempfile::TempDir);

impl Authority {
    fn new() -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        std::fs::set_permissions(made.0.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["ca", "other"] {
            made.openssl(&format!("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.pem"));
        }
        made.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
        std::fs::write(made.path("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").unwrap();
        made.openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
        );
        let key = made.path("server.key");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(&key, Some(65_534), Some(65_534)).unwrap();
        }
        made
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A port that nobody has now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks at a host by TCP; with these authorities in TLS.
fn ask(kind: Kind, server: &Server, at: (&str, u16), ca_file: Option<&Path>) -> Result<Answer, DatabaseError> {
    let target = Target {
        server: kind,
        endpoint: Endpoint::Tcp(at.0.to_owned(), at.1),
        user: Some("driftline".to_owned()),
        password: Some(PasswordAt::File(server.password("pass", PASSWORD).into())),
        database: None,
        ca_file: ca_file.map(Path::to_owned),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { Ok(Session::open(&target).await?.ask(None).await?.unwrap()) })
}

/// A server that speaks TLS: only the right authority and the right name do.
fn only_the_right_one_is_let_in(kind: Kind, server: &Server, port: u16, authority: &Authority) {
    let (ca, other) = (authority.path("ca.pem"), authority.path("other.pem"));
    let answer = ask(kind, server, ("localhost", port), Some(&ca)).unwrap();
    assert!(answer.settings.len() > 100, "{kind:?}: {}", answer.settings.len());
    for (host, ca, what) in [("localhost", &other, "another authority"), ("127.0.0.1", &ca, "another name")] {
        let error = ask(kind, server, (host, port), Some(ca)).unwrap_err();
        assert!(matches!(error, DatabaseError::Tls(_)), "{kind:?}, {what}: {error:?}");
        assert!(error.to_string().contains("certificate"), "{kind:?}, {what}: {error}");
    }
}

/// A server without TLS, asked in TLS: not a word of the login.
fn a_server_without_tls_is_refused(kind: Kind, server: &Server, port: u16, authority: &Authority) {
    let error = ask(kind, server, ("localhost", port), Some(&authority.path("ca.pem"))).unwrap_err();
    // One that takes the handshake for a command waits for the end of its line.
    let waits = kind == Kind::Redis && matches!(error, DatabaseError::TimedOut { .. });
    assert!(waits || matches!(error, DatabaseError::Tls(_)), "{kind:?}: {error:?}");
    // It is there, and would have answered without.
    assert!(ask(kind, server, ("localhost", port), None).is_ok(), "{kind:?}");
}

#[test]
fn postgresql_with_hostssl_only() {
    let (authority, port) = (Authority::new(), free_port());
    let setting = |name: &str, value: String| format!("{name}={value}");
    let settings = [
        setting("listen_addresses", "localhost".to_owned()),
        setting("port", port.to_string()),
        setting("ssl", "on".to_owned()),
        setting("ssl_cert_file", authority.path("server.pem").display().to_string()),
        setting("ssl_key_file", authority.path("server.key").display().to_string()),
    ];
    let hba = "hostssl all driftline localhost scram-sha-256\n";
    let Some(server) = Server::postgres_with(hba, &settings, port) else { return };
    server.tell(&format!("CREATE ROLE driftline LOGIN PASSWORD '{PASSWORD}'"));
    only_the_right_one_is_let_in(Kind::Postgresql, &server, port, &authority);
    let error = ask(Kind::Postgresql, &server, ("localhost", port), None).unwrap_err();
    assert!(matches!(&error, DatabaseError::Refused { code } if code == "28000"), "{error:?}");
}

#[test]
fn postgresql_that_strips_tls() {
    let (authority, port) = (Authority::new(), free_port());
    let settings = ["listen_addresses=localhost".to_owned(), format!("port={port}"), "ssl=off".to_owned()];
    let hba = "host all driftline localhost scram-sha-256\n";
    let Some(server) = Server::postgres_with(hba, &settings, port) else { return };
    server.tell(&format!("CREATE ROLE driftline LOGIN PASSWORD '{PASSWORD}'"));
    a_server_without_tls_is_refused(Kind::Postgresql, &server, port, &authority);
}

#[test]
fn mariadb_that_requires_tls() {
    let (authority, port) = (Authority::new(), free_port());
    let lines = format!(
        "port = {port}\nbind-address = localhost\nrequire_secure_transport = on\nssl_cert = {}\nssl_key = {}\n",
        authority.path("server.pem").display(),
        authority.path("server.key").display()
    );
    let Some(server) = Server::mariadb_listening(&lines) else { return };
    server.tell(&format!("CREATE USER driftline@localhost IDENTIFIED BY '{PASSWORD}'"));
    only_the_right_one_is_let_in(Kind::Mariadb, &server, port, &authority);
    let error = ask(Kind::Mariadb, &server, ("localhost", port), None).unwrap_err();
    assert!(matches!(error, DatabaseError::Refused { .. }), "{error:?}");
}

#[test]
fn mariadb_that_strips_tls() {
    let (authority, port) = (Authority::new(), free_port());
    let lines = format!("port = {port}\nbind-address = localhost\nskip-ssl\n");
    let Some(server) = Server::mariadb_listening(&lines) else { return };
    server.tell(&format!("CREATE USER driftline@localhost IDENTIFIED BY '{PASSWORD}'"));
    a_server_without_tls_is_refused(Kind::Mariadb, &server, port, &authority);
}

#[test]
fn redis_with_a_port_of_tls() {
    let (authority, port) = (Authority::new(), free_port());
    let lines = format!(
        "user driftline on >{PASSWORD} -@all +config|get +acl|list\ntls-port {port}\nbind 127.0.0.1\ntls-auth-clients no\n\
         tls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
        authority.path("server.pem").display(),
        authority.path("server.key").display(),
        authority.path("ca.pem").display()
    );
    let Some(server) = Server::redis(&lines) else { return };
    only_the_right_one_is_let_in(Kind::Redis, &server, port, &authority);
    assert!(ask(Kind::Redis, &server, ("localhost", port), None).is_err());
}

#[test]
fn redis_without_tls() {
    let (authority, port) = (Authority::new(), free_port());
    // The last line of a name counts, also of `port`.
    let lines = format!("user driftline on >{PASSWORD} -@all +config|get +acl|list\nport {port}\nbind 127.0.0.1\n");
    let Some(server) = Server::redis(&lines) else { return };
    a_server_without_tls_is_refused(Kind::Redis, &server, port, &authority);
}
