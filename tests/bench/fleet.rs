//! Many simulated agents at once.
//!
//! They are enrolled a few at a time: a fleet is not enrolled in one second.

use std::sync::Arc;

use driftline_canon::{Environment, HostName};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::collector::Collector;
use crate::sim::Member;

/// Enrolments at a time: keeps both cores busy and every queue short.
const AT_ONCE: usize = 16;

/// Enrols `count` hosts in an environment.
pub(crate) async fn enrol(collector: &Arc<Collector>, api: &Api, environment: &str, count: usize) -> Vec<Member> {
    let environment = Environment::new(environment).expect("a name");
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut all = JoinSet::new();
    for number in 0..count {
        let (collector, api, environment) = (Arc::clone(collector), api.clone(), environment.clone());
        let turns = Arc::clone(&turns);
        all.spawn(async move {
            let _turn = turns.acquire_owned().await;
            let host = HostName::new(format!("{environment}-{number}")).expect("a name");
            Member::enrol(&collector, &api, &environment, &host).await
        });
    }
    all.join_all().await
}
