//! How a step would be carried out by a machine, if it can be.
//!
//! What is not plainly safe to do by a machine is left to a person, with the
//! reason: a plan does less rather than something else.

use driftline_canon::{ItemKey, SourceKind};

use super::spelling;
use super::step::{Action, Step};

/// Names of the tools that keep live tables of iptables, as sources end.
const IPTABLES: [&str; 4] = ["iptables-nft", "ip6tables-nft", "iptables-legacy", "ip6tables-legacy"];

/// Options of a rule that say what it matches and does, and no more. The tools
/// have others: `--modprobe` runs a program.
const OF_A_RULE: &str = "! -p -s -d -i -o -f -m -j -g --dport --sport --dports --sports --ports --state --ctstate \
     --ctorigdst --ctdir --tcp-flags --syn --icmp-type --icmpv6-type --reject-with --to-destination --to-source \
     --to-ports --random --persistent --limit --limit-burst --comment --match-set --uid-owner --gid-owner --mark \
     --set-mark --set-xmark --save-mark --restore-mark --log-prefix --log-level --mac-source --src-range --dst-range \
     --src-type --dst-type --length --ttl-eq --connlimit-above --connlimit-mask --clamp-mss-to-pmtu --physdev-in \
     --physdev-out --physdev-is-bridged --pol --dir --hashlimit-upto --hashlimit-above --hashlimit-burst \
     --hashlimit-mode --hashlimit-name --queue-num --nflog-group --nflog-prefix --name --rsource --set --update \
     --seconds --hitcount --mask";

/// Options whose word names a part of the tool, or a chain.
const NAMES_A_PART: [&str; 3] = ["-m", "-j", "-g"];

/// How settings are written in a file of one setting a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `NAME=value`.
    Env,
    /// `name = 'value'`.
    Postgres,
    /// `name value`.
    Redis,
}

/// How a step is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How<'a> {
    /// A line of a file.
    Line { path: &'a str, name: &'a str, style: Style },
    /// An option in a section of a file.
    Option { path: &'a str, section: &'a str, name: &'a str },
    /// A setting of a running PostgreSQL.
    Postgres { name: &'a str },
    /// A variable of a running MySQL or MariaDB.
    Mysql { name: &'a str },
    /// A setting of a running Redis.
    Redis { name: &'a str },
    /// Mode, owner or group of a file.
    Beside { path: &'a str, what: Beside },
    /// A rule of iptables.
    Rule { tool: &'a str, table: &'a str, chain: &'a str, words: Vec<&'a str> },
    /// By a person: why.
    ByHand(&'static str),
}

/// What of a file's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Mode,
    Owner,
    Group,
}

/// How a step is carried out.
pub(super) fn of(step: &Step) -> How<'_> {
    if step.action == Action::Restart {
        return How::ByHand("which service it is, and when it may be restarted, is for a person to say");
    }
    if step.key.is_metadata() || step.key.ordered_list().is_some() {
        return beside(step);
    }
    if step.key.as_str().contains('\\') || step.key.as_str() == ItemKey::CONTENT {
        return How::ByHand("it is not known to the letter");
    }
    match step.kind {
        SourceKind::EnvFile => match step.path() {
            Some(path) if spelling::is_variable(step.key.as_str()) => {
                How::Line { path, name: step.key.as_str(), style: Style::Env }
            }
            _ => How::ByHand("it is no plain variable of a file"),
        },
        SourceKind::DatabaseConfig => database_file(step),
        SourceKind::DatabaseSettings => database(step),
        SourceKind::Firewall => rule(step),
        SourceKind::ProcessEnv => How::ByHand("a process has it until it is restarted: change where it comes from"),
        SourceKind::FirewallDump => How::ByHand("save the live rules once they are right"),
        SourceKind::ConfigFile | SourceKind::File => How::ByHand("edit the file as its format asks"),
    }
}

fn beside(step: &Step) -> How<'_> {
    let what = match step.key.as_str() {
        ItemKey::MODE => Beside::Mode,
        ItemKey::OWNER => Beside::Owner,
        ItemKey::GROUP => Beside::Group,
        ItemKey::STATE => return How::ByHand("deploy and watch the file there first"),
        _ => return How::ByHand("it follows from the rest or needs a look"),
    };
    match (step.path(), step.action) {
        (Some(path), Action::Add | Action::Change | Action::Align) => How::Beside { path, what },
        _ => How::ByHand("it needs a look"),
    }
}

fn is_word(name: &str, more: &[u8]) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}

fn database_file(step: &Step) -> How<'_> {
    let key = step.key.as_str();
    let Some(path) = step.path() else { return How::ByHand("its file is not known") };
    let name = path.rsplit('/').next().unwrap_or(path);
    if let (true, Some((section, option))) = (name.ends_with(".cnf"), key.split_once('.'))
        && is_word(section, b"-_")
        && is_word(option, b"-_")
    {
        return How::Option { path, section, name: option };
    }
    if name == "postgresql.auto.conf" {
        return How::ByHand("PostgreSQL writes this file: ALTER SYSTEM");
    }
    if name.ends_with(".conf") && path.contains("postgres") && is_word(key, b"_.") {
        return How::Line { path, name: key, style: Style::Postgres };
    }
    if name.ends_with(".conf") && (path.contains("redis") || path.contains("valkey")) && is_word(key, b"-") {
        return How::Line { path, name: key, style: Style::Redis };
    }
    How::ByHand("edit the file as its server asks")
}

/// The source does not say which server it is: its keys do.
fn database(step: &Step) -> How<'_> {
    let (key, source) = (step.key.as_str(), step.source.as_str());
    let is_redis = key.contains('-') || source.contains("redis") || source.contains("valkey");
    match key.strip_prefix("mysqld.").or_else(|| key.strip_prefix("persisted.")) {
        Some(name) if is_word(name, b"_") => How::Mysql { name },
        None if is_redis && is_word(key, b"-") => How::Redis { name: key },
        None if !is_redis && is_word(key, b"_.") && key.contains('_') => How::Postgres { name: key },
        _ => How::ByHand("set it as its server asks"),
    }
}

fn rule(step: &Step) -> How<'_> {
    const WHY: &str = "the place of a rule among others has a meaning";
    let tool = step.source.as_str().rsplit('/').next().unwrap_or_default();
    let split = step.key.as_str().split_once(": ").and_then(|(list, rule)| Some((list.split_once('/')?, rule)));
    let (Some(&tool), Some(((table, chain), rule))) = (IPTABLES.iter().find(|one| **one == tool), split) else {
        return How::ByHand(WHY);
    };
    let plain = is_word(table, b"_-") && is_word(chain, b"_-.");
    match words(rule) {
        Some(words) if !are_plain(&words) => How::ByHand("it has options that a plan does not hand on"),
        Some(words) if plain && step.action != Action::Change => How::Rule { tool, table, chain, words },
        _ => How::ByHand(WHY),
    }
}

/// Whether the words are of a rule alone: they go to a tool that root runs.
fn are_plain(words: &[&str]) -> bool {
    let known = |word: &str| OF_A_RULE.split_ascii_whitespace().any(|one| one == word);
    words.iter().all(|word| !word.starts_with('-') || known(word))
        && words.windows(2).all(|two| !NAMES_A_PART.contains(&two[0]) || is_word(two[1], b"-_"))
}

/// The words of a rule; none if it holds escapes, or a count of equal rules.
fn words(rule: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = rule.trim_start();
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        if word.contains(['"', '\\']) || word.starts_with('#') {
            return None;
        }
        words.push(word);
        rest = behind.trim_start();
    }
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests;
