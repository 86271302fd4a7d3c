//! What firewalld refuses in a policy as a whole: zones at its two ends that
//! cannot be there together, or not with what it does.
//!
//! Knows no zone but the two that firewalld brings itself: the host and any.

use std::collections::BTreeSet;

use super::Element;

/// The two that stand alone.
const ALONE: [&str; 2] = ["ANY", "HOST"];

const HOST: &str = "HOST";

/// What a policy joins and does.
#[derive(Debug, Default)]
pub(super) struct Policy {
    ingress: BTreeSet<String>,
    egress: BTreeSet<String>,
    masquerades: bool,
    /// Whether a port is forwarded to an address, and to none.
    forwards: [bool; 2],
}

impl Policy {
    /// Takes an element of the policy or of one of its rules, which firewalld
    /// takes too.
    pub(super) fn take(&mut self, element: &Element) {
        let name = || element.get("name").unwrap_or_default().to_owned();
        match &*element.name {
            "ingress-zone" => _ = self.ingress.insert(name()),
            "egress-zone" => _ = self.egress.insert(name()),
            "masquerade" => self.masquerades = true,
            "forward-port" => {
                let to_none = element.get("to-addr").is_none_or(str::is_empty);
                self.forwards[usize::from(to_none)] = true;
            }
            _ => {}
        }
    }

    /// Why firewalld refuses it; `None` when it does not.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        let (from_host, to_host) = (self.ingress.contains(HOST), self.egress.contains(HOST));
        let [to_address, to_none] = self.forwards;
        let is_mixed = |zones: &BTreeSet<String>| zones.len() > 1 && ALONE.iter().any(|alone| zones.contains(*alone));
        if is_mixed(&self.ingress) || is_mixed(&self.egress) {
            return Some("firewalld refuses a policy with other zones beside `ANY` or `HOST`");
        }
        if from_host && to_host {
            return Some("firewalld refuses a policy from the host to itself");
        }
        if self.masquerades && (from_host || to_host) {
            return Some("firewalld refuses to masquerade at the host itself");
        }
        if to_host && to_address {
            return Some("firewalld refuses to forward a port of the host to an address");
        }
        if !self.egress.is_empty() && !to_host && to_none {
            return Some("firewalld refuses to forward a port between zones to no address");
        }
        None
    }
}
