//! One rule of iptables: its options grouped by the match that they belong to.
//!
//! The order of matches is kept, because it is the order in which they are
//! asked (a rate limit before or after another match counts differently); the
//! order of options within a match is not. It checks no rule for being
//! possible: that is the kernel's to say.

mod text;

use std::borrow::Cow;

use super::modules::{self, Kind, Module};
use super::value;
use super::words::Word;
use crate::format::firewall::{address, names};

/// Matches of one rule: each option is looked for in all. Tools write ten.
const MATCHES_MAX: usize = 64;

/// Words that an option takes at most (see [`value::arguments`]).
const ARGUMENTS_MAX: usize = 2;

/// One option in its one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opt<'a> {
    /// Whether `!` stands before it.
    pub(crate) negated: bool,
    /// With its dashes.
    pub(crate) name: &'a str,
    /// Its arguments, in quotes where they need them.
    pub(crate) value: Cow<'a, str>,
    rank: usize,
}

/// A match, or the target, with its options.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its options in canonical order.
    pub(crate) options: Vec<Opt<'a>>,
    known: Option<&'static Module>,
    span_ms: Option<u64>,
}

/// A rule, parsed, of the words of its line. It prints as its canonical text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rule<'a> {
    /// Addresses, interfaces and the protocol: `-s -d -i -o -p -f`.
    pub(crate) base: Vec<Opt<'a>>,
    /// The matches, in order.
    pub(crate) matches: Vec<Part<'a>>,
    /// The target.
    pub(crate) target: Option<Part<'a>>,
    /// Whether the target is gone to (`-g`) and not jumped to.
    pub(crate) goes: bool,
    /// The comment without dates.
    pub(crate) comment: Option<Cow<'a, str>>,
    sources: Vec<Cow<'a, str>>,
    destinations: Vec<Cow<'a, str>>,
    protocol: Option<Cow<'static, str>>,
}

/// Why a rule could not be read, and at which byte of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unread {
    /// In words.
    pub(crate) reason: &'static str,
    /// The byte.
    pub(crate) at: usize,
}

/// Which part the options that follow belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Match(usize),
    Target,
    Nothing,
}

/// Reads the words behind `-A CHAIN`. `v6`: the rule is known to be for IPv6.
///
/// # Errors
/// What is wrong, and where.
pub(crate) fn read<'a>(words: &'a [Word<'a>], v6: bool) -> Result<Rule<'a>, Unread> {
    let mut reader = Reader { words, at: 0, rule: Rule::default(), last: Last::Nothing, v6 };
    while reader.at < words.len() {
        reader.option()?;
    }
    let mut rule = reader.rule;
    rule.order();
    Ok(rule)
}

struct Reader<'a> {
    words: &'a [Word<'a>],
    at: usize,
    rule: Rule<'a>,
    last: Last,
    v6: bool,
}

impl<'a> Reader<'a> {
    fn unread<T>(&self, reason: &'static str) -> Result<T, Unread> {
        let word = self.words.get(self.at).or(self.words.last());
        Err(Unread { reason, at: word.map_or(0, |word| word.at) })
    }

    /// The next word as an argument; one that looks like an option is none.
    fn argument(&mut self) -> Result<&'a str, Unread> {
        if self.at >= self.words.len() {
            return self.unread("an option lacks its argument");
        }
        self.at += 1;
        Ok(&self.words[self.at - 1].text)
    }

    /// Whether `!` stands here, where older rules have it.
    fn negation(&mut self) -> bool {
        let found = self.words.get(self.at).is_some_and(|word| !word.quoted && word.text == "!");
        self.at += usize::from(found);
        found
    }

    fn option(&mut self) -> Result<(), Unread> {
        let negated = self.negation();
        let Some(word) = self.words.get(self.at) else { return self.unread("`!` stands before nothing") };
        if word.quoted || !word.text.starts_with('-') || word.text.len() < 2 {
            return self.unread("a word that is no option and belongs to none");
        }
        let name = &*word.text;
        self.at += 1;
        match name {
            "-s" | "--source" | "--src" => self.address("-s", 0, negated),
            "-d" | "--destination" | "--dst" => self.address("-d", 1, negated),
            "-i" | "--in-interface" => self.interface("-i", 2, negated),
            "-o" | "--out-interface" => self.interface("-o", 3, negated),
            "-p" | "--protocol" | "--proto" if !self.belongs_to_match(name) => self.protocol(negated),
            "-f" | "--fragment" => self.base("-f", 5, negated, Cow::Borrowed("")),
            "-m" | "--match" => self.module(),
            "-j" | "--jump" => self.target(false),
            "-g" | "--goto" => self.target(true),
            "-c" | "--set-counters" => self.argument().map(|_| ()).and_then(|()| self.argument().map(|_| ())),
            "-4" | "--ipv4" => self.base("-4", 6, negated, Cow::Borrowed("")),
            "-6" | "--ipv6" => self.base("-6", 6, negated, Cow::Borrowed("")),
            _ => self.module_option(name, negated),
        }
    }

    /// `--proto` is also an option of IPsec policies.
    fn belongs_to_match(&self, name: &str) -> bool {
        name == "--proto" && self.part_with(name).is_some()
    }

    fn base(&mut self, name: &'a str, rank: usize, negated: bool, value: Cow<'a, str>) -> Result<(), Unread> {
        let at = self.at;
        if self.rule.base.iter().any(|opt| opt.name == name) {
            self.at = at.saturating_sub(1);
            return self.unread("an option that may stand once stands twice");
        }
        self.rule.base.push(Opt { negated, name, value, rank });
        Ok(())
    }

    fn address(&mut self, name: &'static str, rank: usize, negated: bool) -> Result<(), Unread> {
        let negated = self.negation() || negated;
        let written = self.argument()?;
        let kept = if written.as_bytes().contains(&b',') {
            let several = if rank == 0 { &mut self.rule.sources } else { &mut self.rule.destinations };
            several.extend(written.split(',').map(address::or_same));
            Cow::Borrowed("")
        } else {
            address::or_same(written)
        };
        if address::is_any(&kept) && !negated {
            return Ok(());
        }
        self.base(name, rank, negated, kept)
    }

    fn interface(&mut self, name: &'static str, rank: usize, negated: bool) -> Result<(), Unread> {
        let negated = self.negation() || negated;
        let device = value::quoted(&[self.argument()?]);
        if device == "+" && !negated {
            return Ok(());
        }
        self.base(name, rank, negated, device)
    }

    fn protocol(&mut self, negated: bool) -> Result<(), Unread> {
        let negated = self.negation() || negated;
        let protocol = names::protocol(self.argument()?);
        if protocol == "all" && !negated {
            return Ok(());
        }
        self.rule.protocol = Some(protocol.clone());
        self.base("-p", 4, negated, protocol)
    }

    fn module(&mut self) -> Result<(), Unread> {
        let written = self.argument()?;
        let known = modules::match_of(written);
        let name = known.map_or(written, |module| module.name);
        self.last = Last::Match(self.load(name, known)?);
        Ok(())
    }

    fn target(&mut self, goes: bool) -> Result<(), Unread> {
        let name = self.argument()?;
        if self.rule.target.is_some() {
            return self.unread("a rule has one target");
        }
        let known = if goes { None } else { modules::target_of(name) };
        self.rule.goes = goes;
        self.rule.target = Some(Part { name, options: Vec::new(), span_ms: None, known });
        self.last = Last::Target;
        Ok(())
    }

    /// The part loaded last that knows an option, with the option.
    fn part_with(&self, name: &str) -> Option<(Last, &'static Module, usize)> {
        let of = |last: Last, part: &Part<'_>| {
            let module = part.known?;
            Some((last, module, module.option(name)?))
        };
        let target = || self.rule.target.as_ref().and_then(|part| of(Last::Target, part));
        let matches = || self.rule.matches.iter().enumerate().rev().find_map(|(at, part)| of(Last::Match(at), part));
        if self.last == Last::Target { target().or_else(matches) } else { matches().or_else(target) }
    }

    /// Loads a match.
    fn load(&mut self, name: &'a str, known: Option<&'static Module>) -> Result<usize, Unread> {
        let at = self.rule.matches.len();
        if at >= MATCHES_MAX {
            return self.unread("the rule has too many matches");
        }
        self.rule.matches.push(Part { name, options: Vec::new(), span_ms: None, known });
        Ok(at)
    }

    /// The match that the protocol brings, loaded when one of its options is
    /// first met.
    fn implicit(&mut self, name: &str) -> Option<(Last, &'static Module, usize)> {
        let module = modules::match_of_protocol(self.rule.protocol.as_deref()?)?;
        let option = module.option(name)?;
        let at = self.load(module.name, Some(module)).ok()?;
        Some((Last::Match(at), module, option))
    }

    fn module_option(&mut self, name: &'a str, negated: bool) -> Result<(), Unread> {
        let (name, joined) = match name.bytes().position(|b| b == b'=') {
            Some(at) if name.starts_with("--") => (&name[..at], Some(&name[at + 1..])),
            _ => (name, None),
        };
        let found = self.part_with(name).or_else(|| self.implicit(name));
        let Some((part, module, rank)) = found else { return self.unknown(name, joined, negated) };
        self.last = part;
        let (known, _, kind) = module.options[rank];
        let words = self.words;
        let count = value::arguments(kind);
        // Behind a flag, `!` belongs to what follows.
        let negated = (count > 0 && self.negation()) || negated;
        let (mut arguments, mut given) = ([""; ARGUMENTS_MAX], usize::from(joined.is_some()));
        arguments[0] = joined.unwrap_or_default();
        while given < count {
            let Some(word) = words.get(self.at) else { return self.unread("an option lacks its argument") };
            arguments[given] = &word.text;
            given += 1;
            self.at += 1;
        }
        let arguments = &arguments[..given];
        let mut negated = negated;
        let mut value = value::canonical(kind, arguments, self.v6);
        if kind == Kind::Port
            && negated
            && let Some(other) = value.as_deref().and_then(value::port_complement)
        {
            negated = false;
            value = Some(other.into());
        }
        if kind == Kind::Rate && module.name == "hashlimit" {
            self.expire(part, value::rate_span_ms(arguments[0]));
        }
        if kind == Kind::Comment {
            self.rule.comment = value;
        } else if let Some(value) = value.or_else(|| negated.then(|| value::quoted(arguments))) {
            self.push(part, Opt { negated, name: canonical_name(known, kind), value, rank });
        }
        Ok(())
    }

    /// An option of a match that is not known takes what follows up to the
    /// next option.
    fn unknown(&mut self, name: &'a str, joined: Option<&'a str>, negated: bool) -> Result<(), Unread> {
        if self.last == Last::Nothing {
            self.at = self.at.saturating_sub(1);
            return self.unread("an option that belongs to no match");
        }
        let words = self.words;
        let mut arguments: Vec<&'a str> = joined.into_iter().collect();
        while let Some(word) = words.get(self.at) {
            if !word.quoted && (word.text == "!" || is_option(&word.text)) {
                break;
            }
            arguments.push(&word.text);
            self.at += 1;
        }
        let value = value::quoted(&arguments);
        self.push(self.last, Opt { negated, name, value, rank: usize::MAX });
        Ok(())
    }

    /// How long a hash limit remembers comes from the span that its rate is
    /// given in, where nothing else is said.
    fn expire(&mut self, part: Last, span_ms: u64) {
        if let Last::Match(at) = part
            && let Some(part) = self.rule.matches.get_mut(at)
        {
            part.span_ms = Some(span_ms);
        }
    }

    fn push(&mut self, part: Last, opt: Opt<'a>) {
        let part = match part {
            Last::Match(at) => self.rule.matches.get_mut(at),
            Last::Target => self.rule.target.as_mut(),
            Last::Nothing => None,
        };
        if let Some(part) = part {
            part.options.push(opt);
        }
    }
}

/// Whether a word is an option and no negative number.
fn is_option(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c == '-' || c.is_ascii_alphabetic()))
}

/// Some options are another way to write a neighbour.
fn canonical_name(known: &'static str, kind: Kind) -> &'static str {
    match (kind, known) {
        (Kind::Syn, _) => "--tcp-flags",
        (Kind::SetMark(_), _) => "--set-xmark",
        (Kind::DscpClass, "--dscp-class") => "--dscp",
        (Kind::DscpClass, _) => "--set-dscp",
        (_, known) => known,
    }
}

impl Part<'_> {
    /// Says how long a hash limit remembers where the rate as it is written now
    /// does not.
    fn settle_expire(&mut self) {
        let Some(span_ms) = self.span_ms else { return };
        let given = self.options.iter().position(|opt| opt.name == modules::EXPIRE);
        let expire = match given {
            Some(at) => self.options.remove(at).value,
            None => span_ms.to_string().into(),
        };
        let rate = self.options.iter().find(|opt| opt.name.starts_with("--hashlimit-") && opt.value.contains('/'));
        if rate.is_some_and(|rate| value::rate_span_ms(&rate.value).to_string() != expire) {
            let rank = self.known.and_then(|module| module.option(modules::EXPIRE)).unwrap_or(0);
            self.options.push(Opt { negated: false, name: modules::EXPIRE, value: expire, rank });
        }
    }

    /// `--mask` stands for a mask of the packet and the same of the connection.
    fn split_mask(&mut self) {
        let Some(at) = self.options.iter().position(|opt| opt.name == "--mask") else { return };
        let mask = self.options.remove(at);
        for name in ["--nfmask", "--ctmask"] {
            self.options.push(Opt { name, ..mask.clone() });
        }
    }
}

impl<'a> Rule<'a> {
    /// Options into their order; matches without any, which match everything,
    /// away.
    fn order(&mut self) {
        self.base.sort_by_key(|opt| opt.rank);
        for part in self.matches.iter_mut().chain(self.target.as_mut()) {
            part.settle_expire();
            if part.known.is_some_and(|module| !module.ordered) {
                part.options.sort_by_key(|opt| opt.rank);
            }
        }
        self.matches.retain(|part| !part.options.is_empty() || !is_empty_without_options(part));
        match &mut self.target {
            Some(target) if target.name == "NOTRACK" => self.notrack(),
            Some(target) if target.name == "CONNMARK" => target.split_mask(),
            _ => {}
        }
    }

    /// `NOTRACK` is the older name of `CT --notrack`.
    fn notrack(&mut self) {
        let options = vec![Opt { negated: false, name: "--notrack", value: Cow::Borrowed(""), rank: 0 }];
        self.target = Some(Part { name: "CT", options, known: None, span_ms: None });
    }

    /// The rules that the kernel gets: one for each pair of addresses where
    /// lists of them are given.
    pub(crate) fn expand(self) -> Vec<Self> {
        if self.sources.is_empty() && self.destinations.is_empty() {
            return vec![self];
        }
        let one =
            |list: &[Cow<'a, str>]| if list.is_empty() { vec![None] } else { list.iter().cloned().map(Some).collect() };
        let (sources, destinations) = (one(&self.sources), one(&self.destinations));
        let mut rules = Vec::new();
        for source in &sources {
            for destination in &destinations {
                let mut rule = self.clone();
                rule.sources.clear();
                rule.destinations.clear();
                rule.give("-s", source.as_ref());
                rule.give("-d", destination.as_ref());
                rules.push(rule);
            }
        }
        rules
    }

    /// How many rules [`Self::expand`] gives.
    pub(crate) fn count(&self) -> usize {
        self.sources.len().max(1).saturating_mul(self.destinations.len().max(1))
    }

    /// How many bytes the texts of those rules have at most.
    pub(crate) fn expanded_bytes(&self) -> usize {
        let longest = |list: &[Cow<'a, str>]| list.iter().map(|one| one.len()).max().unwrap_or(0);
        let one = self.to_string().len() + longest(&self.sources) + longest(&self.destinations) + 2;
        one.saturating_mul(self.count())
    }

    fn give(&mut self, name: &str, address: Option<&Cow<'a, str>>) {
        let Some(address) = address else { return };
        for opt in self.base.iter_mut().filter(|opt| opt.name == name) {
            opt.value = address.clone();
        }
        self.base.retain(|opt| opt.name != name || opt.negated || !address::is_any(&opt.value));
    }
}

/// Whether a match without options matches everything. Others without (such
/// as `socket`) do not.
fn is_empty_without_options(part: &Part<'_>) -> bool {
    part.known.is_some_and(|module| {
        let protocol = modules::match_of_protocol(module.name).is_some() || module.name == "icmp6";
        protocol || module.name == "comment"
    })
}

#[cfg(test)]
mod tests;
