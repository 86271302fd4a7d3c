//! Every route, for every role, everywhere and in one environment, against a
//! table that is written out.

use super::*;
use crate::http::demands::DEMANDS;

/// What stands in the table for one kind of operator: may, or may not.
const YES: bool = true;
const NO: bool = false;

/// The roles, in the order of the columns.
const ROLES: [&str; 4] = ["viewer", "deployer", "operator", "admin"];

/// One request that is about production, and who may make it: viewer,
/// deployer, operator, admin; held everywhere, in production, in staging.
type Row = (&'static str, &'static str, &'static str, [[bool; 4]; 3]);

const ALL: [bool; 4] = [YES, YES, YES, YES];
const NONE: [bool; 4] = [NO, NO, NO, NO];
const FROM_DEPLOYER: [bool; 4] = [NO, YES, YES, YES];
const FROM_OPERATOR: [bool; 4] = [NO, NO, YES, YES];
const ADMIN: [bool; 4] = [NO, NO, NO, YES];

const WINDOW: &str = r#"{"selector":"production","ticket":"CHG-1","seconds":600}"#;
const TOKEN: &str = r#"{"environment":"production","role":"web","secret_sha256":"00"}"#;
const PUSH: &str = r#"{"text":"settle = 1"}"#;
const TRIAL: &str = r#"{"text":"","days":7}"#;

#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("GET", "/api/v1/status", "", [ALL, ALL, ALL]),
    ("GET", "/api/v1/whoami", "", [ALL, ALL, ALL]),
    ("GET", "/api/v1/hosts", "", [ALL, ALL, ALL]),
    ("GET", "/api/v1/hosts?env=production", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/hosts/web-1", "", [ALL, ALL, NONE]),
    ("DELETE", "/api/v1/hosts/web-1", "", [FROM_OPERATOR, FROM_OPERATOR, NONE]),
    ("POST", "/api/v1/hosts/web-1/forget?env=production", "", [ADMIN, ADMIN, NONE]),
    ("GET", "/api/v1/changes", "", [ALL, ALL, ALL]),
    ("GET", "/api/v1/changes?env=production", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/changes?host=web-1", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/changes/stream?env=production", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/events?env=production", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/history/DB_HOST?env=production", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/explain?host=web-1&key=DB_HOST", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/explain/1", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/compare?left=production&right=host=web-1", "", [ALL, NONE, NONE]),
    ("GET", "/api/v1/compare?left=production&right=env%3Dproduction,role%3Dweb", "", [ALL, ALL, NONE]),
    ("GET", "/api/v1/verify", "", [ALL, ALL, ALL]),
    ("GET", "/api/v1/export", "", [ALL, NONE, NONE]),
    ("GET", "/api/v1/tokens", "", [ALL, ALL, ALL]),
    // The hash is wrong on purpose: of which environment it is comes after it.
    ("POST", "/api/v1/tokens", TOKEN, [FROM_OPERATOR, FROM_OPERATOR, FROM_OPERATOR]),
    ("GET", "/api/v1/policy", "", [ALL, ALL, ALL]),
    ("PUT", "/api/v1/policy", PUSH, [ADMIN, NONE, NONE]),
    ("GET", "/api/v1/policy/history", "", [ALL, ALL, ALL]),
    ("POST", "/api/v1/policy/test", TRIAL, [ALL, ALL, ALL]),
    ("GET", "/api/v1/policy/1", "", [ALL, ALL, ALL]),
    ("GET", "/api/v1/windows", "", [ALL, ALL, ALL]),
    ("GET", "/api/v1/windows?env=production", "", [ALL, ALL, NONE]),
    ("POST", "/api/v1/windows", WINDOW, [FROM_DEPLOYER, FROM_DEPLOYER, NONE]),
    ("DELETE", "/api/v1/tokens/none", "", [FROM_OPERATOR, FROM_OPERATOR, FROM_OPERATOR]),
    ("DELETE", "/api/v1/windows/1", "", [FROM_DEPLOYER, FROM_DEPLOYER, NONE]),
    ("GET", "/api/v1/operators", "", [ADMIN, NONE, NONE]),
    ("POST", "/api/v1/operators", "{}", [ADMIN, NONE, NONE]),
    ("DELETE", "/api/v1/operators/nobody", "", [ADMIN, NONE, NONE]),
    ("POST", "/api/v1/operators/ada/rotate", r#"{"token_sha256":"00"}"#, [ADMIN, NONE, NONE]),
    ("GET", "/metrics", "", [ALL, NONE, NONE]),
    ("GET", "/api/v1/else", "", [ALL, ALL, ALL]),
];

async fn room() -> Room {
    let room = Room::new().await;
    room.fill().await;
    for role in ROLES {
        for environment in ["", ":production", ":staging"] {
            room.operator(&format!("{role}{environment}"), &format!("{role}{environment}"), false).await;
        }
    }
    let opened = room.call("POST", "/api/v1/windows", Some("ada"), WINDOW).await;
    assert_eq!(opened.status(), StatusCode::OK);
    room
}

/// Tokens need a hash, so that the row above says little; this one says it.
#[tokio::test]
async fn tokens_for_a_host_of_production_are_made_by_its_operators() {
    let room = room().await;
    let body = TOKEN.replace("\"00\"", &format!("\"{}\"", "ab".repeat(32)));
    for (place, expected) in [("", FROM_OPERATOR), (":production", FROM_OPERATOR), (":staging", NONE)] {
        for (role, may) in ROLES.into_iter().zip(expected) {
            let who = format!("{role}{place}");
            let answer = room.call("POST", "/api/v1/tokens", Some(&who), &body).await;
            assert_eq!(answer.status() == StatusCode::OK, may, "{who}: {}", answer.status());
        }
    }
}

#[tokio::test]
async fn every_route_lets_in_exactly_who_the_table_says() {
    let mut wrong = Vec::new();
    let mut room = room().await;
    for (method, path, body, columns) in TABLE {
        if *method != "GET" {
            // What one row does must not change what it finds.
            room = self::room().await;
        }
        for (place, column) in ["", ":production", ":staging"].into_iter().zip(columns) {
            for (role, may) in ROLES.into_iter().zip(column) {
                let who = format!("{role}{place}");
                let status = room.call(method, path, Some(&who), body).await.status();
                assert_ne!(status, StatusCode::UNAUTHORIZED, "{who}");
                if (status != StatusCode::FORBIDDEN) != *may {
                    wrong.push(format!("{who}: {method} {path} gives {status}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_route_of_the_table_of_demands_is_walked() {
    let walked = |demand: &crate::http::demands::Demand| {
        let wanted: Vec<&str> = demand.path.split('/').collect();
        let fits = |path: &str| {
            let parts: Vec<&str> = path.split('?').next().unwrap().split('/').collect();
            parts.len() == wanted.len()
                && parts.iter().zip(&wanted).all(|(part, wanted)| wanted.starts_with('{') || part == wanted)
        };
        TABLE.iter().any(|(method, path, ..)| *method == demand.method && fits(path))
    };
    // Those of other rooms have walks of their own.
    let rooms = ["desired", "compare", "baselines", "snapshot", "drift", "acceptances", "reports"];
    let own = |path: &str| !rooms.iter().any(|room| path.contains(room));
    let missing: Vec<_> = DEMANDS.iter().filter(|demand| own(demand.path) && !walked(demand)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn a_refusal_names_the_role_that_is_missing_and_where() {
    let room = room().await;
    let (status, problem) = refusal(room.call("POST", "/api/v1/windows", Some("viewer"), WINDOW).await).await;
    assert_eq!((status, problem.code.as_str()), (403, "forbidden"));
    assert_eq!(problem.message, "viewer has viewer; this needs the role `deployer`");
    let (_, problem) = refusal(room.call("POST", "/api/v1/windows", Some("admin:staging"), WINDOW).await).await;
    assert_eq!(problem.message, "admin:staging has admin:staging; this needs the role `deployer` in production");
    assert!(problem.hint.unwrap().ends_with("`driftline operator add NAME --role deployer:production`"));
    let (_, problem) = refusal(room.call("PUT", "/api/v1/policy", Some("admin:staging"), PUSH).await).await;
    assert_eq!(problem.message, "admin:staging has admin:staging; this needs the role `admin` everywhere");
}

#[tokio::test]
async fn who_holds_a_role_in_one_environment_sees_nothing_of_another() {
    let room = room().await;
    let (mut seen, mut others) = (Vec::new(), Vec::new());
    for path in ["status", "hosts", "changes", "events", "tokens", "windows", "history/DB_HOST"] {
        for (who, kept) in [("viewer:production", &mut seen), ("viewer:staging", &mut others)] {
            let answer = room.call("GET", &format!("/api/v1/{path}"), Some(who), "").await;
            assert_eq!(answer.status(), StatusCode::OK, "{who} {path}");
            kept.push(String::from_utf8(bytes(answer).await.to_vec()).unwrap());
        }
    }
    assert!(seen.iter().all(|text| !text.contains("staging") && !text.contains("web-2")), "{seen:?}");
    assert!(others.iter().all(|text| !text.contains("production") && !text.contains("web-1")), "{others:?}");
    assert!(seen[2].contains("DB_HOST") && seen[3].contains("a gap") && seen[5].contains("CHG-1"));
    // Of two environments both are seen, and nothing beside them.
    room.operator("both", "viewer:staging", false).await;
    room.two_roles("both", ["viewer:staging", "viewer:dev"]).await;
    let answer = room.call("GET", "/api/v1/changes", Some("both"), "").await;
    assert_eq!(String::from_utf8(bytes(answer).await.to_vec()).unwrap().matches("DB_HOST").count(), 0);
}

#[tokio::test]
async fn the_last_administrator_stays_and_tokens_end_when_they_are_rotated() {
    let room = Room::new().await;
    let sha = |token: &str| crate::hex::encode(&<[u8; 32]>::from(Sha256::digest(token.as_bytes())));
    let add = |name: &str, role: &str, token: &str| {
        format!(r#"{{"name":"{name}","roles":["{role}"],"token_sha256":"{}"}}"#, sha(token))
    };
    let call = |method: &'static str, path: &'static str, who: &'static str, body: String| {
        let room = &room;
        async move { room.call(method, path, Some(who), &body).await.status().as_u16() }
    };
    assert_eq!(call("DELETE", "/api/v1/operators/ada", "ada", String::new()).await, 409);
    // An administrator of one environment is not one of operators.
    assert_eq!(call("POST", "/api/v1/operators", "ada", add("eve", "admin:staging", "eve-1")).await, 200);
    assert_eq!(call("DELETE", "/api/v1/operators/ada", "ada", String::new()).await, 409);
    assert_eq!(call("POST", "/api/v1/operators", "ada", add("bob", "admin", "bob-1")).await, 200);
    assert_eq!(call("POST", "/api/v1/operators", "ada", add("bob", "viewer", "bob-2")).await, 409, "there already");
    assert_eq!(call("POST", "/api/v1/operators", "ada", add("eva", "viewer", "bob-1")).await, 409, "bob's token");
    for (name, role) in [("", "viewer"), ("a b", "viewer"), ("dlo_x", "viewer"), ("x", "emperor"), ("x", "viewer:a b")]
    {
        assert_eq!(call("POST", "/api/v1/operators", "ada", add(name, role, "x")).await, 400, "{name} {role}");
    }
    assert_eq!(call("DELETE", "/api/v1/operators/ada", "bob-1", String::new()).await, 204);
    assert_eq!(call("GET", "/api/v1/whoami", "ada", String::new()).await, 401);
    assert_eq!(call("DELETE", "/api/v1/operators/bob", "bob-1", String::new()).await, 409);
    let rotate = |token: &str| format!(r#"{{"token_sha256":"{}"}}"#, sha(token));
    assert_eq!(call("POST", "/api/v1/operators/vic/rotate", "vic", rotate("vic-2")).await, 200, "one's own");
    assert_eq!(call("POST", "/api/v1/operators/vic/rotate", "dan", rotate("dan-2")).await, 403, "another's");
    assert_eq!(call("GET", "/api/v1/whoami", "vic", String::new()).await, 401);
    assert_eq!(call("GET", "/api/v1/whoami", "vic-2", String::new()).await, 200);
    let events = bytes(room.call("GET", "/api/v1/events", Some("bob-1"), "").await).await;
    let events = String::from_utf8(events.to_vec()).unwrap();
    for told in [
        "ada added the operator bob (admin)",
        "revoked the operator ada",
        "vic gave the operator vic a new access token",
    ] {
        assert!(events.contains(told), "{told}: {events}");
    }
}

#[tokio::test]
async fn whatever_is_read_somebody_can_log_in_and_decide() {
    let room = Room::new().await;
    room.fill().await;
    let readers = u32::try_from(READS_MAX).unwrap();
    let _held = Arc::clone(&room.http.places).acquire_many_owned(readers).await.unwrap();
    let close = |who: &'static str| room.call("DELETE", "/api/v1/windows/7", Some(who), "");
    assert_eq!(close("ada").await.status(), StatusCode::NOT_FOUND, "it was looked for, and is not there");
    assert_eq!(close("nobody").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_reads_the_whole_history_leaves_places_to_people() {
    let room = Room::new().await;
    room.fill().await;
    let longs = u32::try_from(LONG_READS_MAX).unwrap();
    let _held = Arc::clone(&room.http.long_places).acquire_many_owned(longs).await.unwrap();
    assert_eq!(room.get("/api/v1/changes").await.status(), StatusCode::OK);
    let mut long = Box::pin(room.get("/api/v1/verify"));
    let waited = tokio::time::timeout(Duration::from_millis(200), &mut long).await;
    assert!(waited.is_err(), "it waits for a place of its own kind");
    const { assert!(LONG_READS_MAX < READS_MAX) };
}
