//! P4: no secret leaves its host. Secrets are planted in a watched file and then
//! looked for everywhere else: on the wire inside TLS, in journal and store, in
//! logs, API answers and alerts; raw, in base64, and as plain SHA-256.

#![allow(clippy::disallowed_methods, reason = "reads what these tests have just made")]

#[path = "canary/wiretap.rs"]
mod wiretap;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use driftline_tests::fleet::{APP_ENV, Agent, Fleet};
use driftline_tests::process::eventually;
use sha2::{Digest as _, Sha256};
use wiretap::Wiretap;

/// (key, secret part, value as it stands in the file).
const SECRETS: &[(&str, &str, &str)] = &[
    ("DB_PASSWORD", "Canary-pw-7Qx1", "Canary-pw-7Qx1"),
    ("DATABASE_URL", "CanaryUrl9pass", "postgres://app:CanaryUrl9pass@db:5432/app"),
    ("MQ_DSN", "canary%2Fmq%40x1", "amqp://svc:canary%2Fmq%40x1@mq:5672/v"),
    ("STRIPE_KEY", "sk_live_canary51HxYz00AbCdEfGh", "sk_live_canary51HxYz00AbCdEfGh"),
    ("JWT", "eyJjYW5hcnkiOiJjYW5hcnkifQ", "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOiJjYW5hcnkifQ.c2lnbmF0dXJl"),
    ("NOTE", "hQ7zT4vXcanary2mK9wLr5yB8", "hQ7zT4vXcanary2mK9wLr5yB8"),
    ("CALLBACK", "canaryquery77", "https://hooks.example.com/in?user=a&token=canaryquery77"),
    ("QUOTED_SECRET", "Canary with spaces $HOME #1", "'Canary with spaces $HOME #1'"),
];

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMIGHcanaryPEMlineAAAAAAAAAAAA\n-----END PRIVATE KEY-----";

fn env_text(generation: u32) -> String {
    let mut text = format!("PLAIN=visible-{generation}\n");
    for (key, secret, value) in SECRETS {
        // Each generation has other secrets, so that changes of them travel too.
        let value = value.replace(secret, &planted(secret, generation));
        text.push_str(&format!("{key}={value}\n"));
    }
    text + &format!("TLS_PEM=\"{}\"\n", PEM.replace("canaryPEM", &format!("canaryPEM{generation}")))
}

fn planted(secret: &str, generation: u32) -> String {
    format!("{secret}{generation}{generation}")
}

/// Every form in which a secret must not be found.
fn needles() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for generation in 0..2 {
        let mut secrets: Vec<(&str, String)> =
            SECRETS.iter().map(|(key, secret, _)| (*key, planted(secret, generation))).collect();
        secrets.push(("TLS_PEM", format!("MIGHcanaryPEM{generation}line")));
        for (key, secret) in secrets {
            let of = |form: &str, bytes: Vec<u8>| (format!("{key} generation {generation} {form}"), bytes);
            all.push(of("raw", secret.clone().into_bytes()));
            for shift in 0..3 {
                all.push(of("base64", inner_base64(&secret, shift).into_bytes()));
                let url_safe = inner_base64(&secret, shift).replace('+', "-").replace('/', "_");
                all.push(of("base64url", url_safe.into_bytes()));
            }
            let hash = Sha256::digest(secret.as_bytes());
            all.push(of("sha256", hash.to_vec()));
            all.push(of("sha256 hex", hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes()));
            all.push(of("sha256 base64", STANDARD.encode(hash).into_bytes()));
            all.push(of("sha256 base64url", URL_SAFE_NO_PAD.encode(hash).into_bytes()));
        }
    }
    all.retain(|(_, needle)| needle.len() >= 8);
    all
}

/// What of a secret's base64 does not depend on what stands around it, when it
/// begins `shift` bytes into a group of three.
fn inner_base64(secret: &str, shift: usize) -> String {
    let text = STANDARD.encode([vec![b'x'; shift], secret.as_bytes().to_vec()].concat());
    text[(shift * 8).div_ceil(6)..(shift + secret.len()) * 8 / 6].to_owned()
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn all_files(dir: &Path, except: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if except.contains(&path) {
            continue;
        }
        if path.is_dir() { found.extend(all_files(&path, except)) } else { found.push(path) }
    }
    found
}

fn wait_for_plain(fleet: &Fleet, value: &str) {
    eventually(&format!("PLAIN is {value}"), || {
        let shown = fleet.json(&["show", "web-1"]);
        let mut items =
            shown["sources"].as_array()?.iter().flat_map(|one| one["items"].as_array().into_iter().flatten());
        items.any(|item| item["key"] == "PLAIN" && item["display"] == value).then_some(())
    });
}

/// What an operator can ask.
fn answers(fleet: &Fleet) -> Vec<(String, Vec<u8>)> {
    let asked: &[&[&str]] = &[
        &["status"],
        &["hosts"],
        &["show", "web-1"],
        &["changes", "--limit", "1000"],
        &["compare", "production", "production"],
        &["history", "DB_PASSWORD"],
        &["history", "DATABASE_URL"],
        &["verify"],
        &["token", "list"],
    ];
    let mut all = Vec::new();
    for question in asked {
        for form in ["table", "json", "ndjson", "markdown"] {
            let done = fleet.cli(&[&["--output", form], *question].concat());
            all.push((format!("answer to {question:?} as {form}"), [done.stdout, done.stderr].concat()));
        }
    }
    all
}

/// What a pipeline and an operator do with the same secrets in a repository:
/// declared, held against the host, approved, and taken into snapshots, which
/// stay among the files that are looked through.
fn declare(fleet: &Fleet, repository: &Path) -> Vec<(String, Vec<u8>)> {
    std::fs::create_dir_all(repository).unwrap();
    std::fs::write(repository.join("app.env"), env_text(1)).unwrap();
    let map = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"app.env\"\n";
    std::fs::write(repository.join("driftline-desired.toml"), map).unwrap();
    let (from, hosts, files) = (repository.display().to_string(), fleet.path("hosts.json"), fleet.path("wanted.json"));
    let (hosts, files) = (hosts.display().to_string(), files.display().to_string());
    let asked: &[&[&str]] = &[
        &["desired", "push", "--env", "production", "--from", &from, "--rev", "r1"],
        &["desired", "show", "r1", "--output", "json"],
        &["desired", "list"],
        &["desired", "diff", "--env", "production", "--fail-on", "info"],
        &["baseline", "approve", "production", "--reason", "as deployed"],
        &["baseline", "show", "1"],
        &["baseline", "diff", "production", "--fail-on", "info"],
        &["snapshot", "production", "--to", &hosts],
        &["snapshot", "--from", &from, "--to", &files],
        &["diff", &files, &hosts, "--fail-on", "info"],
        &["compare", "production@1s", "production"],
        &["show", "web-1", "--at", "1s"],
    ];
    let mut all = Vec::new();
    for question in asked {
        let done = fleet.cli(question);
        let said = [done.stdout, done.stderr].concat();
        let may_differ = question[0] == "compare" || question[0] == "show";
        assert!(done.status.success() || may_differ, "{question:?}: {}", String::from_utf8_lossy(&said));
        all.push((format!("answer to {question:?}"), said));
    }
    assert!(std::fs::metadata(&files).unwrap().len() > 1_000, "the snapshot has what it is searched for");
    all
}

#[test]
fn p4_planted_secrets_are_found_nowhere_but_in_their_file() {
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", APP_ENV);
    let tap = Wiretap::start(&fleet.path("collector"), &agent.state_dir(), fleet.ingest_port);
    agent.configure(&format!("endpoints = [\"127.0.0.1:{}\"]", tap.port()), APP_ENV);
    agent.write("app.env", env_text(0));
    let mut agent: Agent = agent;
    fleet.run(&mut agent);
    wait_for_plain(&fleet, "visible-0");
    agent.replace("app.env", env_text(1));
    wait_for_plain(&fleet, "visible-1");
    let repository = fleet.path("repository");
    let declared = declare(&fleet, &repository);
    // A file that cannot be parsed, with secrets around the place that is told.
    agent.replace("app.env", format!("{}BROKEN=\"{}\n", env_text(1), planted(SECRETS[0].1, 1)));
    fleet.webhook.wait(0, |call| call.raw.windows(7).any(|window| window == b"problem").then_some(()));

    // Masked, but recognisably there.
    let shown = fleet.json(&["show", "web-1"]).to_string();
    assert!(shown.contains("postgres://app:****@db:5432/app"), "{shown}");

    let mut places = answers(&fleet);
    places.extend(declared);
    places.push(("the wire inside TLS".to_owned(), tap.captured()));
    places.extend(fleet.webhook.calls().into_iter().map(|call| (format!("alert {}", call.id), call.raw)));
    let status = driftline_tests::process::output(&mut fleet.agent_command(&agent, "status"));
    places.push(("driftline-agent status".to_owned(), [status.stdout, status.stderr].concat()));
    agent.stop();
    fleet.stop_collector();
    for path in all_files(&fleet.path(""), &[agent.files(), repository]) {
        places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }

    let tapped = &places.iter().find(|(name, _)| name.starts_with("the wire")).unwrap().1;
    assert!(find(tapped, b"visible-1"), "the tap saw nothing: this test would pass whatever leaks");
    for (name, bytes) in &places {
        for (what, needle) in needles() {
            assert!(!find(bytes, &needle), "{what} stands in {name}");
        }
    }
}

#[test]
fn the_needles_find_what_they_should() {
    let secret = planted(SECRETS[0].1, 0);
    for text in [secret.clone(), format!("ab{secret}cd"), STANDARD.encode(format!("a{secret}b"))] {
        let found = needles().iter().any(|(_, needle)| find(text.as_bytes(), needle));
        assert!(found, "{text} would pass unseen");
    }
}
