//! Collects the options of all groups by the servers' rules for repeated ones.
//!
//! Knows no syntax. The last of a kind counts, save for the first `user` of a
//! server and for options that gather values.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::option::Canonical;
use crate::format::gather::{Gather, text};
use crate::format::includes::FileName;
use crate::format::kept::Mark;
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
    /// The groups of servers, in the order in which they come.
    groups: Vec<Box<[u8]>>,
    /// Each option that they set, one after the other.
    taken: Vec<Taken>,
    /// How many of these there may be before those are looked for that were
    /// replaced since.
    room: usize,
}

/// An option that a group of a server set, and how long its name is, which its
/// key ends with.
struct Taken {
    mark: Mark,
    group: u32,
    name: u32,
}

/// The values of an option that gathers them, and where the last one stands.
struct Gathered {
    parts: Vec<Vec<u8>>,
    ordered: bool,
    place: Place,
    file: Option<FileName>,
}

impl Taken {
    /// The option's name, unless another value has replaced this one since.
    fn name<'k>(&self, out: &'k Gather) -> Option<&'k str> {
        let key = out.key(self.mark)?.as_str();
        key.get(key.len().saturating_sub(self.name as usize)..)
    }
}

impl Options {
    /// Takes one option of a group.
    pub(super) fn take(&mut self, group: &[u8], option: Canonical, place: Place, out: &mut Gather) {
        let key = key(group, &option.name);
        if GATHERS_SET.contains(&option.name.as_str()) || GATHERS_LIST.contains(&option.name.as_str()) {
            return self.gather(key, option, place, out.file().cloned());
        }
        if is_server(group) {
            let earlier = if option.name == "user" { out.value(&key) } else { None };
            if let Some(earlier) = earlier {
                if earlier.bytes() != option.value.as_slice() {
                    let reason = "`user` is set before; the server keeps the first one";
                    out.problem(ProblemKind::DuplicateKey, place, reason, None);
                }
                return;
            }
        }
        if option.name == "plugin_load" {
            // It forgets what `plugin-load-add` said before.
            self.gathered.remove(&self::key(group, "plugin_load_add"));
        }
        let secret = is_secret(&option.name) && !option.value.starts_with(b"FILE:");
        let Some(mark) = out.set_marked(&key, text(option.value), place) else { return };
        out.mark_secret(mark, |_| secret);
        if is_server(group) {
            self.taken(group, mark, option.name.len(), out);
        }
    }

    /// A group of a server has set an option with a name of so many bytes.
    fn taken(&mut self, group: &[u8], mark: Mark, name: usize, out: &Gather) {
        const ROOM_MIN: usize = 1024;
        if self.groups.last().is_none_or(|last| **last != *group) {
            self.groups.push(group.into());
        }
        // A group, an option and each of its bytes take a byte of a file.
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        self.taken.push(Taken { mark, group: number(self.groups.len() - 1), name: number(name) });
        if self.taken.len() > self.room.max(ROOM_MIN) {
            self.taken.retain(|taken| taken.name(out).is_some());
            self.room = 2 * self.taken.len();
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
        if let Some(order) = self.order(out) {
            out.set_order(ItemKey::order_of(b"server groups"), text(order));
        }
    }

    /// A server reads several groups, and of one option in two of them the
    /// later counts: which one that is, for all such options.
    fn order(&self, out: &Gather) -> Option<String> {
        if self.groups.len() < 2 {
            return None;
        }
        let mut order = Sha256::new();
        let mut several = 0_usize;
        let mut all: Vec<(&str, &Taken)> =
            self.taken.iter().filter_map(|taken| Some((taken.name(out)?, taken))).collect();
        all.sort_by_key(|(name, _)| *name);
        for same in all.chunk_by(|(a, _), (b, _)| a == b).filter(|same| same.len() > 1) {
            several += 1;
            for (name, taken) in same {
                order.update(name.as_bytes());
                order.update(b"\0");
                order.update(&self.groups[taken.group as usize]);
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
