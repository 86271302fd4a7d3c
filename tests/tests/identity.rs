//! Who may speak: tokens, forged identities, hostile peers. Over real processes;
//! the module tests of `wire` and `server` hold the rest of the I cases.

#![allow(clippy::disallowed_methods, reason = "reads what these tests have just made")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use driftline_canon::EnrolmentToken;
use driftline_tests::fleet::{APP_ENV, Agent, Fleet};
use driftline_tests::process::{eventually, output, succeed};

fn enrol(fleet: &Fleet, agent: &Agent, host: &str, token: &str) -> Output {
    output(fleet.agent_command(agent, "enroll").args(["--host", host, token]))
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

#[test]
fn i5_a_token_is_good_once_and_only_as_it_was_made() {
    let fleet = Fleet::start();
    let first = fleet.host("web-1", APP_ENV);
    let second = fleet.host("web-2", APP_ENV);
    let token = fleet.token("production", "web");

    assert!(enrol(&fleet, &first, "web-1", &token).status.success());
    // Again by the same host: a lost answer may be asked for again.
    let again = enrol(&fleet, &first, "web-1", &token);
    assert!(again.status.success(), "{}", said(&again));

    // Replayed by another host.
    let replayed = enrol(&fleet, &second, "web-2", &token);
    assert_eq!(replayed.status.code(), Some(77), "{}", said(&replayed));

    // Cut short, and nonsense: one clear line each.
    for damaged in [&token[..token.len() - 5], "dl1.zzz", "hello"] {
        let done = enrol(&fleet, &second, "web-2", damaged);
        assert_eq!(done.status.code(), Some(77), "{}", said(&done));
        assert_eq!(said(&done).lines().filter(|line| line.starts_with("error:")).count(), 1, "{}", said(&done));
    }

    // For another environment than it was made for, and guessed: both need a
    // forged token, whole but not as it was made.
    let mut forged = EnrolmentToken::decode(&fleet.token("staging", "web")).unwrap();
    forged.secret[0] ^= 1;
    let done = enrol(&fleet, &second, "web-2", &forged.encode());
    assert_eq!(done.status.code(), Some(77), "{}", said(&done));
    let mut renamed = EnrolmentToken::decode(&fleet.token("staging", "web")).unwrap();
    renamed.environment = driftline_canon::Environment::new("production").unwrap();
    let done = enrol(&fleet, &second, "web-2", &renamed.encode());
    assert!(done.status.success(), "{}", said(&done));
    let hosts = fleet.json(&["hosts"]);
    let host = hosts["hosts"].as_array().unwrap().iter().find(|host| host["host"] == "web-2").unwrap();
    assert_eq!(host["environment"], "staging", "the collector's word counts, not the token's");

    let tokens = fleet.json(&["token", "list"]);
    let used = tokens["tokens"].as_array().unwrap().iter().filter(|one| one["status"] == "used").count();
    assert!(used >= 2, "{tokens:#}");
}

#[test]
fn i5_a_revoked_token_and_one_of_another_collector_are_refused() {
    let (ours, theirs) = (Fleet::start(), Fleet::start());
    let agent = ours.host("web-1", APP_ENV);
    let token = ours.token("production", "web");
    let id = EnrolmentToken::decode(&token).unwrap().id;
    let revoked = ours.cli(&["token", "revoke", &id]);
    assert!(revoked.status.success(), "{}", said(&revoked));
    let done = enrol(&ours, &agent, "web-1", &token);
    assert_eq!(done.status.code(), Some(77), "{}", said(&done));

    // A token of one collector that points at another: the CA in it decides.
    let mut crossed = EnrolmentToken::decode(&ours.token("production", "web")).unwrap();
    crossed.enrol = vec![format!("127.0.0.1:{}", theirs.enrol_port)];
    let done = enrol(&ours, &agent, "web-1", &crossed.encode());
    assert_eq!(done.status.code(), Some(77), "{}", said(&done));
    assert!(said(&done).contains("CA") || said(&done).contains("another collector"), "{}", said(&done));
}

#[test]
fn i5_guessing_tokens_is_limited() {
    let fleet = Fleet::start();
    let agent = fleet.host("web-1", APP_ENV);
    let mut guess = EnrolmentToken::decode(&fleet.token("production", "web")).unwrap();
    let right = guess.secret[1];
    let mut limited = false;
    for byte in 1..=60 {
        guess.secret[1] = right ^ byte;
        let done = enrol(&fleet, &agent, "web-1", &guess.encode());
        assert!(!done.status.success());
        if done.status.code() != Some(77) {
            limited = true;
            break;
        }
    }
    assert!(limited, "sixty guesses in a row were all answered");
}

#[test]
fn i6_hostile_peers_are_refused_and_nobody_else_notices() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    agent.write("app.env", "A=0\n");
    let mut agent = agent;
    fleet.run(&mut agent);
    fleet.wait_for_host("web-1", "connected");

    // Slow-loris: connections that say nothing, on every port, held open.
    let ports = [fleet.ingest_port, fleet.enrol_port, fleet.api_port];
    let connect = |port: u16| TcpStream::connect(("127.0.0.1", port)).unwrap();
    let held: Vec<TcpStream> = ports.iter().flat_map(|&port| (0..50).map(move |_| port)).map(connect).collect();

    for port in ports {
        // Plaintext and garbage.
        for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4096][..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let mut stream = connect(port);
            stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
            let _ = stream.write_all(bytes);
            let mut answer = Vec::new();
            let _ = stream.take(64 * 1024).read_to_end(&mut answer);
            assert!(!answer.starts_with(b"HTTP/"), "port {port} answered plaintext");
        }
        // TLS 1.2.
        let address = format!("127.0.0.1:{port}");
        let done = output(Command::new("openssl").args(["s_client", "-tls1_2", "-connect", &address]));
        let text = String::from_utf8_lossy(&done.stdout).into_owned() + &said(&done);
        assert!(text.contains("alert") || text.contains("Cipher is (NONE)"), "port {port} spoke TLS 1.2:\n{text}");
    }

    // Self-signed, at the door where a certificate is asked for.
    let (key, certificate) = (fleet.path("self.key"), fleet.path("self.pem"));
    let _ = succeed(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=web-1",
            ])
            .args(["-addext", "subjectAltName=URI:driftline://agent/a/host/web-1/env/production/role/web"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate),
    );
    // In TLS 1.3 the refusal comes after the handshake: listen for it.
    let script = "sleep 3 | exec openssl s_client -tls1_3 -connect \"$1\" -cert \"$2\" -key \"$3\"";
    let address = format!("127.0.0.1:{}", fleet.ingest_port);
    let done = output(Command::new("sh").args(["-c", script, "sh", &address]).arg(&certificate).arg(&key));
    let text = String::from_utf8_lossy(&done.stdout).into_owned() + &said(&done);
    assert!(text.contains("alert") || !done.status.success(), "a self-signed certificate was let in:\n{text}");

    // All that while the real agent is heard at once.
    let calls = fleet.webhook.calls().len();
    let begun = Instant::now();
    agent.replace("app.env", "A=1\n");
    fleet.webhook.wait_for_key(calls, "A");
    assert!(begun.elapsed() < Duration::from_secs(5), "heard after {:?}", begun.elapsed());
    drop(held);
}

#[test]
fn i4_a_revoked_host_is_cut_off_within_five_seconds() {
    let fleet = Fleet::start();
    let agent = fleet.agent("web-1", "production", "web", APP_ENV);
    let revoked = fleet.cli(&["revoke", "web-1"]);
    assert!(revoked.status.success(), "{}", said(&revoked));
    let begun = Instant::now();
    eventually("the agent says that it was revoked", || agent.log().contains("revoked").then_some(()));
    assert!(begun.elapsed() < Duration::from_secs(5), "cut off after {:?}", begun.elapsed());
    fleet.wait_for_host("web-1", "revoked");
    agent.write("app.env", "A=1\n");
    std::thread::sleep(Duration::from_secs(2));
    assert!(fleet.changes().is_empty());
}
