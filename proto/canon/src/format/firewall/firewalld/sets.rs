//! The entries of a set: each must be of the set's type and family, and
//! firewalld ignores those that are not.
//!
//! Looks at no entry before the whole file is read: the family may come last.

use super::{address, is_interface, mac, ports, values};
use crate::Place;

/// A set in the making.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// Its type, `hash:net,port`.
    pub(super) kind: String,
    pub(super) is_v6: Option<bool>,
    /// Whether entries go by themselves, and so cannot stand in a file.
    pub(super) has_timeout: Option<bool>,
    pub(super) entries: Vec<Entry>,
}

impl Set {
    /// What comes again is ignored, also here.
    pub(super) fn option(&mut self, key: &str, value: &str) {
        match key {
            "option family" => _ = self.is_v6.get_or_insert(value == "inet6"),
            "option timeout" => _ = self.has_timeout.get_or_insert(value != "0"),
            _ => {}
        }
    }
}

/// An entry as it is written, and where.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) place: Place,
}

/// What entries must be of.
#[derive(Debug)]
pub(super) struct Kind<'a> {
    /// `hash:net,port`.
    pub(super) name: &'a str,
    pub(super) is_v6: bool,
}

impl Kind<'_> {
    /// The entry in its one form; `None` where firewalld ignores it.
    pub(super) fn canonical(&self, text: &str) -> Option<String> {
        let flags: Vec<&str> = self.name.strip_prefix("hash:")?.split(',').collect();
        let items: Vec<&str> = text.split(',').collect();
        if flags.len() != items.len() {
            return None;
        }
        let items: Option<Vec<String>> =
            flags.iter().zip(&items).enumerate().map(|(at, (flag, item))| self.item(at, flag, item)).collect();
        items.map(|items| items.join(","))
    }

    fn item(&self, at: usize, flag: &str, item: &str) -> Option<String> {
        let as_written = || item.to_owned();
        match flag {
            "ip" if item.contains('-') && !self.is_v6 => self.range(item, false).filter(|_| at < 2),
            "ip" => self.host(at, item),
            "net" if item.contains('-') => self.range(item, true),
            "net" => {
                let is_all = item.ends_with("/0") && !(self.is_v6 && at == 0 && self.name == "hash:net,iface");
                self.address(item).filter(|_| !is_all)
            }
            "mac" => mac(item).filter(|mac| mac != "00:00:00:00:00:00"),
            "port" => self.port(item),
            "mark" => values::number(item).map(|_| as_written()),
            "iface" => (is_interface(item) && item.len() < super::INTERFACE_LETTERS_MAX).then(as_written),
            _ => None,
        }
    }

    /// An address; a network only in the first place of IPv4.
    fn host(&self, at: usize, item: &str) -> Option<String> {
        let may_mask = !self.is_v6 && at == 0;
        self.address(item).filter(|_| item != "0.0.0.0" && (may_mask || !item.contains('/')))
    }

    fn address(&self, item: &str) -> Option<String> {
        let family = if self.is_v6 { "ipv6" } else { "ipv4" };
        address::canonical(item).filter(|_| values::is_of_family(family, item)).map(|it| it.into_owned())
    }

    fn range(&self, item: &str, may_mask: bool) -> Option<String> {
        let (first, last) = item.split_once('-')?;
        let is_plain = !first.contains('/') && (may_mask || !last.contains('/'));
        let (first, last) = (self.address(first)?, self.address(last)?);
        is_plain.then(|| format!("{first}-{last}"))
    }

    /// `80`, `tcp:80`, `icmp:echo-request`.
    fn port(&self, item: &str) -> Option<String> {
        let Some((protocol, port)) = item.split_once(':') else { return ports::canonical(item) };
        match protocol {
            "icmp" if !self.is_v6 => Some(item.to_owned()),
            "icmpv6" | "ipv6-icmp" if self.is_v6 => Some(item.to_owned()),
            "icmp" | "icmpv6" | "ipv6-icmp" => None,
            _ => {
                ports::protocol(protocol)?;
                Some(format!("{protocol}:{}", ports::canonical(port)?))
            }
        }
    }
}
