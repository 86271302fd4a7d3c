//! D1 for parts: kill -9 of a process whose journal takes parts as fast as it
//! can, at random instants.
//!
//! The process is this test binary, told by a variable to be the writer.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use driftline_agent::journal::{NextRoot, recovery};
use driftline_agent::observe::part::Account;
use driftline_canon::Observation;

use crate::rig::{Items, Open, Span, item, name, observation, observed, replay};

const SOURCE: &str = "firewall/nft";
const DIR: &str = "DRIFTLINE_TEST_PARTS_DIR";
const KILLS: u64 = 12;

/// Items around which the source swings: over the limit for blocks and back.
const AROUND: u16 = 200;

/// What round `n` changes: a few items each, and now and then a few hundred.
fn change(round: u16) -> Span {
    match round % 40 {
        19 => Span { from: AROUND, count: 300, value: Some(1) },
        39 => Span { from: AROUND, count: 300, value: None },
        _ => Span {
            from: round * 37 % AROUND,
            count: 1 + round % 3,
            value: (!round.is_multiple_of(5)).then_some(digit(round)),
        },
    }
}

fn digit(number: u16) -> u8 {
    u8::try_from(number % 251).unwrap()
}

/// No two rounds leave the same: these tell which one a state is of.
fn marks(round: u16) -> [Span; 2] {
    let mark = |from, value| Span { from, count: 1, value: Some(value) };
    [mark(999, digit(round)), mark(998, digit(round / 251))]
}

fn round_of(observation: &Observation) -> u16 {
    let of = |key| observation.get(&item(key, 0).key).map_or(0, |item| u16::from(item.digest.0[0]));
    of(999) + 251 * of(998)
}

fn items(rounds: u16) -> Items {
    let mut items: Items = (0..AROUND).map(|key| (key, 0)).collect();
    (1..=rounds).for_each(|round| change(round).apply(&mut items));
    marks(rounds).into_iter().for_each(|mark| mark.apply(&mut items));
    items
}

/// Not a test of its own: what the tests below start and kill.
#[test]
fn writer() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let open = Open::new(Path::new(&dir));
    let known = open.reader.source(&name(SOURCE)).unwrap();
    let begun = known.map_or(0, |state| round_of(&state.observation));
    let mut account = Account::default();
    open.send(vec![observed(SOURCE, account.whole(observation(&items(begun))), None, 1)]);
    for round in begun + 1.. {
        let spans = [change(round), marks(round)[0], marks(round)[1]];
        let part = account.part(spans.into_iter().flat_map(Span::changes)).unwrap();
        open.send(vec![observed(SOURCE, part, None, i64::from(round))]);
        if round.is_multiple_of(3) {
            open.sync();
            println!("durable {round}");
        }
    }
}

fn start(dir: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["killed::writer", "--exact", "--nocapture"]).env(DIR, dir).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// Kills it after so many said to be durable, and a bit; gives the last.
fn kill_after(mut child: Child, lines: u64, wait: Duration) -> u16 {
    let output = BufReader::new(child.stdout.take().unwrap());
    let (mut last, mut left) = (0, lines);
    let mut output = output.lines().map(Result::unwrap).filter_map(|line| line.split_once("durable ")?.1.parse().ok());
    while left > 0 {
        last = output.next().unwrap();
        left -= 1;
    }
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    output.last().unwrap_or(last)
}

#[test]
fn d1_a_journal_killed_amid_parts_has_all_that_was_durable_and_no_half_of_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..KILLS {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let durable = kill_after(start(dir.path()), (seed >> 33) % 20 + 1, Duration::from_micros((seed >> 20) % 5000));
        assert!(recovery::open(dir.path(), 2).unwrap().lost.is_none());
        let open = Open::new(dir.path());
        let state = open.reader.source(&name(SOURCE)).unwrap().unwrap();
        let round = round_of(&state.observation);
        assert!(round >= durable, "{durable} was durable, the state is of {round}");
        assert_eq!(state.observation, observation(&items(round)), "the state is of no round");
        assert_eq!(state.head.root, state.observation.root());
        let entries = open.entries();
        assert_eq!(replay(SOURCE, &entries), state.observation, "state and records differ after {round}");
        let mut told: Vec<NextRoot> = Vec::new();
        open.reader.next_roots(u64::MAX, u64::MAX, |next| told.push(next)).unwrap();
        assert_eq!(told[0].root, state.head.root);
        open.close();
    }
}
