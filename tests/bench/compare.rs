//! Comparing environments: the judgement alone, and asked through the API of a
//! collector whose store simulated agents have filled.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_api::compare::Comparison;
use driftline_api::drift::AcceptanceRequest;
use driftline_api::policy::PolicyPush;
use driftline_daemon::clock;
use driftline_tests::process::{program, succeed};
use reqwest::Method;
use serde::Deserialize;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::api::Api;
use crate::collector::Collector;
use crate::sim::Member;
use crate::source::MadeUp;
use crate::stats::{Samples, count, duration, times};
use crate::table::{Line, Section};
use crate::{Setup, fleet, runtime};

const HOSTS: usize = 500;
const KEYS: usize = 200;
const SMALL_MAX: Duration = Duration::from_millis(50);
const LARGE_MAX: Duration = Duration::from_secs(1);

/// Comparisons through the API; the middle one counts.
const TIMES: usize = 9;

/// Differences that are expected, and as many that are accepted, and as many
/// expectations of other keys.
const MEANT: usize = 50;

/// For how long they are accepted: a day.
const ACCEPTED_MS: i64 = 24 * 3_600 * 1_000;

/// One line of the example of the `compare` crate.
#[derive(Debug, Deserialize)]
struct Pure {
    size: String,
    items: u64,
    feed_ms: f64,
    compare_ms: f64,
    differing: u64,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let text = succeed(&mut Command::new(program("examples/compare_bench")));
    let pure: Vec<Pure> = serde_json::from_str(&text).expect("the example prints JSON");
    let mut lines: Vec<Line> = pure.iter().map(pure_line).collect();
    let hosts = if setup.quick { HOSTS / 10 } else { HOSTS };
    lines.extend(through_the_api(setup, hosts));
    let notes = vec![
        "The first lines are the judgement alone, in memory: feeding both sides, and comparing. Through the API it is \
         reading the store, comparing and JSON over TLS; then once more with a policy of expectations, some of them for \
         other keys, and with acceptances."
            .to_owned(),
    ];
    Section { title: "Comparing environments".to_owned(), lines, notes }
}

fn pure_line(one: &Pure) -> Line {
    let of_ms = |ms: f64| Duration::from_secs_f64(ms / 1000.0);
    let (feed, compare) = (of_ms(one.feed_ms), of_ms(one.compare_ms));
    let (text, max) = if one.items <= (2 * HOSTS * KEYS) as u64 { ("50 ms", SMALL_MAX) } else { ("1 s", LARGE_MAX) };
    Line::new(format!("{}, {} differ", one.size, count(one.differing)), duration(feed + compare))
        .beside(format!("of it comparing {}", duration(compare)), "")
        .budget(text, feed + compare <= max)
}

fn through_the_api(setup: &Setup, hosts: usize) -> Vec<Line> {
    let collector = Arc::new(Collector::start(&setup.dir, None));
    let api = Api::of(&collector);
    let runtime = runtime();
    for (environment, seed) in [("staging", 1), ("production", 2)] {
        runtime.block_on(fill(&collector, &api, environment, seed, hosts));
    }
    let least = Samples::new((0..TIMES).map(|_| runtime.block_on(round_trip(&api))).collect());
    let least = least.p50();
    let mut lines = vec![asked(&api, &runtime, hosts, least)];
    runtime.block_on(mean(&api));
    lines.push(asked(&api, &runtime, hosts, least));
    lines
}

/// The comparison, asked for over and over.
fn asked(api: &Api, runtime: &Runtime, hosts: usize, least: Duration) -> Line {
    let once = || {
        let begun = Instant::now();
        let found: Comparison = runtime.block_on(api.get("/api/v1/compare?left=staging&right=production"));
        (begun.elapsed(), found)
    };
    let (_, found) = once();
    let took = Samples::new((0..TIMES).map(|_| once().0).collect());
    assert_eq!((found.left_hosts as usize, found.right_hosts as usize), (hosts, hosts), "every host was compared");
    Line::new(what(hosts, &found), duration(took.p50()))
        .beside(format!("an empty answer {}", duration(least)), times(took.p50(), least))
        .budget("50 ms", took.p50() <= SMALL_MAX)
}

fn what(hosts: usize, found: &Comparison) -> String {
    let meant = match (found.expected, found.accepted) {
        (0, 0) => String::new(),
        (expected, accepted) => format!(", {expected} more expected and {accepted} accepted"),
    };
    let (differing, keys) = (found.differing, found.keys);
    format!("2 x {hosts} hosts x {KEYS} keys through the API, {differing} of {keys} differ{meant}")
}

/// Gives the collector a policy that expects some of the differences, among
/// rules for other keys, and accepts others one by one.
async fn mean(api: &Api) {
    let expect = |key| format!("[[expect]]\nkey = \"{key}\"\nmust = \"any\"\nreason = \"of the benchmark\"\n\n");
    let others = (0..MEANT).map(|at| expect(format!("OTHER_{at}_*")));
    let text = others.chain((0..MEANT / 10).map(|ten| expect(format!("SETTING_0000{ten}?")))).collect();
    let _ = api.send(Method::PUT, "/api/v1/policy", &PolicyPush { text, replaces: None }).await;
    for at in 0..MEANT {
        let accepted = AcceptanceRequest {
            covers: format!("env=production,source=app,key=SETTING_{:06}", KEYS / 2 + at),
            reason: "of the benchmark".to_owned(),
            owner: "ada".to_owned(),
            expires_at: clock::format_ms(clock::now_ms() + ACCEPTED_MS),
        };
        let _ = api.send(Method::POST, "/api/v1/acceptances", &accepted).await;
    }
}

async fn round_trip(api: &Api) -> Duration {
    let begun = Instant::now();
    let _ = api.text("/healthz").await;
    begun.elapsed()
}

/// Hosts of one environment agree with each other.
async fn fill(collector: &Arc<Collector>, api: &Api, environment: &str, seed: u64, hosts: usize) {
    let members = fleet::enrol(collector, api, environment, hosts).await;
    let mut all = JoinSet::new();
    for member in members {
        all.spawn(async move { send_all(&member, seed).await });
    }
    for sent in all.join_all().await {
        sent.expect("every host's state is taken");
    }
}

async fn send_all(member: &Member, seed: u64) -> Result<(), String> {
    let mut source = MadeUp::new("app", KEYS, seed);
    member.connect(&[source.start()]).await?.deliver(source.snapshot()).await
}

#[cfg(test)]
mod tests;
