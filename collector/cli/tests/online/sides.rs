//! Sides of a comparison as they are typed: past times, what is declared, what
//! was approved, snapshots.

use serde_json::{Value, json};

use super::{always, code, command, err, lines, out, run};
use crate::server::Server;

fn compared(differing: u64) -> Value {
    let cell = |display: &str| json!({"state": "value", "display": display, "secret": false});
    let difference = json!({"role": "web", "source": "app", "kind": "env_file", "key": "A", "what": "differs",
        "left": cell("1"), "right": cell("2"), "severity": "critical", "class": "functional",
        "recommendation": "Sync 'A'", "metadata": false});
    let differences = if differing > 0 { vec![difference] } else { vec![] };
    json!({"schema_version": 1, "left": "a", "right": "b", "left_hosts": 1, "right_hosts": 1, "keys": 1,
        "differing": differing, "undetermined": 0, "percent": "0.0", "metadata_differing": 0,
        "differences": differences})
}

#[test]
fn revisions_hosts_and_approvals_are_compared_by_one_question() {
    let server = always(200, compared(1));
    for (arguments, asked) in [
        (&["desired", "diff", "--env", "production"][..], "left=desired%3Aproduction&right=production"),
        (
            &["desired", "diff", "--env", "production", "--role", "web"],
            "left=desired%3Aenv%3Dproduction%2Crole%3Dweb&right=env%3Dproduction%2Crole%3Dweb",
        ),
        (&["desired", "diff", "4f2a91c", "81bb0e2"], "left=revision%3A4f2a91c&right=revision%3A81bb0e2"),
        (&["baseline", "diff", "production"], "left=baseline%3Aproduction&right=production"),
        (
            &["compare", "production", "baseline:staging", "--at", "2026-11-01"],
            "left=production%402026-11-01T00%3A00%3A00.000Z&right=baseline%3Astaging",
        ),
        (
            &["compare", "production@2026-11-01", "production"],
            "left=production%402026-11-01T00%3A00%3A00.000Z&right=production",
        ),
    ] {
        let done = run(&server, arguments);
        assert_eq!(code(&done), 1, "{arguments:?}: {}", err(&done));
        assert_eq!(lines(&server).pop().unwrap(), format!("GET /api/v1/compare?{asked}"), "{arguments:?}");
    }
    let before = server.asked().len();
    for arguments in [
        &["desired", "diff"][..],
        &["desired", "diff", "one"],
        &["desired", "diff", "one", "two", "--env", "production"],
        &["desired", "diff", "--env", "a b"],
        &["baseline", "diff", "colour=red"],
        &["baseline", "approve", "production"],
        &["compare", "production@soon", "staging"],
        &["snapshot", "--to", "x"],
    ] {
        assert_eq!(code(&run(&server, arguments)), 64, "{arguments:?}");
    }
    assert_eq!(server.asked().len(), before);
    assert_eq!(code(&run(&always(200, compared(0)), &["desired", "diff", "--env", "production"])), 0);
}

fn baseline() -> Value {
    json!({"number": 3, "selector": "production", "reason": "audited", "approved_by": "ada",
        "approved_at": "2026-11-22T04:30:00.123Z", "hosts": ["web-1"], "items": 2, "in_force": true})
}

#[test]
fn what_was_approved_is_told_and_what_was_left_out_is_no_success() {
    let server = always(200, json!({"schema_version": 1, "baseline": baseline()}));
    let done = run(&server, &["baseline", "approve", "production", "--source", "app", "--reason", "audited"]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert!(out(&done).contains("baseline 3 approves 2 items of 1 host (production)"), "{}", out(&done));
    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "POST /api/v1/baselines");
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(sent, json!({"selector": "production", "source": "app", "reason": "audited"}));
    let server = always(200, json!({"schema_version": 1, "baseline": baseline(), "skipped": ["web-2 (silent)"]}));
    let done = run(&server, &["baseline", "approve", "production", "--reason", "audited"]);
    assert_eq!((code(&done), out(&done).contains("web-2 (silent)")), (3, true));
    let item = json!({"host": "web-1", "source": "app", "key": "DB_PASSWORD", "display": "****", "secret": true});
    let server = always(200, json!({"schema_version": 1, "baseline": baseline(), "items": [item]}));
    let shown = run(&server, &["baseline", "show", "3"]);
    assert!(out(&shown).contains("DB_PASSWORD") && out(&shown).contains("audited"), "{}", out(&shown));
    let server = always(200, json!({"schema_version": 1, "baselines": [baseline()]}));
    let list = run(&server, &["baseline", "list"]);
    assert!(out(&list).contains("audited") && out(&list).contains("yes"), "{}", out(&list));
    assert!(
        out(&run(&always(200, json!({"schema_version": 1, "baselines": []})), &["baseline", "list"]))
            .contains("approve")
    );
}

fn snapshot(name: &str, pepper: &str, value: u8) -> Value {
    let item = json!({"key": "A", "digest": format!("{value:02x}").repeat(32), "secret": false, "display": "d"});
    let source = json!({"source": "app", "kind": "env_file", "unreadable": false, "items": [item]});
    let host = json!({"host": format!("{name}-1"), "role": "web", "fleet_key_epoch": 1, "canonical_form": 2,
        "sources": [source]});
    json!({"schema_version": 1, "driftline_snapshot": 1, "name": name, "made_at": "2026-11-22T04:30:00.123Z",
        "pepper": pepper, "declared": false, "hosts": [host]})
}

fn saved(server: &Server, file: &str, snapshot: &Value) {
    std::fs::write(server.dir.path().join(file), snapshot.to_string()).unwrap();
}

#[test]
fn snapshots_are_written_once_and_compared_offline() {
    let server = always(200, snapshot("production", "p1", 1));
    let done = run(&server, &["snapshot", "production", "--to", "a.json"]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert_eq!(lines(&server), ["GET /api/v1/snapshot?selector=production"]);
    assert!(err(&done).contains("1 items of 1 host"), "{}", err(&done));
    assert_eq!(code(&run(&server, &["snapshot", "production", "--to", "a.json"])), 64, "never replaces a file");
    saved(&server, "same.json", &snapshot("staging", "p1", 1));
    saved(&server, "other.json", &snapshot("staging", "p1", 2));
    saved(&server, "foreign.json", &snapshot("staging", "p2", 1));
    std::fs::write(server.dir.path().join("x.env"), "A=1\n").unwrap();
    let before = server.asked().len();
    for verb in ["compare", "diff"] {
        for (file, exit) in [("same.json", 0), ("other.json", 2), ("foreign.json", 3)] {
            let done = run(&server, &[verb, "a.json", file, "--fail-on", "info"]);
            assert_eq!(code(&done), exit, "{verb} {file}: {}{}", out(&done), err(&done));
        }
    }
    let foreign = run(&server, &["compare", "a.json", "foreign.json"]);
    assert!(out(&foreign).is_empty() && err(&foreign).contains("different collectors"), "{}", err(&foreign));
    let odd = run(&server, &["compare", "a.json", "./x.env"]);
    assert_eq!(code(&odd), 65, "{}", err(&odd));
    assert_eq!(code(&run(&server, &["compare", "a.json", "same.json", "--at", "1h"])), 64);
    assert_eq!(code(&run(&server, &["compare", "a.json", "desired:production"])), 64);
    assert_eq!(server.asked().len(), before, "nothing was asked");
    let live = run(&server, &["compare", "a.json", "production"]);
    assert_eq!(code(&live), 0, "{}{}", out(&live), err(&live));
    assert_eq!(server.asked().len(), before + 1);
}

#[test]
fn a_snapshot_of_files_sends_digests_alone() {
    let server = always(200, snapshot("repo", "p1", 1));
    let dir = server.dir.path().join("repo");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("app.env"), "DB_PASSWORD=correct-horse-battery\n").unwrap();
    let map = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"app.env\"\n";
    std::fs::write(dir.join("driftline-desired.toml"), map).unwrap();
    let done = run(&server, &["snapshot", "--from", "repo", "--role", "web", "--to", "b.json"]);
    assert_eq!(code(&done), 0, "{}", err(&done));
    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "POST /api/v1/snapshot");
    assert!(!asked.body.contains("correct-horse") && asked.body.contains("\"role\":\"web\""), "{}", asked.body);
    let written = std::fs::read_to_string(server.dir.path().join("b.json")).unwrap();
    assert!(!written.contains("correct-horse"));
    let silent = always(
        200,
        json!({"schema_version": 1, "driftline_snapshot": 1, "name": "x", "made_at": "t",
        "pepper": "p", "declared": false, "hosts": [], "unchecked": ["web-3 (silent)"]}),
    );
    let done = command(&silent, &["snapshot", "production", "--to", "c.json"]).output().unwrap();
    assert_eq!((code(&done), err(&done).contains("web-3 (silent)")), (3, true));
}

#[test]
fn a_host_is_shown_as_it_was_and_what_nobody_knows_is_inconclusive() {
    let mut host: Value = serde_json::from_str(include_str!("../../../../proto/api/golden/HostDetail.json")).unwrap();
    host["at"] = json!("2026-11-01T00:00:00.000Z");
    host.as_object_mut().unwrap().remove("next");
    host["sources"][0]["problems"] = json!([]);
    let server = always(200, host.clone());
    let shown = run(&server, &["show", "web-1", "--at", "2026-11-01"]);
    assert_eq!(code(&shown), 0, "{}", err(&shown));
    assert!(out(&shown).contains("as of 2026-11-01 00:00:00 UTC"), "{}", out(&shown));
    assert_eq!(lines(&server), ["GET /api/v1/hosts/web-1?at=2026-11-01T00%3A00%3A00.000Z"]);
    host["sources"][0]["problems"] = json!([{"kind": "unknown", "reason": "nobody knows"}]);
    let shown = run(&always(200, host), &["show", "web-1", "--at", "7d"]);
    assert_eq!((code(&shown), out(&shown).contains("nobody knows")), (3, true));
}
