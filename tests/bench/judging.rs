//! What it costs to say of each change whether it was meant: the judgement
//! alone, and a collector that judges beside one that has nothing to judge by.
//!
//! It looks at no verdict: that they are right is for other tests to say.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use driftline_api::desired::{Declared, DeclaredItem, DeclaredSource, DesiredPush};
use driftline_api::policy::PolicyPush;
use driftline_api::window::WindowOpen;
use driftline_tests::process::{program, succeed};
use reqwest::Method;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::api::Api;
use crate::collector::Collector;
use crate::ingest::{self, AGENTS, ITEMS, Load, Outcome};
use crate::stats::{count, duration, per_second, times};
use crate::table::{Line, Section};
use crate::{Setup, fleet, runtime};

const EACH_MAX: Duration = Duration::from_micros(20);

/// What there is to judge by.
const REVISIONS: usize = 200;
const WINDOWS: usize = 500;

/// Rules and expectations of the policy.
const POLICY_RULES: usize = 50;

/// Hashes that are timed as the limit.
const HASHES: u32 = 1_000_000;

/// What the example of the `compare` crate prints.
#[derive(Debug, Deserialize)]
struct Alone {
    changes: u64,
    us_per_change: f64,
}

pub(crate) fn run(setup: &Setup) -> Section {
    let lasts = Duration::from_secs(if setup.quick { 3 } else { 10 });
    let text = succeed(&mut Command::new(program("examples/judge_bench")));
    let alone: Alone = serde_json::from_str(&text).expect("the example prints JSON");
    let [without, with] = in_a_collector(setup, lasts);
    let notes = vec![format!(
        "The judgement alone finds what a change can be held against among {REVISIONS} revisions of 200 keys and {WINDOWS} \
         windows in memory, and judges it. In a collector {AGENTS} simulated agents change one of {ITEMS} settings again \
         and again, as fast as they are acknowledged, for {} s: first with nothing to judge by, then with {REVISIONS} \
         revisions that declare all of these settings otherwise, {WINDOWS} windows and a policy of {POLICY_RULES} rules and \
         as many expectations, so that each change is one for worse than none. What that adds is all of it: judging, the \
         evidence in the history, the difference that is kept open.",
        lasts.as_secs()
    )];
    Section { title: "Judging".to_owned(), lines: lines(&alone, &without, &with), notes }
}

fn lines(alone: &Alone, without: &Outcome, with: &Outcome) -> Vec<Line> {
    let each = Duration::from_secs_f64(alone.us_per_change / 1e6);
    let hash = one_hash();
    let added = each_of(with).saturating_sub(each_of(without));
    let rate = |outcome: &Outcome| format!("{} /s", count(per_second(outcome.records, outcome.took)));
    vec![
        Line::new(format!("one of {} changes judged, in memory", count(alone.changes)), duration(each))
            .beside(format!("SHA-256 of 32 bytes {}", duration(hash)), times(each, hash))
            .budget("20 µs", each <= EACH_MAX),
        Line::new("collector's processor for each single delta, judged", duration(each_of(with))).beside(
            format!("with nothing to judge by {}", duration(each_of(without))),
            times(each_of(with), each_of(without)),
        ),
        Line::new("of it added by judging", duration(added)).budget("20 µs", added <= EACH_MAX),
        Line::new("single-item deltas, judged", rate(with)).beside(
            format!("with nothing to judge by {}", rate(without)),
            times(with.took / divisor(with.records), without.took / divisor(without.records)),
        ),
    ]
}

fn divisor(records: u64) -> u32 {
    u32::try_from(records).unwrap_or(u32::MAX).max(1)
}

fn each_of(outcome: &Outcome) -> Duration {
    outcome.cpu / divisor(outcome.records)
}

/// The least that looking at a change's digest can cost.
fn one_hash() -> Duration {
    let begun = Instant::now();
    let mut last = [0_u8; 32];
    for _ in 0..HASHES {
        last = Sha256::digest(last).into();
    }
    std::hint::black_box(last);
    begun.elapsed() / HASHES
}

/// The same load before there is anything to judge by, and after.
fn in_a_collector(setup: &Setup, lasts: Duration) -> [Outcome; 2] {
    let collector = Arc::new(Collector::start(&setup.dir, None));
    let api = Api::of(&collector);
    let runtime = runtime();
    let members = runtime.block_on(fleet::enrol(&collector, &api, "production", AGENTS));
    let mut fleet = runtime.block_on(ingest::start(&members));
    let load = Load { items: 1, window: 64, pause: Duration::ZERO, lasts };
    let without = runtime.block_on(ingest::drive(&collector, &api, &mut fleet, load));
    runtime.block_on(give(&api));
    let with = runtime.block_on(ingest::drive(&collector, &api, &mut fleet, load));
    [without, with]
}

/// Revisions, windows and a policy.
async fn give(api: &Api) {
    for number in 0..REVISIONS {
        let _ = api.send(Method::POST, "/api/v1/desired", &revision(number)).await;
    }
    for number in 0..WINDOWS {
        let window = WindowOpen {
            selector: selector(number),
            source: Some(format!("other-{number}")),
            actor: None,
            ticket: format!("CHG-{number}"),
            seconds: 3_600,
        };
        let _ = api.send(Method::POST, "/api/v1/windows", &window).await;
    }
    let _ = api.send(Method::PUT, "/api/v1/policy", &PolicyPush { text: policy(), replaces: None }).await;
}

fn selector(number: usize) -> String {
    ["production", "env=production,role=web", "env=production,host=production-1"][number % 3].to_owned()
}

fn revision(number: usize) -> DesiredPush {
    let item = |at: usize| DeclaredItem {
        key: format!("SETTING_{at:06}"),
        digest: format!("{:064x}", number * ITEMS + at + 1),
        secret: false,
        display: Some("a value of usual length".to_owned()),
    };
    let source =
        DeclaredSource { source: "app".to_owned(), kind: "env_file".to_owned(), items: (0..ITEMS).map(item).collect() };
    DesiredPush {
        selector: selector(number),
        revision: format!("{number:040x}"),
        ticket: None,
        expires_s: None,
        replace: None,
        declared: Declared {
            fleet_key_epoch: 1,
            canonical_form: driftline_canon::CANONICAL_FORM,
            sources: vec![source],
        },
    }
}

fn policy() -> String {
    let rule = |at| format!("[[severity]]\nkey = \"OTHER_{at}_*\"\nseverity = \"warning\"\n\n");
    let expect = |at| format!("[[expect]]\nkey = \"OTHER_{at}_*\"\nmust = \"any\"\nreason = \"of the benchmark\"\n\n");
    (0..POLICY_RULES).map(rule).chain((0..POLICY_RULES).map(expect)).collect()
}

#[cfg(test)]
mod tests;
