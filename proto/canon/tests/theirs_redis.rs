//! Our reading of Redis' files against that of the real server, over generated
//! lines. Where the two disagree, the server is right.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a server that cannot be asked fails the test")]

#[path = "support/folder_files.rs"]
mod folder_files;
#[allow(dead_code, reason = "this test compares readings, not golden files")]
#[path = "support/readable.rs"]
mod readable;
#[path = "support/redis_server.rs"]
mod redis_server;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use driftline_canon::{Format, format};
use folder_files::FolderFiles;
use redis_server::{Refused, Server, is_there};

/// What keeps the server reachable, or reaches beyond it.
const LEFT_ALONE: &str = "port tls-port unixsocket unixsocketperm dir logfile daemonize supervised replicaof slaveof bind \
    cluster-enabled syslog-enabled syslog-facility syslog-ident aclfile save client-output-buffer-limit pidfile \
    server_cpulist bio_cpulist aof_rewrite_cpulist bgsave_cpulist requirepass tls-replication tls-cluster cluster-port \
    io-threads hz enable-debug-command maxclients";

/// A linear congruential generator: the same lines in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }
}

/// Our values by key.
fn ours(format: Format, text: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let reading = format::read(format, text);
    let pair = |setting: &driftline_canon::Setting| (setting.key.as_str().to_owned(), setting.value.bytes().to_vec());
    reading.settings.iter().map(pair).collect()
}

fn quoted(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!("\"{digits}\"")
}

/// Starts the server with as many of these lines as it takes; the others are
/// left out, found by the line that it names.
fn start_with(lines: &mut Vec<(String, String)>) -> Server {
    loop {
        let text: String = lines.iter().map(|(name, value)| format!("{name} {value}\n")).collect();
        match Server::start(&text) {
            Ok(server) => return server,
            Err(Refused(said)) => {
                let quoted = said.lines().find_map(|line| line.strip_prefix(">>> '")?.strip_suffix('\''));
                let Some(line) = quoted else { panic!("{said}") };
                let before = lines.len();
                lines.retain(|(name, value)| format!("{name} {value}").trim() != line.trim());
                assert!(lines.len() < before, "{said}");
            }
        }
    }
}

/// Ways of writing nearly the same.
fn spellings(value: &str) -> Vec<String> {
    let mut found = vec![value.to_owned(), format!("\"{value}\""), format!("'{value}'")];
    found.extend([value.to_ascii_uppercase(), value.to_ascii_lowercase()]);
    if value.parse::<i64>().is_ok() {
        found.extend(["1024", "1kb", "1KB", "1k", "1000", "1024b", "2", "2mb", "2097152"].map(str::to_owned));
    }
    if value == "yes" || value == "no" {
        found.extend(["yes", "YES", "no", "No"].map(str::to_owned));
    }
    found.into_iter().filter(|value| !value.is_empty()).collect()
}

#[test]
fn values_are_equal_if_and_only_if_config_get_says_so() {
    if !is_there("redis-server") {
        return;
    }
    let names = Server::start("").ok().unwrap().config();
    let mut seen: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    let mut spelled: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in names {
        if !LEFT_ALONE.split_ascii_whitespace().any(|one| one == name) {
            spelled.push((name, spellings(std::str::from_utf8(&value).unwrap())));
        }
    }
    for round in 0.. {
        let line = |(name, values): &(String, Vec<String>)| Some((name.clone(), values.get(round)?.clone()));
        let mut lines: Vec<(String, String)> = spelled.iter().filter_map(line).collect();
        if lines.is_empty() {
            break;
        }
        let config: BTreeMap<String, Vec<u8>> = start_with(&mut lines).config().into_iter().collect();
        for (name, value) in lines {
            let theirs = config[&name].clone();
            seen.entry(name).or_default().push((value, theirs));
        }
    }
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (name, values) in &seen {
        for (at, (one, theirs)) in values.iter().enumerate() {
            for (other, others) in &values[..at] {
                let read = |value: &str| ours(Format::RedisConf, format!("{name} {value}\n").as_bytes());
                if (read(one) == read(other)) != (theirs == others) {
                    wrong.push(format!("{name} {one} and {other}: {}", theirs == others));
                }
                compared += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{compared} pairs of {} directives compared with CONFIG GET", seen.len());
    assert!(compared > 1000 && seen.len() > 100, "{compared} of {}", seen.len());
}

#[test]
fn quoting_is_read_as_the_server_reads_it() {
    if !is_there("redis-server") {
        return;
    }
    let free = [
        "masterauth",
        "masteruser",
        "tls-cert-file",
        "tls-key-file",
        "tls-key-file-pass",
        "tls-ca-cert-file",
        "tls-client-cert-file",
        "tls-client-key-file",
        "tls-dh-params-file",
        "tls-ciphers",
        "tls-ciphersuites",
    ];
    let pieces =
        ["a", "b", " ", "\t", "\"", "'", "\\", "\\x41", "\\n", "\\\"", "\\'", "#", "é", "\\xzz", "=", "\" ", "' "];
    let mut dice = Dice(7);
    let mut compared = 0;
    for _ in 0..20 {
        let value = |dice: &mut Dice| {
            let quote = dice.pick(&["\"", "'", ""]);
            let inner: String = (0..dice.roll(6)).map(|_| dice.pick(&pieces)).collect();
            format!("{quote}{inner}{quote}")
        };
        let mut lines: Vec<(String, String)> = free.iter().map(|name| ((*name).to_owned(), value(&mut dice))).collect();
        let all = lines.clone();
        let config: BTreeMap<String, Vec<u8>> = start_with(&mut lines).config().into_iter().collect();
        for (name, value) in all {
            let read = ours(Format::RedisConf, format!("{name} {value}\n").as_bytes());
            if lines.contains(&(name.clone(), value.clone())) {
                let theirs = ours(Format::RedisConf, format!("{name} {}\n", quoted(&config[&name])).as_bytes());
                assert_eq!(read, theirs, "{name} {value}");
            } else {
                assert!(!read.contains_key(&name) || value.contains(char::is_whitespace), "{name} {value} is refused");
            }
            compared += 1;
        }
    }
    println!("{compared} quoted lines compared with CONFIG GET");
}

#[test]
fn points_of_saving_and_limits_come_to_what_the_server_has() {
    if !is_there("redis-server") {
        return;
    }
    let saves = ["save 60 1", "save 900 2", "save \"60 5 70 6\"", "save \"\"", "save 60 1 80 2", "save 900 1"];
    let limits =
        ["normal 0 0 0", "slave 1k 1kb 5", "replica 1mb 2mb 6", "PUBSUB 7 8 9", "normal 1 1 1 pubsub 2gb 1G 0"];
    let mut dice = Dice(11);
    for _ in 0..40 {
        let mut text: String = (0..=dice.roll(5)).map(|_| format!("{}\n", dice.pick(&saves))).collect();
        text.push_str("client-output-buffer-limit normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60\n");
        for _ in 0..dice.roll(4) {
            text.push_str(&format!("client-output-buffer-limit {}\n", dice.pick(&limits)));
        }
        let config: BTreeMap<String, Vec<u8>> = Server::start(&text).ok().unwrap().config().into_iter().collect();
        let theirs: String = ["save", "client-output-buffer-limit"]
            .map(|name| format!("{name} \"{}\"\n", String::from_utf8_lossy(&config[name])))
            .concat();
        assert_eq!(ours(Format::RedisConf, text.as_bytes()), ours(Format::RedisConf, theirs.as_bytes()), "{text}");
    }
}

/// Rules of users, one of which some users have twice.
const RULES: &[&str] = &[
    "on",
    "off",
    "ON",
    "nopass",
    "resetpass",
    ">a",
    ">b",
    "<a",
    "~a",
    "~b:*",
    "~b:*",
    "%R~c",
    "%W~d",
    "%RW~e",
    "resetkeys",
    "&x",
    "&y",
    "resetchannels",
    "+get",
    "-get",
    "+SET",
    "+@read",
    "-@read",
    "+@all",
    "-@all",
    "+config|get",
    "-config|set",
    "+config",
    "-config",
    "allcommands",
    "nocommands",
    "reset",
    "(~s +get)",
    "(%R~t -@all +@read -get)",
    "clearselectors",
    "skip-sanitize-payload",
    "sanitize-payload",
    "-@dangerous",
    "+client|id",
];

/// What is not the same of each user. Which commands a category holds is the
/// server's own knowledge: of the rules about commands, what is equal to us must
/// be equal to it.
fn differences(
    ours: &BTreeMap<String, Vec<u8>>,
    theirs: &BTreeMap<String, Vec<u8>>,
    lines: &[(String, String)],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let shown = |map: &BTreeMap<String, Vec<u8>>, key: &str| {
        map.get(key).map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let mut commands: BTreeMap<String, String> = BTreeMap::new();
    let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    for key in keys {
        let (ours, theirs) = (shown(ours, key), shown(theirs, key));
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            wrong.push(format!("{key} is not on both sides"));
            continue;
        };
        let split = |text: &str| -> (Vec<String>, Vec<String>) {
            text.split(' ').map(str::to_owned).partition(|word| word.starts_with(['+', '-']))
        };
        let ((our_commands, our_rest), (their_commands, their_rest)) = (split(&ours), split(&theirs));
        let same = commands.entry(our_commands.join(" ")).or_insert_with(|| their_commands.join(" "));
        if our_rest != their_rest || *same != their_commands.join(" ") {
            let rules = lines.iter().find(|(name, _)| name == key.trim_end_matches(" passwords"));
            wrong.push(format!("{key} of {:?}:\n  {ours:?}\n  {theirs:?}\n  {same}", rules.map(|(_, rules)| rules)));
        }
    }
    wrong
}

#[test]
fn users_come_to_what_acl_list_says() {
    const USERS: usize = 500;
    if !is_there("redis-server") {
        return;
    }
    let mut dice = Dice(13);
    let line = |dice: &mut Dice| {
        let words: Vec<&str> = (0..dice.roll(9)).map(|_| dice.pick(RULES)).collect();
        words.join(" ")
    };
    let mut lines: Vec<(String, String)> =
        (0..USERS).map(|number| (format!("user u{number}"), line(&mut dice))).collect();
    let listed = start_with(&mut lines).ask("ACL LIST");
    let text: String = lines.iter().map(|(name, rules)| format!("{name} {rules}\n")).collect();
    let theirs: Vec<u8> = listed.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect();
    let (ours, mut theirs) = (self::ours(Format::RedisConf, text.as_bytes()), self::ours(Format::RedisAcl, &theirs));
    theirs.remove("user default");
    let wrong = differences(&ours, &theirs, &lines);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} users compared with ACL LIST", lines.len());
    assert!(lines.len() > 200, "{}", lines.len());
}

#[test]
fn shipped_default_has_no_problem() {
    let path = Path::new("/etc/redis/redis.conf");
    if !is_there("redis-server") || !path.exists() {
        return;
    }
    let text = readable::bytes_of(path);
    let name = "etc/redis/redis.conf".into();
    let reading = format::read_with(Format::RedisConf, &text, Some(&name), &mut FolderFiles::new(Path::new("/")));
    assert_eq!(reading.problems, []);
    assert!(reading.settings.len() > 60, "{}", reading.settings.len());
}
