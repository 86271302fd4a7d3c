//! What `desired` asks for and prints.

use serde_json::{Value, json};

use super::{always, code, command, err, lines, out, run};
use crate::server::Server;

fn revision() -> Value {
    json!({"number": 17, "selector": "env=production,role=web", "revision": "4f2a91c", "status": "current",
        "pushed_by": "ci", "pushed_at": "2026-11-22T04:30:00.123Z", "expires_at": "2026-11-29T04:30:00.123Z",
        "ticket": "CHG-123", "sources": [{"source": "app", "items": 2}]})
}

fn taken() -> Value {
    json!({"schema_version": 1, "revision": revision(), "changed": true, "hosts": 2, "notes": ["look at this"]})
}

fn repository(server: &Server) {
    let dir = server.dir.path().join("repo/production");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("app.env"), "DB_PASSWORD=correct-horse-battery\nPORT=80\n").unwrap();
    let map = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"{env}/app.env\"\n";
    std::fs::write(server.dir.path().join("repo/driftline-desired.toml"), map).unwrap();
}

const PUSH: [&str; 10] =
    ["desired", "push", "--env", "production", "--from", "repo", "--rev", "4f2a91c", "--role", "web"];

#[test]
fn a_push_sends_digests_and_says_what_became_of_it() {
    let server = always(200, taken());
    repository(&server);
    let done = run(&server, &[&PUSH[..], &["--expires", "7d", "--ticket", "CHG-123"]].concat());
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert!(out(&done).contains("4f2a91c is declared for env=production,role=web (2 hosts)"), "{}", out(&done));
    assert!(out(&done).contains("note: look at this"), "{}", out(&done));
    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "POST /api/v1/desired");
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(
        (sent["selector"].as_str(), sent["expires_s"].as_u64()),
        (Some("env=production,role=web"), Some(604_800))
    );
    assert_eq!(sent["declared"]["fleet_key_epoch"], 2);
    let items = sent["declared"]["sources"][0]["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    let secret = "correct-horse-battery";
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(secret);
    for needle in [secret.to_owned(), super::base64_of(secret), super::hex(&sha256), "Y29ycmVjdC1ob3JzZ".to_owned()] {
        assert!(!asked.body.contains(&needle), "{needle}: {}", asked.body);
    }
    assert_eq!((items[0]["secret"].as_bool(), items[0]["display"].as_str()), (Some(true), Some("****")));
    assert_eq!(items[1]["display"], "80");
}

#[test]
fn the_key_and_the_token_of_a_runner_come_from_its_environment() {
    let server = always(200, taken());
    repository(&server);
    std::fs::remove_file(server.dir.path().join("fleet-key.toml")).unwrap();
    std::fs::remove_file(server.dir.path().join("token")).unwrap();
    assert_eq!(code(&run(&server, &PUSH)), 78);
    let with = |key: &str| {
        command(&server, &PUSH).env("DRIFTLINE_FLEET_KEY", key).env("DRIFTLINE_TOKEN", "dlo_runner").output().unwrap()
    };
    let digest = |index: usize| {
        let sent: Value = serde_json::from_str(&server.asked()[index].body).unwrap();
        sent["declared"]["sources"][0]["items"][0]["digest"].as_str().unwrap().to_owned()
    };
    let short = with(&format!("2:{}", "ab".repeat(32)));
    assert_eq!(code(&short), 0, "{}", err(&short));
    let long = with(&format!("[fleet]\nepoch = 2\nkey = \"{}\"\n", "ab".repeat(32)));
    assert_eq!(code(&long), 0, "{}", err(&long));
    assert_eq!(digest(0), digest(1));
    assert_eq!(server.asked()[0].token, "Bearer dlo_runner");
    for bad in ["hunter2", "2:abcd", "x:00", "[fleet]\nkey = \"hunter2\"\n"] {
        let refused = with(bad);
        assert_eq!(code(&refused), 78, "{bad}");
        assert!(
            !err(&refused).contains("hunter2") && err(&refused).contains("DRIFTLINE_FLEET_KEY"),
            "{}",
            err(&refused)
        );
    }
}

#[test]
fn a_dry_run_sends_nothing_and_one_file_needs_its_source() {
    let server = always(200, taken());
    repository(&server);
    let dry = run(&server, &[&PUSH[..], &["--dry-run"]].concat());
    assert_eq!(code(&dry), 0, "{}", err(&dry));
    assert!(out(&dry).contains("would be declared for env=production,role=web"), "{}", out(&dry));
    assert!(server.asked().is_empty());
    let one = ["desired", "push", "--env", "production", "--rev", "r", "--from", "repo/production/app.env"];
    let refused = run(&server, &one);
    assert_eq!(code(&refused), 64);
    assert!(err(&refused).contains("--source NAME"), "{}", err(&refused));
    let done = run(&server, &[&one[..], &["--source", "app"]].concat());
    assert_eq!(code(&done), 0, "{}", err(&done));
    let sent: Value = serde_json::from_str(&server.asked()[0].body).unwrap();
    assert_eq!(sent["declared"]["sources"][0]["kind"], "env_file");
    let odd = run(&server, &[&one[..], &["--source", "app", "--kind", "door"]].concat());
    assert_eq!((code(&odd), err(&odd).contains("env_file")), (64, true), "{}", err(&odd));
    std::fs::remove_file(server.dir.path().join("repo/driftline-desired.toml")).unwrap();
    let unmapped = run(&server, &PUSH);
    assert_eq!(code(&unmapped), 3);
    assert!(err(&unmapped).contains("desired init"), "{}", err(&unmapped));
}

#[test]
fn another_content_of_a_revision_is_bad_data_with_the_way_out() {
    let said =
        json!({"code": "conflict", "message": "revision 4f2a91c was declared", "hint": "`--replace` declares it anew"});
    let server = always(409, said);
    repository(&server);
    let refused = run(&server, &PUSH);
    assert_eq!(code(&refused), 65);
    assert!(err(&refused).contains("--replace"), "{}", err(&refused));
}

#[test]
fn revisions_are_listed_and_shown() {
    let server = always(200, json!({"schema_version": 1, "revisions": [revision()]}));
    let list = run(&server, &["desired", "list", "--env", "production"]);
    assert_eq!(code(&list), 0, "{}", err(&list));
    assert!(out(&list).contains("4f2a91c") && out(&list).contains("current"), "{}", out(&list));
    assert_eq!(lines(&server), ["GET /api/v1/desired?env=production"]);
    let item = json!({"source": "app", "kind": "env_file", "key": "DB_PASSWORD", "display": "****", "secret": true});
    let server = always(200, json!({"schema_version": 1, "revision": revision(), "items": [item]}));
    let shown = run(&server, &["desired", "show", "4f2a91c"]);
    for part in ["4f2a91c (number 17)", "CHG-123", "DB_PASSWORD", "****", "2026-11-29 04:30:00"] {
        assert!(out(&shown).contains(part), "{part}: {}", out(&shown));
    }
    assert_eq!(lines(&server), ["GET /api/v1/desired/show?revision=4f2a91c"]);
}
