//! Collects the options of all groups by the servers' rules for repeated ones.
//!
//! Knows no syntax. The last of a kind counts, save for the first `user` of a
//! server and for options that gather values.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::option::Canonical;
use crate::format::gather::{Gather, text};
use crate::format::includes::FileName;
use crate::format::path::push_part;
use crate::format::quote::push_unless_plain;
use crate::format::rules::digits;
use crate::{ItemKey, Place, ProblemKind};

/// Options of which each adds to the ones before, in any order.
const GATHERS_SET: [&str; 9] = [
    "binlog_do_db",
    "binlog_ignore_db",
    "ignore_db_dirs",
    "replicate_do_db",
    "replicate_do_table",
    "replicate_ignore_db",
    "replicate_ignore_table",
    "replicate_wild_do_table",
    "replicate_wild_ignore_table",
];

/// Options of which each adds to the ones before, and the order counts.
const GATHERS_LIST: [&str; 3] = ["performance_schema_instrument", "plugin_load_add", "replicate_rewrite_db"];

/// Options that are secrets whatever they look like: `user:password`, and the
/// key that the file of keys is encrypted with.
const SECRETS: [&str; 2] = ["file_key_management_filekey", "wsrep_sst_auth"];

/// Whether an option is a secret whatever it looks like.
pub(super) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// What has been read so far and is not one option's last value.
#[derive(Default)]
pub(super) struct Options {
    gathered: BTreeMap<Vec<u8>, Gathered>,
    /// Which groups of servers set an option, and when each did last.
    groups: BTreeMap<(String, Vec<u8>), usize>,
    taken: usize,
}

/// The values of an option that gathers them, and where the last one stands.
struct Gathered {
    parts: Vec<Vec<u8>>,
    ordered: bool,
    place: Place,
    file: Option<FileName>,
}

impl Options {
    /// Takes one option of a group.
    pub(super) fn take(&mut self, group: &[u8], option: Canonical, place: Place, out: &mut Gather) {
        let key = key(group, &option.name);
        if GATHERS_SET.contains(&option.name.as_str()) || GATHERS_LIST.contains(&option.name.as_str()) {
            return self.gather(key, option, place, out.file().cloned());
        }
        if is_server(group) {
            let earlier = out.value(&key).filter(|_| option.name == "user");
            if let Some(earlier) = earlier {
                if earlier.bytes() != option.value.as_slice() {
                    let reason = "`user` is set before; the server keeps the first one";
                    out.problem(ProblemKind::DuplicateKey, place, reason, None);
                }
                return;
            }
            self.taken += 1;
            self.groups.insert((option.name.clone(), group.to_vec()), self.taken);
        }
        if option.name == "plugin_load" {
            // It forgets what `plugin-load-add` said before.
            self.gathered.remove(&self::key(group, "plugin_load_add"));
        }
        if is_secret(&option.name) && !option.value.starts_with(b"FILE:") {
            out.set_secret(&key, text(option.value), place);
        } else {
            out.set(&key, text(option.value), place);
        }
    }

    fn gather(&mut self, key: Vec<u8>, option: Canonical, place: Place, file: Option<FileName>) {
        let ordered = GATHERS_LIST.contains(&option.name.as_str());
        let fresh = || Gathered { parts: Vec::new(), ordered, place, file: None };
        let gathered = self.gathered.entry(key).or_insert_with(fresh);
        gathered.parts.push(option.value);
        (gathered.place, gathered.file) = (place, file);
    }

    /// Hands over what is known only at the end.
    pub(super) fn hand_over(&mut self, out: &mut Gather) {
        for (key, mut gathered) in std::mem::take(&mut self.gathered) {
            if !gathered.ordered {
                gathered.parts.sort_unstable();
                gathered.parts.dedup();
            }
            let before = out.enter(gathered.file);
            out.set_quietly(&key, text(joined(&gathered.parts)), gathered.place);
            out.enter(before);
        }
        if let Some(order) = self.order() {
            out.set_order(ItemKey::order_of(b"server groups"), text(order));
        }
    }

    /// A server reads several groups, and of one option in two of them the
    /// later counts: which one that is, for all such options.
    fn order(&self) -> Option<String> {
        let mut order = Sha256::new();
        let mut several = 0_usize;
        let groups: Vec<_> = self.groups.iter().collect();
        for same in groups.chunk_by(|(a, _), (b, _)| a.0 == b.0).filter(|same| same.len() > 1) {
            several += 1;
            let mut same = same.to_vec();
            same.sort_by_key(|(_, taken)| **taken);
            for ((name, group), _) in same {
                order.update(name.as_bytes());
                order.update(b"\0");
                order.update(group);
                order.update(b"\n");
            }
        }
        (several > 0).then(|| format!("{several} options, order {}", digits(&order.finalize())))
    }
}

fn key(group: &[u8], name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(group.len() + name.len() + 1);
    push_part(&mut key, group);
    key.push(b'.');
    key.extend_from_slice(name.as_bytes());
    key
}

/// Whether a server reads the group: `mysqld`, `mysqld-8.0`, `mariadb-10.11` …
fn is_server(group: &[u8]) -> bool {
    let version = |b: &u8| b.is_ascii_digit() || matches!(b, b'-' | b'.');
    let word = &group[..group.iter().rposition(|b| !version(b)).map_or(0, |at| at + 1)];
    matches!(word, b"mysqld" | b"server" | b"mariadb" | b"mariadbd" | b"galera" | b"client-server")
}

/// Values as one, in quotes where one could be taken for several.
fn joined(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut list = Vec::new();
    for part in parts {
        if !list.is_empty() {
            list.extend_from_slice(b", ");
        }
        let plain = |b: &u8| !matches!(b, b',' | b'"' | b'\\') && !b.is_ascii_whitespace();
        push_unless_plain(&mut list, part, plain);
    }
    list
}
