//! What `iptables-save` and `ip6tables-save` print and `iptables-restore` takes.
//!
//! Follows the restore: tables begin empty, commands are carried out in order,
//! counters mean nothing. It asks no kernel whether a match exists. One dump
//! holds one family; which one it is its source has to say.

pub(super) mod modules;
pub(super) mod rule;
pub(super) mod value;
pub(super) mod words;

use self::rule::Unread;
use self::words::Word;
use super::model::{Chains, Refused, RuleText};
use crate::format::gather::Gather;
use crate::format::lines::{Line, lines};
use crate::limits::LINE_BYTES_MAX;
use crate::{Place, ProblemKind};

/// Rules that one line with lists of addresses may stand for. A line of
/// thousands by thousands is no rule but a mistake or an attack.
const EXPANDED_MAX: usize = 1000;

/// Who loads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `iptables-restore`: a table begins empty, chains have to be declared.
    Save,
    /// ufw, by `iptables-restore -n`: what is there stays there.
    Ufw,
}

/// What stands in no dump of IPv4, and in nearly every one of IPv6.
const V6_MARKS: [&str; 4] = ["ip6tables", "ipv6-icmp", "icmp6", "::"];

/// The chains that tables bring with them.
const BUILT_IN: &[&str] = &["INPUT", "OUTPUT", "FORWARD", "PREROUTING", "POSTROUTING"];

/// Reads a text.
pub(super) fn read(bytes: &[u8], dialect: Dialect, gather: &mut Gather) {
    let v6 = std::str::from_utf8(bytes).is_ok_and(|text| V6_MARKS.iter().any(|mark| text.contains(mark)));
    let mut reader = Reader { dialect, v6, table: None, chains: Chains::default(), gather };
    let mut last = 1;
    for line in lines(bytes) {
        last = line.number;
        reader.line(line);
    }
    let Reader { table, chains, .. } = reader;
    if let Some(table) = table {
        let reason = format!("the text ends before the `COMMIT` of table `{table}`");
        gather.problem(ProblemKind::Syntax, Place { line: last, column: 1 }, &reason, None);
    }
    chains.give(gather);
}

struct Reader<'a> {
    dialect: Dialect,
    v6: bool,
    table: Option<String>,
    chains: Chains,
    gather: &'a mut Gather,
}

impl Reader<'_> {
    fn line(&mut self, line: Line<'_>) {
        let bytes = line.text.trim_ascii();
        if bytes.is_empty() || bytes[0] == b'#' {
            return;
        }
        if line.is_too_long() {
            let reason = format!("the line has more than {LINE_BYTES_MAX} bytes; it is watched as content");
            self.refuse(&line, ProblemKind::Limit, 0, &reason);
            return;
        }
        let Ok(text) = std::str::from_utf8(line.text) else {
            self.refuse(&line, ProblemKind::Encoding, 0, "the line is not UTF-8; it is watched as content");
            return;
        };
        let done = match bytes[0] {
            b'*' => self.begin(text.trim(), line.number),
            b':' => self.declare(text.trim(), line.number),
            _ if bytes == b"COMMIT" => self.commit(),
            _ => self.command(text, line.number),
        };
        if let Err(unread) = done {
            self.refuse(&line, unread.kind, unread.at, unread.reason);
        }
    }

    fn refuse(&mut self, line: &Line<'_>, kind: ProblemKind, at: usize, reason: &str) {
        self.gather.problem(kind, line.place(at), reason, None);
        self.gather.unread(line.text);
    }

    fn begin(&mut self, text: &str, number: u32) -> Result<(), Stop> {
        let name = text[1..].trim();
        if name.is_empty() || !is_name(name) || name.contains('/') {
            return Err(Stop::syntax("a table has one name", 0));
        }
        if self.dialect == Dialect::Save && self.chains_of(name) {
            let reason = "the table stands here again: its rules from before are dropped when this is loaded";
            self.gather.problem(ProblemKind::DuplicateKey, Place { line: number, column: 1 }, reason, None);
            self.chains.clear(&format!("{name}/"), true);
        }
        self.chains.chain(name).fact("table", "present", number);
        self.table = Some(name.to_owned());
        Ok(())
    }

    fn chains_of(&self, table: &str) -> bool {
        self.chains.has(table)
    }

    fn commit(&mut self) -> Result<(), Stop> {
        match self.table.take() {
            Some(_) => Ok(()),
            None => Err(Stop::syntax("`COMMIT` outside of a table", 0)),
        }
    }

    /// The name of a chain of the current table, as keys have it.
    fn name(&self, chain: &str) -> Result<String, Stop> {
        let Some(table) = &self.table else {
            return Err(Stop::syntax("a rule outside of a table (before `*table`, behind `COMMIT`)", 0));
        };
        if chain.starts_with(['-', '!']) || !is_name(chain) {
            return Err(Stop::syntax("this is no name of a chain", 0));
        }
        Ok(format!("{table}/{chain}"))
    }

    /// `:CHAIN POLICY [packets:bytes]`
    fn declare(&mut self, text: &str, number: u32) -> Result<(), Stop> {
        let mut words = text[1..].split_ascii_whitespace();
        let (Some(chain), Some(policy)) = (words.next(), words.next()) else {
            return Err(Stop::syntax("a chain is declared with a name and a policy", 0));
        };
        if !words.next().is_none_or(is_counters) || words.next().is_some() {
            return Err(Stop::syntax("only counters may follow the policy", 0));
        }
        let name = self.name(chain)?;
        if self.dialect == Dialect::Save {
            self.chains.chain(&name).rules.clear();
        }
        self.say(&name, policy, number);
        Ok(())
    }

    fn say(&mut self, name: &str, policy: &str, number: u32) {
        let chain = self.chains.chain(name);
        match policy {
            "-" => chain.fact("chain", "present", number),
            policy => chain.fact("policy", policy, number),
        }
    }

    fn command(&mut self, text: &str, number: u32) -> Result<(), Stop> {
        let words = words::split(text).map_err(|at| Stop::syntax("a quote is opened and never closed", at))?;
        let words = match words.first() {
            Some(word) if !word.quoted && is_counters(&word.text) => &words[1..],
            _ => &words[..],
        };
        let Some((command, rest)) = words.split_first() else {
            return Err(Stop::syntax("counters without a rule", 0));
        };
        let text = |at: usize| rest.get(at).map(|word| &*word.text);
        if command.text == "-F" || command.text == "--flush" {
            return self.flush(text(0));
        }
        let Some(chain) = text(0) else { return Err(Stop::syntax("a command without a chain", command.at)) };
        let name = self.name(chain)?;
        let rest = &rest[1..];
        match &*command.text {
            "-A" | "--append" => self.append(&name, chain, rest, number),
            "-I" | "--insert" => self.insert(&name, rest, number),
            "-D" | "--delete" => self.delete(&name, rest),
            "-R" | "--replace" => self.replace(&name, rest, number),
            "-N" | "--new-chain" | "--new" => {
                self.say(&name, "-", number);
                Ok(())
            }
            "-P" | "--policy" => match rest.first() {
                Some(policy) => {
                    self.say(&name, &policy.text, number);
                    Ok(())
                }
                None => Err(Stop::syntax("a policy is missing", command.at)),
            },
            "-X" | "--delete-chain" => {
                self.chains.chain(&name).facts.clear();
                self.chains.chain(&name).rules.clear();
                Ok(())
            }
            "-Z" | "--zero" => Ok(()),
            _ => Err(Stop::syntax("no command of a rule dump", command.at)),
        }
    }

    fn flush(&mut self, chain: Option<&str>) -> Result<(), Stop> {
        match chain {
            Some(chain) => {
                let name = self.name(chain)?;
                self.chains.chain(&name).rules.clear();
            }
            None => {
                let begin = self.name("")?;
                self.chains.clear(&begin, false);
            }
        }
        Ok(())
    }

    fn append(&mut self, name: &str, chain: &str, rest: &[Word<'_>], number: u32) -> Result<(), Stop> {
        if self.dialect == Dialect::Save && !self.chains.has(name) && !BUILT_IN.contains(&chain) {
            return Err(Stop::syntax("the chain is not declared", 0));
        }
        let rules = texts(rest, self.v6, number)?;
        self.chains.chain(name).rules.extend(rules);
        Ok(())
    }

    fn insert(&mut self, name: &str, rest: &[Word<'_>], number: u32) -> Result<(), Stop> {
        let (at, rest) = position(rest);
        // Each rule of a list is put at the same place: the last one is first.
        for rule in texts(rest, self.v6, number)? {
            self.chains.insert(name, at.unwrap_or(1).saturating_sub(1), rule)?;
        }
        Ok(())
    }

    fn delete(&mut self, name: &str, rest: &[Word<'_>]) -> Result<(), Stop> {
        if let (Some(at), []) = position(rest) {
            self.chains.remove_at(name, at.saturating_sub(1))?;
            return Ok(());
        }
        for rule in texts(rest, self.v6, 0)? {
            self.chains.remove(name, &rule.text)?;
        }
        Ok(())
    }

    fn replace(&mut self, name: &str, rest: &[Word<'_>], number: u32) -> Result<(), Stop> {
        let (Some(at), rest) = position(rest) else { return Err(Stop::syntax("a position is missing", 0)) };
        let [rule] = <[RuleText; 1]>::try_from(texts(rest, self.v6, number)?)
            .map_err(|_| Stop::syntax("one rule is replaced by one", 0))?;
        self.chains.remove_at(name, at.saturating_sub(1))?;
        self.chains.insert(name, at.saturating_sub(1), rule)?;
        Ok(())
    }
}

/// The canonical texts of one line: several where it lists addresses.
fn texts(words: &[Word<'_>], v6: bool, line: u32) -> Result<Vec<RuleText>, Stop> {
    let rule = rule::read(words, v6)?;
    if rule.count() > EXPANDED_MAX {
        return Err(Stop { kind: ProblemKind::Limit, reason: "the lists of addresses make too many rules", at: 0 });
    }
    Ok(rule.expand().into_iter().map(|rule| RuleText { text: rule.to_string().into(), line, file: None }).collect())
}

/// A leading position, and the rest.
fn position<'a, 'w>(words: &'a [Word<'w>]) -> (Option<usize>, &'a [Word<'w>]) {
    match words.split_first() {
        Some((first, rest)) if !first.quoted && first.text.bytes().all(|b| b.is_ascii_digit()) => {
            (first.text.parse().ok(), rest)
        }
        _ => (None, words),
    }
}

/// `[packets:bytes]`
fn is_counters(word: &str) -> bool {
    let inner = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
    inner.and_then(|inner| inner.split_once(':')).is_some_and(|(packets, bytes)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(packets) && digits(bytes)
    })
}

/// Names of tables and chains hold no white space.
fn is_name(name: &str) -> bool {
    !name.bytes().any(|b| b.is_ascii_whitespace())
}

/// Why a line is not read.
#[derive(Debug)]
struct Stop {
    kind: ProblemKind,
    reason: &'static str,
    at: usize,
}

impl Stop {
    fn syntax(reason: &'static str, at: usize) -> Self {
        Self { kind: ProblemKind::Syntax, reason, at }
    }
}

impl From<Unread> for Stop {
    fn from(unread: Unread) -> Self {
        Self::syntax(unread.reason, unread.at)
    }
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Missing => Self::syntax("there is no such rule or position in the chain", 0),
            Refused::Limit => {
                let reason = "too many rules are moved; this one is watched as content";
                Self { kind: ProblemKind::Limit, reason, at: 0 }
            }
        }
    }
}

#[cfg(test)]
mod tests;
