//! One rich rule in its one form, which is firewalld's own rich language.
//!
//! Knows no services, sets or types of ICMP. A rule that firewalld would ignore
//! is none here.

use super::values::{self, is_of_family};
use super::{Element, address, mac, ports, says_yes};

/// The order in which a rule says its parts.
const ORDER: [&str; 6] = ["source", "destination", "element", "log", "audit", "action"];

/// Elements that do something without an action; all but the last take none.
const ACTING: [&str; 4] = ["masquerade", "icmp-block", "forward-port", "tcp-mss-clamp"];

/// The levels that a log may have.
const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"];

/// A rule in the making.
#[derive(Debug, Default)]
pub(super) struct Rich {
    head: String,
    in_zone: bool,
    family: Option<String>,
    has_priority: bool,
    /// Its addresses, which must be of its family.
    addresses: Vec<String>,
    /// What a packet is refused with, which depends on the family.
    reject: Option<String>,
    /// Whether it is about a sender by its hardware address.
    has_mac: bool,
    needs_family: bool,
    /// The name of the action.
    action: String,
    /// The name of the element that it is about.
    element: String,
    /// That element itself.
    about: Option<Element>,
    parts: [Option<String>; ORDER.len()],
    /// A limit stands inside of what it limits, and is read first.
    limit: Option<String>,
    wrong: bool,
    ignored: bool,
}

impl Rich {
    pub(super) fn new(rule: &Element, root: &str) -> Self {
        let mut made = Self { head: "rule".to_owned(), in_zone: root == "zone", ..Self::default() };
        for (name, value) in &rule.attributes {
            made.wrong |= !matches!(&**name, "family" | "priority");
            if name == "family" {
                made.wrong |= !matches!(&**value, "ipv4" | "ipv6");
            }
        }
        if let Some(priority) = rule.get("priority") {
            match values::priority(priority) {
                Some(0) => {}
                Some(priority) => {
                    push(&mut made.head, "priority", &priority.to_string());
                    made.has_priority = true;
                }
                None => made.wrong = true,
            }
        }
        if let Some(family) = rule.get("family") {
            push(&mut made.head, "family", family);
            made.family = Some(family.to_owned());
        }
        made
    }

    /// Takes one part of the rule, when it ends.
    pub(super) fn take(&mut self, element: &Element) {
        if element.name == "limit" {
            let limit = limit(element);
            self.wrong |= self.limit.is_some() || limit.is_none();
            self.limit = limit;
            return;
        }
        // Policies came later, without what was there to turn things off.
        self.wrong |= !self.in_zone && element.get("enabled").is_some();
        let Some((at, mut text)) = part(element) else {
            self.wrong = true;
            return;
        };
        if let Some(limit) = self.limit.take() {
            self.wrong |= !matches!(ORDER[at], "log" | "audit" | "action");
            text.push_str(&limit);
        }
        match ORDER[at] {
            "source" => self.has_mac = element.get("mac").is_some(),
            "destination" => self.needs_family = true,
            "element" => {
                self.element.clone_from(&element.name);
                self.about = Some(element.clone());
            }
            "action" => {
                self.action.clone_from(&element.name);
                self.reject = element.get("type").filter(|kind| !kind.is_empty()).map(str::to_owned);
            }
            _ => {}
        }
        let addresses = ["address", "to-addr"].into_iter().filter_map(|name| element.get(name));
        self.addresses.extend(addresses.filter(|address| !address.is_empty()).map(str::to_owned));
        if self.parts[at].is_none() {
            self.parts[at] = Some(text);
        } else if matches!(ORDER[at], "log" | "destination") {
            // The first one counts, and the rule with it.
            self.ignored = true;
        } else {
            self.wrong = true;
        }
    }

    /// The element that it is about.
    pub(super) fn about(&self) -> Option<Element> {
        self.about.clone()
    }

    /// Whether a part of the rule is ignored, and the rest of it is not.
    pub(super) fn ignores(&self) -> bool {
        self.ignored
    }

    /// The whole rule; none when firewalld would not take it.
    pub(super) fn text(self) -> Option<String> {
        let [source, destination, element, log, audit, action] = self.parts.each_ref().map(Option::is_some);
        let acts = ACTING.contains(&self.element.as_str());
        let is_about =
            element || (log && self.has_priority) || (action && (source || destination || self.has_priority));
        let does = acts || log || audit || action;
        let twice = action && acts;
        // Only a verdict is audited.
        let unheard = audit && !matches!(&*self.action, "accept" | "reject" | "drop");
        let masked = self.has_mac && self.element == "masquerade";
        if self.wrong || self.limit.is_some() || !is_about || !does || twice || unheard || masked || !self.fits() {
            return None;
        }
        let parts: Vec<String> = std::iter::once(self.head).chain(self.parts.into_iter().flatten()).collect();
        Some(parts.join(" "))
    }
}

impl Rich {
    /// Whether addresses, and how a packet is refused, are of the rule's family.
    fn fits(&self) -> bool {
        match self.family.as_deref() {
            None => {
                let is_bound = self.needs_family || self.element == "forward-port" || self.reject.is_some();
                self.addresses.is_empty() && !is_bound
            }
            Some(family) => {
                self.addresses.iter().all(|address| is_of_family(family, address))
                    && self.reject.as_ref().is_none_or(|kind| values::rejects(family, kind))
            }
        }
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    text.push(' ');
    text.push_str(name);
    text.push_str("=\"");
    text.push_str(&value.replace('\\', "\\\\").replace('"', "\\\""));
    text.push('"');
}

/// `limit value="3/m"`; a burst is what newer releases added.
fn limit(element: &Element) -> Option<String> {
    let (rate, unit) = element.get("value")?.split_once('/')?;
    let rate: u32 = rate.trim().parse().ok().filter(|rate| *rate > 0)?;
    let unit = match unit {
        "s" | "second" => "s",
        "m" | "minute" => "m",
        "h" | "hour" => "h",
        "d" | "day" => "d",
        _ => return None,
    };
    if element.attributes.iter().any(|(name, _)| !matches!(&**name, "value" | "burst")) {
        return None;
    }
    // The one rate that is too slow to be counted.
    if rate == 1 && unit == "d" {
        return None;
    }
    let mut text = " limit".to_owned();
    push(&mut text, "value", &format!("{rate}/{unit}"));
    if let Some(burst) = element.get("burst") {
        push(&mut text, "burst", burst);
    }
    Some(text)
}

/// A part's kind, the attributes that it needs, and those that it may have.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

fn row(name: &str) -> Option<Row> {
    Some(match name {
        "source" => ("source", &[], &["address", "mac", "ipset"]),
        "destination" => ("destination", &[], &["address", "ipset"]),
        "service" | "icmp-block" | "icmp-type" => ("element", &["name"], &[]),
        "port" | "source-port" => ("element", &["port", "protocol"], &[]),
        "protocol" => ("element", &["value"], &[]),
        "tcp-mss-clamp" => ("element", &[], &["value"]),
        "masquerade" => ("element", &[], &["enabled"]),
        "forward-port" => ("element", &["port", "protocol"], &["to-port", "to-addr"]),
        "log" => ("log", &[], &["prefix", "level"]),
        "nflog" => ("log", &[], &["group", "prefix", "queue-size"]),
        "audit" => ("audit", &[], &[]),
        "accept" | "drop" => ("action", &[], &[]),
        "reject" => ("action", &[], &["type"]),
        "mark" => ("action", &["set"], &[]),
        _ => return None,
    })
}

/// A part's place in the order, and its text.
fn part(element: &Element) -> Option<(usize, String)> {
    let name = element.name.as_str();
    let (kind, needs, may) = row(name)?;
    let is_end = matches!(kind, "source" | "destination");
    let known = |name: &str| {
        needs.contains(&name)
            || may.contains(&name)
            || (is_end && name == "invert")
            || (kind == "source" && name == "family")
    };
    if element.attributes.iter().any(|(name, _)| !known(name)) {
        return None;
    }
    let mut text = name.to_owned();
    if is_end && element.get("invert").is_some_and(says_yes) {
        text.push_str(" NOT");
    }
    let mut said = 0;
    for attribute in needs.iter().chain(may) {
        // An empty prefix is no prefix, and no log either.
        if *attribute == "prefix" && element.get(attribute) == Some("") {
            return None;
        }
        match element.get(attribute).filter(|value| !value.is_empty()) {
            Some(value) => push(&mut text, attribute, &value_of(name, attribute, value)?),
            None if needs.contains(attribute) => return None,
            None => continue,
        }
        said += 1;
    }
    match name {
        "source" | "destination" if said != 1 => return None,
        "forward-port" if said < 3 => return None,
        // Whatever it says: to be there is to be enabled.
        "masquerade" => name.clone_into(&mut text),
        "tcp-mss-clamp" if element.get("value").is_none() => push(&mut text, "value", "pmtu"),
        _ => {}
    }
    ORDER.iter().position(|known| *known == kind).map(|at| (at, text))
}

/// A value in its one form; none where firewalld does not take it.
fn value_of(name: &str, attribute: &str, value: &str) -> Option<String> {
    let as_written = || value.to_owned();
    match (name, attribute) {
        (_, "address" | "to-addr") => address::canonical(value).map(|it| it.into_owned()),
        (_, "port" | "to-port") => ports::canonical(value),
        (_, "mac") => mac(value),
        (_, "protocol") => ports::is_protocol(value).then(as_written),
        ("protocol", "value") => ports::protocol(value),
        (_, "level") => LEVELS.contains(&value).then(as_written),
        (_, "set") => values::mark(value),
        ("tcp-mss-clamp", "value") => values::clamp(value),
        (_, "group" | "queue-size") => {
            values::number(value).and_then(|number| u16::try_from(number).ok()).map(|number| number.to_string())
        }
        _ => Some(as_written()),
    }
}
