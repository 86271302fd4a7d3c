//! The files of firewalld: zones, policies, services, sets, direct rules and who
//! may change them.
//!
//! What a zone holds is a set, except for rich rules, which have an order.
//! Names and descriptions are noise. No DTD is read and no entity but XML's
//! own five and characters by number is known; a text that is no XML is watched
//! as content, as firewalld refuses the whole of it.

mod direct;
mod policy;
mod ports;
mod rich;
mod schema;
mod sets;
mod values;
mod whitelist;

use std::collections::{BTreeMap, HashSet};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::address;
use crate::format::Reading;
use crate::format::gather::{Gather, opaque, text};
use crate::format::lines::unreadable;
use crate::format::rules::RuleList;
use crate::limits::NESTING_DEPTH_MAX;
use crate::{Place, Problem, ProblemKind};
use policy::Policy;
use rich::Rich;
use sets::Set;

/// Attributes of a root that say nothing about what is let through.
const NOISE: [&str; 3] = ["name", "version", "immutable"];

/// The targets that a zone may have. The last two are one.
const ZONE_TARGETS: [&str; 5] = ["ACCEPT", "%%REJECT%%", "DROP", "default", "{chain}_{zone}"];

/// The targets that a policy may have.
const POLICY_TARGETS: [&str; 4] = ["ACCEPT", "REJECT", "DROP", "CONTINUE"];

/// The priority of a policy that gives none.
const POLICY_PRIORITY: &str = "-1";

/// Letters of the name of an interface, as firewalld counts them.
const INTERFACE_LETTERS_MAX: usize = 16;

/// One element: its name, its attributes, and where it begins.
#[derive(Debug, Clone)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    place: Place,
    /// Where its start tag begins in the source.
    from: usize,
    text: String,
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a file.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let Ok(source) = std::str::from_utf8(bytes) else {
        let reason = "the text is not UTF-8; it is watched as content";
        return opaque(bytes, Problem::whole(ProblemKind::Encoding, reason));
    };
    if source.trim().is_empty() {
        return Gather::new().finish(bytes);
    }
    let mut walk = Walk::new(source);
    if let Err(reason) = walk.all() {
        let problem =
            Problem::at(ProblemKind::Syntax, walk.place(), format!("{reason}; it is watched as content"), None);
        return opaque(bytes, problem);
    }
    walk.finish(bytes)
}

struct Walk<'a> {
    source: &'a str,
    reader: Reader<&'a [u8]>,
    gather: Gather,
    rules: RuleList,
    open: Vec<Element>,
    rich: Option<Rich>,
    /// After a part of a rule outside of one, firewalld is deaf up to the end
    /// of the next rule.
    deaf: bool,
    root: Option<String>,
    policy: Policy,
    /// Of a set, what it is made of; looked at when all is read.
    set: Set,
    /// Keys that were set: what comes again is ignored, as firewalld does.
    seen: HashSet<String>,
    /// Ports of a zone or policy by `port` or `source-port` and protocol, which
    /// are joined where they overlap.
    ports: BTreeMap<(String, String), Vec<ports::Range>>,
    /// How far lines are counted, and to which.
    counted: (usize, u32),
}

impl<'a> Walk<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            reader: Reader::from_str(source),
            gather: Gather::new(),
            rules: RuleList::new(b"rule"),
            open: Vec::new(),
            rich: None,
            deaf: false,
            root: None,
            policy: Policy::default(),
            set: Set::default(),
            seen: HashSet::new(),
            ports: BTreeMap::new(),
            counted: (0, 1),
        }
    }

    /// The byte that was read up to.
    fn at(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX).min(self.source.len())
    }

    /// The place that was read up to.
    fn place(&mut self) -> Place {
        let at = self.at();
        let passed = self.source.as_bytes()[self.counted.0..at].iter().filter(|&&b| b == b'\n').count();
        self.counted = (at, self.counted.1.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX)));
        Place { line: self.counted.1, column: 1 }
    }

    fn all(&mut self) -> Result<(), &'static str> {
        loop {
            let from = self.at();
            match self.reader.read_event().map_err(|_| "the text is no XML")? {
                Event::Start(start) => self.start(&start, from)?,
                Event::Empty(start) => {
                    self.start(&start, from)?;
                    self.end();
                }
                Event::End(_) => self.end(),
                Event::Text(part) => self.text(&part),
                Event::CData(part) => self.text(&part),
                Event::GeneralRef(name) => match name.resolve_char_ref() {
                    Ok(Some(letter)) => self.text(letter.encode_utf8(&mut [0; 4])),
                    Ok(None) => self.text(entity(&name).ok_or("an entity is not known")?),
                    Err(_) => return Err("a character by number is none"),
                },
                Event::DocType(_) => return Err("a DTD is not read"),
                Event::Eof if self.open.is_empty() && self.root.is_some() => return Ok(()),
                Event::Eof => return Err("the text ends inside of an element"),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    fn text(&mut self, part: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(part);
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, from: usize) -> Result<(), &'static str> {
        if self.open.len() >= NESTING_DEPTH_MAX {
            return Err("elements nest too deep");
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| "an attribute cannot be read")?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| "an entity is not known")?;
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        let name = start.name().as_ref().to_owned();
        let element = Element { name, attributes, place: self.place(), from, text: String::new() };
        match self.open.len() {
            0 if self.root.is_some() => return Err("there are two roots"),
            0 => self.begin(&element)?,
            1 if element.name == "rule" && self.root.as_deref() != Some("direct") => {
                self.rich = Some(Rich::new(&element, self.root.as_deref().unwrap_or_default()))
            }
            _ => {}
        }
        self.open.push(element);
        Ok(())
    }

    fn begin(&mut self, root: &Element) -> Result<(), &'static str> {
        if !schema::is_root(&root.name) {
            return Err("the text is no file of firewalld");
        }
        self.root = Some(root.name.clone());
        if !schema::allows(&root.name, root) {
            self.refuse(root, "the root lacks an attribute, or has one that firewalld does not know");
            return Ok(());
        }
        if !values::takes(root) {
            self.refuse(root, "a type, module or family that firewalld does not take");
            return Ok(());
        }
        match &*root.name {
            "zone" => self.target(root, &ZONE_TARGETS, "default"),
            "policy" => self.target(root, &POLICY_TARGETS, ""),
            _ => self.set(&root.name, "present", root.place),
        }
        self.set.kind = root.get("type").unwrap_or_default().to_owned();
        if root.name == "policy" {
            match values::priority(root.get("priority").unwrap_or(POLICY_PRIORITY)) {
                Some(priority) => self.set("priority", &priority.to_string(), root.place),
                None => self.refuse(root, "the priority is none that firewalld takes"),
            }
        }
        for (name, value) in &root.attributes {
            if !matches!(&**name, "target" | "priority") && !NOISE.contains(&name.as_str()) {
                self.set(name, value, root.place);
            }
        }
        Ok(())
    }

    fn target(&mut self, root: &Element, known: &[&str], usual: &str) {
        let target = root.get("target").unwrap_or(usual);
        if known.contains(&target) {
            let target = if target == "{chain}_{zone}" { usual } else { target };
            self.set("target", target, root.place);
        } else {
            self.refuse(root, "the target is none that firewalld knows");
        }
    }

    fn set(&mut self, key: &str, value: &str, place: Place) {
        if self.seen.insert(key.to_owned()) {
            self.gather.set_quietly(key.as_bytes(), text(value), place);
        }
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match self.open.len() {
            0 => {}
            1 => match self.rich.take() {
                Some(rich) => self.rich(rich, &element),
                None => self.child(&element),
            },
            _ => match &mut self.rich {
                Some(rich) => rich.take(&element),
                None => self.refuse(&element, "no element of a file of firewalld"),
            },
        }
    }

    fn rich(&mut self, rich: Rich, element: &Element) {
        let (ignores, about) = (rich.ignores(), rich.about());
        let is_heard = !std::mem::take(&mut self.deaf);
        match rich.text().filter(|_| is_heard) {
            None => self.refuse(element, "the rule is none that firewalld takes"),
            Some(rule) => {
                if let Some(about) = &about {
                    self.policy.take(about);
                }
                self.rule(&rule, element.place);
                if ignores {
                    self.refuse(element, "firewalld ignores a part of the rule that comes twice");
                }
            }
        }
    }

    /// A rule that comes again is ignored, as firewalld does.
    fn rule(&mut self, rule: &str, place: Place) {
        if self.seen.insert(format!("rule: {rule}")) {
            self.rules.push(&mut self.gather, rule.as_bytes(), rule.as_bytes(), place);
        }
    }

    /// Watches what is refused as it is written, from its start tag to here.
    fn refuse(&mut self, element: &Element, reason: &str) {
        self.gather.problem(ProblemKind::Syntax, element.place, reason, None);
        self.gather.unread(&self.source.as_bytes()[element.from..self.at()]);
    }

    fn child(&mut self, element: &Element) {
        if matches!(&*element.name, "short" | "description") {
            return;
        }
        let root = self.root.clone().unwrap_or_default();
        if self.deaf {
            self.refuse(element, "firewalld ignores what follows a part of a rule that is in none");
            return;
        }
        if !schema::allows(&root, element) {
            self.deaf = schema::deafens(&root, &element.name);
            self.refuse(element, "no element of such a file, or not with these attributes");
            return;
        }
        if root == "direct" {
            match direct::canonical(element) {
                Some(rule) => self.rule(&rule, element.place),
                None => self.refuse(element, "a family, table, priority or command that firewalld does not take"),
            }
            return;
        }
        if element.name == "entry" {
            self.set.entries.push(sets::Entry { text: element.text.clone(), place: element.place });
            return;
        }
        if element.name == "destination" {
            self.destination(&root, element);
            return;
        }
        if matches!(&*root, "zone" | "policy") && self.range(element) {
            return;
        }
        if element.name == "port" && element.get("port") == Some("") && root != "service" {
            self.refuse(element, "only a service may name a protocol so");
            return;
        }
        if element.name == "option" && self.set.kind == "hash:mac" && element.get("name") == Some("family") {
            self.refuse(element, "hardware addresses have no family");
            return;
        }
        if root == "whitelist" && whitelist::key(element).is_some_and(|key| self.seen.contains(&key)) {
            self.refuse(element, "firewalld takes no such file with anything in it twice");
            return;
        }
        match item(element) {
            Some((key, value)) => {
                self.policy.take(element);
                self.set.option(&key, &value);
                self.set(&key, &value, element.place);
            }
            None => self.refuse(element, "a port, protocol, address or name that firewalld does not take"),
        }
    }

    /// Keeps the ports of a zone for later, as they may be joined.
    fn range(&mut self, element: &Element) -> bool {
        let numbers = element.get("port").and_then(ports::numbers);
        let protocol = element.get("protocol").filter(|name| ports::is_protocol(name));
        match (&*element.name, numbers, protocol) {
            ("port" | "source-port", Some((from, to)), Some(protocol)) => {
                let list = self.ports.entry((element.name.clone(), protocol.to_owned())).or_default();
                list.push((from, to, element.place));
                true
            }
            _ => false,
        }
    }

    /// Where a service is, or for which families a type of ICMP is.
    fn destination(&mut self, root: &str, element: &Element) {
        for family in ["ipv4", "ipv6"] {
            let Some(value) = element.get(family) else { continue };
            let key = format!("destination {family}");
            if root == "service" && !values::is_of_family(family, value) {
                self.refuse(element, "an address that is none of its family");
            } else if root == "service" {
                self.set(&key, &canonical(value), element.place);
            } else if says_yes(value) {
                self.set(&key, "present", element.place);
            }
        }
    }

    fn entries(&mut self) {
        let Set { kind, is_v6, has_timeout, entries } = std::mem::take(&mut self.set);
        let kind = sets::Kind { name: &kind, is_v6: is_v6.unwrap_or(false) };
        for entry in entries {
            match kind.canonical(&entry.text).filter(|_| has_timeout != Some(true)) {
                Some(text) => self.set(&format!("entry {text}"), "present", entry.place),
                None => {
                    let reason = "an entry that is none of the set's type and family, or of a set with a timeout";
                    self.gather.problem(ProblemKind::Syntax, entry.place, reason, None);
                    self.gather.unread(entry.text.as_bytes());
                }
            }
        }
    }

    fn finish(mut self, bytes: &[u8]) -> Reading {
        if let Some(reason) = self.policy.refusal().filter(|_| self.root.as_deref() == Some("policy")) {
            self.gather.problem(ProblemKind::Syntax, Place { line: 1, column: 1 }, reason, None);
        }
        for ((name, protocol), list) in std::mem::take(&mut self.ports) {
            for (from, to, place) in ports::joined(list) {
                self.set(&format!("{name} {}/{protocol}", ports::shown(from, to)), "present", place);
            }
        }
        self.entries();
        self.rules.finish(&mut self.gather);
        self.gather.finish(bytes)
    }
}

/// What a child of the root sets.
fn item(element: &Element) -> Option<(String, String)> {
    let name = element.name.as_str();
    let named = |attribute: &str| element.get(attribute).map(|value| format!("{name} {value}"));
    let key = match name {
        "interface" if !is_interface(element.get("name")?) => return None,
        "interface" | "service" | "icmp-block" | "ingress-zone" | "egress-zone" | "helper" => named("name")?,
        "command" | "selinux" | "user" => whitelist::key(element)?,
        "module" => format!("module {}", values::module(element.get("name")?)?),
        "include" => named("service")?,
        "protocol" => format!("protocol {}", ports::protocol(element.get("value")?)?),
        "masquerade" | "forward" | "icmp-block-inversion" => name.to_owned(),
        "port" if element.get("port") == Some("") => format!("protocol {}", ports::protocol(element.get("protocol")?)?),
        "port" | "source-port" => format!("{name} {}", port(element)?),
        "forward-port" => format!("{name} {}", forward(element)?),
        "source" => format!("source {}", source(element)?),
        "option" if !values::is_option(element.get("name")?, element.get("value").unwrap_or_default()) => return None,
        "option" => return Some((named("name")?, element.get("value").unwrap_or_default().to_owned())),
        _ => return None,
    };
    Some((key, "present".to_owned()))
}

/// What firewalld takes for the name of an interface; `+` at its end stands for
/// any number of letters.
fn is_interface(name: &str) -> bool {
    (1..=INTERFACE_LETTERS_MAX).contains(&name.chars().count()) && !name.contains([' ', '/', '!', '*'])
}

fn canonical(text: &str) -> String {
    address::or_same(text).into_owned()
}

fn says_yes(text: &str) -> bool {
    matches!(&*text.to_ascii_lowercase(), "yes" | "true")
}

/// Six pairs of digits with colons.
fn mac(text: &str) -> Option<String> {
    let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    (text.split(':').count() == 6 && text.split(':').all(pair)).then(|| text.to_ascii_uppercase())
}

/// What a zone is bound to; the hardware address stands in `address` too.
fn source(element: &Element) -> Option<String> {
    match (element.get("address"), element.get("ipset"), element.get("invert")) {
        (Some(address), None, None) => address::canonical(address).map(|it| it.into_owned()).or_else(|| mac(address)),
        (None, Some(set), None) => Some(format!("ipset:{set}")),
        _ => None,
    }
}

/// `8080-8090/tcp`.
fn port(element: &Element) -> Option<String> {
    let protocol = element.get("protocol").filter(|name| ports::is_protocol(name))?;
    Some(format!("{}/{protocol}", ports::canonical(element.get("port")?)?))
}

fn forward(element: &Element) -> Option<String> {
    let mut text = port(element)?;
    let to_port = element.get("to-port").filter(|port| !port.is_empty());
    let to_address = element.get("to-addr").filter(|address| !address.is_empty());
    if to_port.is_none() && to_address.is_none() {
        return None;
    }
    text.push_str(" to ");
    if let Some(address) = to_address {
        text.push_str(&address::canonical(address)?);
    }
    if let Some(port) = to_port {
        text.push(':');
        text.push_str(&ports::canonical(port)?);
    }
    Some(text)
}

/// XML's own five.
fn entity(name: &str) -> Option<&'static str> {
    Some(match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
