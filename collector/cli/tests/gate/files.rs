//! `check` against files of a repository: what is asked, what travels, where
//! findings point.

use serde_json::{Value, json};

use super::{Server, answering, command, comparison, difference, out, run};

const CHECK: [&str; 3] = ["check", "--env", "staging"];

fn against<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&CHECK[..], &["--against"], more].concat()
}

fn repository(server: &Server) {
    let dir = server.dir.path().join("deploy/staging");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("app.env"), "# the shop\nK=5s\nDB_PASSWORD=correct-horse-battery\n").unwrap();
    std::fs::write(dir.join("else.env"), "A=1\n").unwrap();
    let map = "[[source]]\nname = \"app\"\nkind = \"env_file\"\npath = \"{env}/app.env\"\n";
    std::fs::write(server.dir.path().join("deploy/driftline-desired.toml"), map).unwrap();
}

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn p4_digests_of_the_files_travel_and_values_do_not() {
    let server = answering(&[], &[]);
    repository(&server);
    let output = run(&server, &against(&["deploy/"]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let asked = server.asked().remove(0);
    assert_eq!(asked.line, "POST /api/v1/compare");
    let sent: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((sent["left"].as_str(), sent["name"].as_str()), (Some("staging"), Some("deploy/")));
    assert_eq!(sent["declared"]["fleet_key_epoch"], 2);
    let items = sent["declared"]["sources"][0]["items"].as_array().unwrap();
    assert_eq!((items.len(), items[0]["display"].as_str()), (2, Some("****")), "{items:?}");
    let bare = <sha2::Sha256 as sha2::Digest>::digest("correct-horse-battery");
    let bare: String = bare.iter().map(|byte| format!("{byte:02x}")).collect();
    for needle in ["correct-horse-battery", "Y29ycmVjdC1ob3JzZ", &bare] {
        assert!(!asked.body.contains(needle), "{needle}: {}", asked.body);
    }
    assert!(sent.get("all").is_none());
}

#[test]
fn what_travels_is_what_a_push_of_the_same_files_sends() {
    let server = answering(&[], &[]);
    repository(&server);
    run(&server, &against(&["deploy/"]));
    run(&server, &against(&["deploy/staging/app.env"]));
    run(&server, &against(&["deploy/staging/app.env", "--source", "app"]));
    run(&server, &["desired", "push", "--env", "staging", "--from", "deploy", "--rev", "r1"]);
    let declared: Vec<Value> = server
        .asked()
        .iter()
        .map(|asked| serde_json::from_str::<Value>(&asked.body).unwrap()["declared"].clone())
        .collect();
    assert_eq!(declared.len(), 4);
    assert!(declared.windows(2).all(|pair| pair[0] == pair[1]), "{declared:?}");
}

#[test]
fn a_file_that_nothing_maps_is_unchecked_and_what_files_do_not_cover_is_said() {
    let mut body = comparison(&[], &[]);
    body["uncovered"] = json!(["nginx"]);
    let server = Server::start(move |_| (200, body.to_string()));
    repository(&server);
    let whole = run(&server, &against(&["deploy/"]));
    assert_eq!(whole.status.code(), Some(0));
    assert!(out(&whole).contains("\nNot compared, for the other side says nothing of it: nginx.\n"), "{}", out(&whole));
    let named = run(&server, &against(&["deploy/staging/app.env", "deploy/staging/else.env"]));
    assert_eq!(named.status.code(), Some(3));
    let told = out(&named).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("deploy/staging/else.env (no source is mapped to it)"), "{told}");
    let asked = server.asked().len();
    let nothing = run(&server, &against(&["deploy/staging/else.env"]));
    assert_eq!((nothing.status.code(), server.asked().len()), (Some(3), asked), "{}", said(&nothing));
    assert!(said(&nothing).contains("--source NAME"), "{}", said(&nothing));
}

#[test]
fn findings_stand_in_the_files_of_the_repository() {
    let server =
        answering(&[], &[difference("K", "differs", "critical"), difference("ORPHAN", "missing_right", "warning")]);
    repository(&server);
    let mut annotated = command(&server, &against(&["deploy/"]));
    let annotated = annotated.env("GITHUB_ACTIONS", "true").output().unwrap();
    assert_eq!(annotated.status.code(), Some(1));
    let text = out(&annotated);
    assert!(text.contains("\n::error file=deploy/staging/app.env,line=2,title=K differs::Sync 'K'\n"), "{text}");
    assert!(text.contains("\n::warning file=deploy/staging/app.env,title=ORPHAN missing_right::"), "{text}");
    let sarif = run(&server, &against(&["./deploy/staging/app.env", "--output", "sarif"]));
    let sarif: Value = serde_json::from_str(&out(&sarif)).unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place, &json!({"artifactLocation": {"uri": "deploy/staging/app.env"}, "region": {"startLine": 2}}));
}

#[test]
fn what_cannot_be_read_or_asked_is_refused_before_anything_is_sent() {
    let server = answering(&[], &[]);
    repository(&server);
    let with = |arguments: &[&str]| {
        let output = run(&server, arguments);
        (output.status.code().unwrap(), said(&output))
    };
    let (code, text) = with(&["check", "--env", "host=web-1", "--against", "deploy/"]);
    assert!(code == 64 && text.contains("names no environment"), "{code} {text}");
    assert_eq!(with(&against(&["./nowhere/"])).0, 3);
    assert_eq!(with(&against(&["deploy/staging/"])).0, 3, "a directory without a mapping file");
    std::fs::write(server.dir.path().join("deploy/staging/app.env"), "A='never closed\n").unwrap();
    let (code, text) = with(&against(&["deploy/"]));
    assert!(code == 65 && text.contains("app.env:1"), "{code} {text}");
    std::fs::remove_file(server.dir.path().join("fleet-key.toml")).unwrap();
    assert_eq!(with(&against(&["deploy/"])).0, 78, "no fleet key");
    assert!(server.asked().is_empty());
}
