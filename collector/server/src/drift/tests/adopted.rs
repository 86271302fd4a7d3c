//! Outliers of a role whose value is declared for them later.

use super::*;

impl Room {
    /// Declares one key of `app` for what a selector means.
    pub(super) async fn declare_for(&self, number: u64, selector: &str, item: (&str, u8)) {
        let declared = Revision {
            number,
            selector: selector.parse().unwrap(),
            revision: format!("rev-{number}"),
            ticket: None,
            pushed_by: "ci".to_owned(),
            pushed_ms: self.now_ms(),
            expires_ms: None,
            fleet_key_epoch: 1,
            canonical_form: 1,
            sources: vec![("app".parse().unwrap(), 1)],
        };
        let sheet = sheet(format!("revision/{}", numbered(number)), &[item]);
        self.put(move |draft| {
            draft.put_document(&declared)?;
            draft.put_document(&sheet)
        })
        .await;
    }

    /// Hosts of which the last has another value than the others, long enough
    /// for a finding.
    async fn outlier(hosts: &[&str]) -> Self {
        let room = Self::new();
        room.watch(hosts, "app", SourceKind::EnvFile).await;
        let (last, others) = hosts.split_last().unwrap();
        for host in others {
            room.set(host, "app", "POOL", Some(1)).await;
        }
        room.ends.clock.advance_ms(1_000);
        room.set(last, "app", "POOL", Some(9)).await;
        room.ends.clock.advance_ms(DAY_MS);
        let drift = only(room.look().await);
        assert_eq!((drift.identity.rule, drift.state), (Rule::Role, State::Open));
        room
    }

    /// The drift of the role: the others are of what is declared.
    async fn of_role(&self) -> Drift {
        only(self.look().await.into_iter().filter(|drift| drift.identity.rule == Rule::Role).collect())
    }
}

#[tokio::test]
async fn an_outlier_whose_value_is_declared_for_its_host_is_adopted() {
    for hosts in [&["web-1", "web-2", "web-3"][..], &["web-1", "web-3"]] {
        let room = Room::outlier(hosts).await;
        room.declare_for(1, "env=production,host=web-3", ("POOL", 9)).await;
        let drift = room.of_role().await;
        assert_eq!(drift.state, State::Adopted, "{hosts:?}");
        assert_eq!(turns(&drift), [Turn::Opened, Turn::Adopted("revision rev-1".to_owned())]);
        assert_eq!(room.of_a_fresh_start(), [], "looking again changes nothing");
    }
}

#[tokio::test]
async fn an_outlier_whose_value_is_declared_for_all_is_adopted() {
    let room = Room::outlier(&["web-1", "web-2", "web-3"]).await;
    room.declare_for(1, "production", ("POOL", 9)).await;
    assert_eq!(room.of_role().await.state, State::Adopted);
}

#[tokio::test]
async fn an_outlier_for_which_another_value_is_declared_is_not_adopted() {
    let room = Room::outlier(&["web-1", "web-2", "web-3"]).await;
    room.declare_for(1, "env=production,host=web-3", ("POOL", 1)).await;
    assert_eq!(room.of_role().await.state, State::Resolved);
}

#[tokio::test]
async fn an_outlier_that_took_the_value_of_the_others_is_not_adopted() {
    let room = Room::outlier(&["web-1", "web-2", "web-3"]).await;
    room.set("web-3", "app", "POOL", Some(1)).await;
    room.declare_for(1, "env=production,host=web-3", ("POOL", 1)).await;
    assert_eq!(room.of_role().await.state, State::Resolved);
}

#[tokio::test]
async fn of_two_outliers_the_drift_ends_when_the_last_does_and_as_that_did() {
    let room = Room::new();
    let hosts = ["web-1", "web-2", "web-3", "web-4", "web-5"];
    room.watch(&hosts, "app", SourceKind::EnvFile).await;
    for host in hosts {
        room.set(host, "app", "POOL", Some(if host > "web-3" { 9 } else { 1 })).await;
    }
    room.ends.clock.advance_ms(DAY_MS);
    assert_eq!(room.of_role().await.host_count, 2);
    room.declare_for(1, "env=production,host=web-4", ("POOL", 9)).await;
    let drift = room.of_role().await;
    assert_eq!((drift.state, drift.host_count), (State::Open, 1));
    room.set("web-5", "app", "POOL", Some(1)).await;
    assert_eq!(room.of_role().await.state, State::Resolved);
}
