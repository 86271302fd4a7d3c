//! `accept`, `accept list` and `accept revoke`: nothing is meant without a
//! reason, an owner and an end.

use super::*;

fn acceptance(covers: &str, status: &str) -> Value {
    json!({"id": "a-3", "covers": covers, "status": status, "reason": "old region until the move",
        "owner": "team-db", "accepted_by": "ada", "accepted_at": "2026-11-22T08:00:00.000Z",
        "expires_at": "2026-12-22T08:00:00.000Z"})
}

const ACCEPT: [&str; 8] = ["accept", "d-17", "--reason", "old region", "--owner", "team-db", "--expires", "2026-12-31"];

#[test]
fn an_acceptance_is_sent_whole_and_says_what_it_covers_until_when() {
    let answer = json!({"schema_version": 1, "acceptance": acceptance("d-17", "valid"), "drifts": 1});
    let server = always(200, answer.clone());
    let output = run(&server, &ACCEPT);
    let expected = "\
ID   COVERS  STATUS  UNTIL (UTC)          OWNER
a-3  d-17    valid   2026-12-22 08:00:00  team-db
     old region until the move
";
    assert_eq!((code(&output), out(&output).as_str()), (0, expected), "{}", err(&output));
    assert_eq!(err(&output), "a-3 covers 1 drift now, until 2026-12-22 08:00:00 (utc)\n");
    assert_eq!(lines(&server), ["POST /api/v1/acceptances"]);
    let asked = json!({"covers": "d-17", "reason": "old region", "owner": "team-db",
        "expires_at": "2026-12-31T00:00:00Z"});
    assert_eq!(sent(&server), asked);
    assert_eq!(json_of(&run(&server, &[&ACCEPT[..], &["-o", "json"]].concat())), answer);
}

#[test]
fn a_stretch_ends_that_long_after_now() {
    let answer = json!({"schema_version": 1, "acceptance": acceptance("source=app", "valid"), "drifts": 4});
    let server = always(200, answer);
    let covers = "env=staging,source=app,key=LOG_*";
    let before: u64 = now_s();
    let output = run(&server, &["accept", covers, "--reason", "r", "--owner", "o", "--expires", "30d"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).starts_with("a-3 covers 4 drifts now"), "{}", err(&output));
    let ends: jiff::Timestamp = sent(&server)["expires_at"].as_str().unwrap().parse().unwrap();
    let stretch = u64::try_from(ends.as_second()).unwrap() - before;
    assert!((2_592_000..2_592_060).contains(&stretch), "{stretch}");
    assert_eq!(sent(&server)["covers"], covers);
}

fn now_s() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[test]
fn without_a_reason_an_owner_or_an_end_nothing_is_asked() {
    let server = always(500, json!({}));
    for flag in ["--reason", "--owner", "--expires"] {
        let at = ACCEPT.iter().position(|one| *one == flag).unwrap();
        let kept = [&ACCEPT[..at], &ACCEPT[at + 2..]].concat();
        let refused = run(&server, &kept);
        assert_eq!((code(&refused), out(&refused).as_str()), (64, ""), "{flag}");
        assert!(err(&refused).contains(flag), "{flag}: {}", err(&refused));
    }
    let unread = [&ACCEPT[..7], &["next year"]].concat();
    assert_eq!(code(&run(&server, &unread)), 64);
    assert_eq!(code(&run(&server, &["accept"])), 64);
    assert!(server.asked().is_empty());
}

#[test]
fn acceptances_are_listed_and_old_ones_only_if_asked_for() {
    let answer = json!({"schema_version": 1, "acceptances": [acceptance("source=app,key=LOG_*", "valid")]});
    let server = always(200, answer.clone());
    let listed = run(&server, &["accept", "list"]);
    let expected = "\
ID   COVERS                STATUS  UNTIL (UTC)          OWNER
a-3  source=app,key=LOG_*  valid   2026-12-22 08:00:00  team-db
     old region until the move
";
    assert_eq!((code(&listed), out(&listed).as_str()), (0, expected), "{}", err(&listed));
    assert_eq!(json_of(&run(&server, &["accept", "list", "--all", "-o", "json"])), answer);
    assert_eq!(lines(&server), ["GET /api/v1/acceptances", "GET /api/v1/acceptances?all=true"]);
    let none = always(200, json!({"schema_version": 1, "acceptances": []}));
    assert_eq!(out(&run(&none, &["accept", "list"])), "nothing is accepted\n");
}

#[test]
fn revoking_says_what_follows_and_prints_no_result() {
    let server = Server::start(|_| (204, String::new()));
    let done = run(&server, &["accept", "revoke", "a-3"]);
    assert_eq!((code(&done), out(&done).as_str()), (0, ""));
    assert_eq!(err(&done), "a-3 is revoked: what it covered is open drift again\n");
    assert_eq!(lines(&server), ["DELETE /api/v1/acceptances/a-3"]);
}

#[test]
fn w10_what_others_wrote_into_an_acceptance_is_escaped() {
    let mut one = acceptance(HOSTILE, "valid");
    for field in ["id", "reason", "owner"] {
        one[field] = json!(HOSTILE);
    }
    let made = always(200, json!({"schema_version": 1, "acceptance": one, "drifts": 1}));
    let output = run(&made, &ACCEPT);
    assert_printable(&out(&output));
    assert_printable(&err(&output));
    let listed = always(200, json!({"schema_version": 1, "acceptances": [one]}));
    assert_printable(&out(&run(&listed, &["accept", "list"])));
}
