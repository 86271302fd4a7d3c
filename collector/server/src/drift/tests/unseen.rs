//! What cannot be held against anything, or is not looked at any more: it
//! resolves nothing, and is named.

use super::*;

const APP: SourceKind = SourceKind::EnvFile;

/// Hosts that watch `app`, connected.
async fn room(hosts: &[&str]) -> Room {
    let room = Room::new();
    room.watch(hosts, "app", APP).await;
    for host in hosts {
        room.host(host, |host| host.status = HostStatus::Connected).await;
    }
    room
}

/// The same, with a drift open on `web-1`.
async fn differing(hosts: &[&str]) -> Room {
    let room = room(hosts).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    for host in hosts {
        room.set(host, "app", "A", Some(if *host == "web-1" { 2 } else { 1 })).await;
    }
    assert_eq!(only(room.look().await).state, State::Open);
    assert_eq!(room.unchecked(), [] as [&str; 0]);
    room
}

fn names(hosts: &[driftline_canon::HostName]) -> Vec<&str> {
    hosts.iter().map(driftline_canon::HostName::as_str).collect()
}

#[tokio::test]
async fn a_revision_of_another_key_epoch_resolves_nothing_and_is_named() {
    for other in [(2, 1), (1, 2)] {
        let room = differing(&["web-1"]).await;
        room.host("web-1", move |host| (host.fleet_key_epoch, host.canonical_form) = other).await;
        assert_eq!(only(room.look().await).state, State::Open, "{other:?}");
        assert_eq!(room.unchecked(), ["app on web-1 (declared or approved under another fleet key or form)"]);
        room.push(2, "def", &[("A", 2)], |one| (one.fleet_key_epoch, one.canonical_form) = other).await;
        assert_eq!(only(room.look().await).state, State::Adopted, "pushed anew, it is held against it");
        assert_eq!(room.unchecked(), [] as [&str; 0]);
    }
}

#[tokio::test]
async fn an_older_revision_that_fits_takes_the_place_of_no_newer_one() {
    let room = differing(&["web-1"]).await;
    room.push(2, "def", &[("A", 7)], |one| one.fleet_key_epoch = 2).await;
    room.set("web-1", "app", "A", Some(1)).await;
    assert_eq!(only(room.look().await).state, State::Open, "what was declared before is not what should be");
    assert_eq!(room.unchecked().len(), 1);
}

#[tokio::test]
async fn a_revision_that_expired_resolves_nothing_until_something_takes_its_place() {
    let room = room(&["web-1"]).await;
    let expires_ms = room.now_ms() + DAY_MS;
    room.push(1, "abc", &[("A", 1)], |one| one.expires_ms = Some(expires_ms)).await;
    room.set("web-1", "app", "A", Some(2)).await;
    assert_eq!(only(room.look().await).state, State::Open);
    room.ends.clock.advance_ms(DAY_MS);
    assert_eq!(only(room.look().await).state, State::Open);
    assert_eq!(room.unchecked(), ["app on web-1 (what was declared for it has expired)"]);
    room.approve(&host_record("web-1"), &[("A", 2)]).await;
    assert_eq!(only(room.look().await).state, State::Resolved, "a person says what should be there");
    assert_eq!(room.unchecked(), [] as [&str; 0]);
}

#[tokio::test]
async fn after_a_temporary_revision_the_regular_one_is_in_force_and_the_host_has_time_to_go_back() {
    let room = room(&["web-1"]).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    let expires_ms = room.now_ms() + DAY_MS;
    room.push(2, "hotfix", &[("A", 2)], |one| one.expires_ms = Some(expires_ms)).await;
    room.set("web-1", "app", "A", Some(2)).await;
    assert_eq!(room.look().await, []);
    room.ends.clock.advance_ms(DAY_MS);
    assert_eq!(room.look().await, []);
    room.ends.clock.advance_ms(given::STALE_AFTER_MS);
    let drift = only(room.look().await);
    assert_eq!((drift.way, drift.expected_by.as_str()), (Way::Stale, "revision abc"));
}

#[tokio::test]
async fn a_baseline_of_another_key_epoch_resolves_nothing_either() {
    let room = room(&["web-1"]).await;
    room.approve(&host_record("web-1"), &[("A", 1)]).await;
    room.set("web-1", "app", "A", Some(2)).await;
    assert_eq!(only(room.look().await).identity.rule, Rule::Baseline);
    room.host("web-1", |host| host.fleet_key_epoch = 2).await;
    assert_eq!(only(room.look_at_all().await).state, State::Open);
    assert_eq!(room.unchecked().len(), 1);
}

#[tokio::test]
async fn what_was_approved_of_a_host_in_another_environment_is_not_held_against_it() {
    let room = room(&["web-1"]).await;
    room.approve(&host_record("web-1"), &[("A", 1)]).await;
    room.host("web-1", |host| host.environment = "staging".parse().unwrap()).await;
    room.set("web-1", "app", "A", Some(2)).await;
    assert_eq!(room.look().await, []);
    room.host("web-1", |host| host.environment = "production".parse().unwrap()).await;
    assert_eq!(only(room.look_at_all().await).expected_by, "baseline 1");
}

#[tokio::test]
async fn a_host_that_is_revoked_or_two_resolves_nothing() {
    for status in [HostStatus::Revoked, HostStatus::Quarantined] {
        let room = differing(&["web-1", "web-2"]).await;
        room.host("web-1", move |host| host.status = status).await;
        let drift = only(room.look_at_all().await);
        assert_eq!((drift.state, names(&drift.hosts)), (State::Open, vec!["web-1"]), "{status:?}");
        assert_eq!(room.unchecked().len(), 1);
        // Another host joins it and leaves again.
        room.set("web-2", "app", "A", Some(3)).await;
        let drift = only(room.look().await);
        assert_eq!((names(&drift.hosts), drift.host_count), (vec!["web-1", "web-2"], 2), "{status:?}");
        room.set("web-2", "app", "A", Some(1)).await;
        assert_eq!(only(room.look().await).state, State::Open);
        room.set("web-1", "app", "A", Some(1)).await;
        assert_eq!(only(room.look().await).state, State::Open);
        room.host("web-1", |host| host.status = HostStatus::Connected).await;
        assert_eq!(only(room.look().await).state, State::Resolved, "it may speak again");
    }
}

#[tokio::test]
async fn a_source_that_is_watched_no_longer_resolves_nothing_and_is_named() {
    let room = differing(&["web-1"]).await;
    let retired = |retired| SourceRecord { retired, ..watched("web-1", "app", APP) };
    let source = retired(true);
    room.put(move |draft| {
        draft.put_source(source);
        Ok(())
    })
    .await;
    assert_eq!(only(room.look().await).state, State::Open);
    assert_eq!(room.unchecked(), ["app on web-1 (no longer watched)"]);
    room.set("web-1", "app", "A", Some(1)).await;
    assert_eq!(only(room.look().await).state, State::Open, "nobody watches");
    let source = retired(false);
    room.put(move |draft| {
        draft.put_source(source);
        Ok(())
    })
    .await;
    assert_eq!(only(room.look().await).state, State::Resolved);
}

#[tokio::test]
async fn a_source_that_nobody_says_anything_of_is_not_named_when_it_is_watched_no_longer() {
    let room = room(&["web-1"]).await;
    let source = SourceRecord { retired: true, ..watched("web-1", "app", APP) };
    room.put(move |draft| {
        draft.put_source(source);
        Ok(())
    })
    .await;
    assert_eq!(room.look().await, []);
    assert_eq!(room.unchecked(), [] as [&str; 0]);
}

#[tokio::test]
async fn what_is_declared_and_watched_by_nobody_is_named() {
    let room = room(&["web-1", "web-2"]).await;
    room.watch(&["web-1"], "one", APP).await;
    room.host("web-1", |host| host.status = HostStatus::Connected).await;
    let of = |source: &'static str| move |one: &mut Revision| one.sources = vec![(source.parse().unwrap(), 1)];
    room.push(1, "one", &[], of("one")).await;
    assert_eq!(room.unchecked(), [] as [&str; 0], "a host of the environment has it");
    room.push(2, "none", &[], of("none")).await;
    room.push(3, "role", &[], |one| {
        of("one")(one);
        one.selector = "env=production,role=web".parse().unwrap();
    })
    .await;
    let found = room.unchecked();
    let expected = ["one on web-2 (declared and not watched)", "none (declared for production and watched by no host)"];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn hosts_whose_digests_are_made_otherwise_are_not_held_against_each_other() {
    let room = room(&["web-1", "web-2", "web-3"]).await;
    for host in ["web-1", "web-2", "web-3"] {
        room.set(host, "app", "A", Some(1)).await;
    }
    room.ends.clock.advance_ms(DAY_MS);
    assert_eq!(room.look().await, []);
    room.host("web-3", |host| host.fleet_key_epoch = 2).await;
    room.set("web-3", "app", "A", Some(9)).await;
    room.look().await;
    room.ends.clock.advance_ms(DAY_MS);
    assert_eq!(room.look_at_all().await, [], "the same value has another digest");
    assert_eq!(room.unchecked(), ["web-3 (another fleet key or form than most of its role)"]);
    room.host("web-3", |host| host.fleet_key_epoch = 1).await;
    room.look_at_all().await;
    room.ends.clock.advance_ms(DAY_MS);
    assert_eq!(names(&only(room.look_at_all().await).hosts), ["web-3"]);
}

#[tokio::test]
async fn two_pushes_within_an_hour_open_nothing_on_a_host_that_has_neither_yet() {
    let room = room(&["web-1"]).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    room.set("web-1", "app", "A", Some(1)).await;
    let half = given::STALE_AFTER_MS / 2;
    room.declare(2, "def", &[("A", 2)]).await;
    room.ends.clock.advance_ms(half);
    room.declare(3, "ghi", &[("A", 3)]).await;
    assert_eq!(room.look().await, []);
    let since_ms = room.now_ms() - half;
    room.ends.clock.advance_ms(half);
    let drift = only(room.look().await);
    assert_eq!((drift.way, drift.opened_ms, drift.expected_by.as_str()), (Way::Stale, since_ms, "revision ghi"));
    room.set("web-1", "app", "A", Some(2)).await;
    assert_eq!(only(room.look().await).state, State::Resolved, "the second is on its way still");
    room.ends.clock.advance_ms(half);
    assert_eq!(only(room.look().await).way, Way::Stale);
}

#[tokio::test]
async fn the_first_push_for_a_role_has_the_time_that_any_deployment_has() {
    let room = room(&["web-1"]).await;
    room.declare(1, "abc", &[("A", 1)]).await;
    room.set("web-1", "app", "A", Some(1)).await;
    let for_role = |one: &mut Revision| one.selector = "env=production,role=web".parse().unwrap();
    room.push(2, "def", &[("A", 2)], for_role).await;
    assert_eq!(room.look().await, []);
    // One for the environment was never in force on a host of the role.
    room.declare(3, "ghi", &[("A", 3)]).await;
    room.set("web-1", "app", "A", Some(3)).await;
    assert_eq!(only(room.look().await).way, Way::Differs);
}

#[tokio::test]
async fn who_goes_back_to_what_was_declared_long_ago_is_not_late() {
    let room = room(&["web-1"]).await;
    room.declare(1, "abc", &[("DB_PASSWORD", 1)]).await;
    room.declare(2, "def", &[("DB_PASSWORD", 2)]).await;
    room.set("web-1", "app", "DB_PASSWORD", Some(2)).await;
    room.ends.clock.advance_ms(DAY_MS);
    assert_eq!(room.look().await, []);
    room.set("web-1", "app", "DB_PASSWORD", Some(1)).await;
    let drift = only(room.look().await);
    assert_eq!((drift.way, drift.severity, drift.opened_ms), (Way::Differs, Severity::Critical, room.now_ms()));
}

#[tokio::test]
async fn a_file_with_secrets_that_anybody_may_read_is_critical_though_only_its_mode_was_touched() {
    let room = room(&["web-1"]).await;
    let mode = |room: &Room, shown: &str| {
        let key = ItemKey::metadata(ItemKey::MODE);
        let made = ItemRecord { display: Some(Masked::from_wire(shown.to_owned())), ..item(&key, 9, room.now_ms()) };
        move |draft: &mut crate::record::Draft<'_>| {
            draft.put_items(&"web-1".parse().unwrap(), &"app".parse().unwrap(), [(key, Some(made))]);
            Ok(())
        }
    };
    let key = ItemKey::from_bytes(b"DB_PASSWORD");
    let secret = ItemRecord { secret: true, ..item(&key, 1, room.now_ms()) };
    room.put(move |draft| {
        draft.put_items(&"web-1".parse().unwrap(), &"app".parse().unwrap(), [(key, Some(secret))]);
        Ok(())
    })
    .await;
    room.approve(&host_record("web-1"), &[("@mode", 4), ("DB_PASSWORD", 1)]).await;
    room.look().await;
    room.put(mode(&room, "0644")).await;
    let drifts = room.look().await;
    assert_eq!(only(drifts).severity, Severity::Critical);
    assert_eq!(room.of_a_fresh_start(), []);
}

#[tokio::test]
async fn rules_in_another_order_than_declared_are_a_drift() {
    let room = room(&["web-1"]).await;
    let order = "@order:inet filter/input";
    let (allow, drop) = ("inet filter/input: tcp dport 22 accept", "inet filter/input: drop");
    let declared = [(allow, 1), (drop, 1), (order, 5)];
    for (key, value) in declared {
        room.set("web-1", "app", key, Some(value)).await;
    }
    room.declare(1, "abc", &declared).await;
    assert_eq!(room.look().await, []);
    room.set("web-1", "app", order, Some(6)).await;
    let drift = only(room.look().await);
    assert_eq!((drift.identity.key.as_str(), drift.way, drift.state), (order, Way::Differs, State::Open));
    // A rule more: the order is not that of the declared rules, whatever it is.
    let junk = "inet filter/input: tcp dport 5432 accept";
    room.set("web-1", "app", junk, Some(1)).await;
    room.set("web-1", "app", order, Some(7)).await;
    let open: Vec<_> = room.look().await.into_iter().map(|one| (one.identity.key.to_string(), one.state)).collect();
    assert_eq!(open, [(order.to_owned(), State::Open), (junk.to_owned(), State::Open)]);
    room.set("web-1", "app", junk, None).await;
    room.set("web-1", "app", order, Some(5)).await;
    assert!(room.look().await.iter().all(|one| one.state == State::Resolved));
    assert_eq!(room.of_a_fresh_start(), []);
}

#[tokio::test]
async fn an_order_that_follows_from_a_rule_that_came_is_no_second_finding() {
    let room = room(&["web-1"]).await;
    let order = "@order:inet filter/input";
    let declared = [("inet filter/input: drop", 1), (order, 5)];
    room.declare(1, "abc", &declared).await;
    room.set("web-1", "app", "inet filter/input: drop", Some(1)).await;
    room.set("web-1", "app", order, Some(6)).await;
    room.set("web-1", "app", "inet filter/input: accept", Some(1)).await;
    assert_eq!(only(room.look().await).identity.key.as_str(), "inet filter/input: accept");
    // The order becomes a finding of its own without being touched again.
    room.set("web-1", "app", "inet filter/input: accept", None).await;
    let open: Vec<_> = room.look().await.into_iter().filter(|one| one.state == State::Open).collect();
    assert_eq!(only(open).identity.key.as_str(), order);
}
