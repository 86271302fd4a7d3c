//! Directives that may stand several times, each with its own rule.
//!
//! Knows no syntax and no other directive.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Arguments, memory, split};
use crate::format::gather::{Gather, text};
use crate::format::includes::FileName;
use crate::format::rules::digits;
use crate::secret::is_secret_parameter;
use crate::{ItemKey, Place, ProblemKind};

/// Options of Sentinel itself: what follows is a value, however many words.
const OF_NO_MASTER: [&[u8]; 7] = [
    b"announce-hostnames",
    b"announce-ip",
    b"announce-port",
    b"deny-scripts-reconfig",
    b"resolve-hostnames",
    b"sentinel-pass",
    b"sentinel-user",
];

/// What is known only at the end.
#[derive(Default)]
pub(super) struct Repeated {
    save: Option<Save>,
    modules: Vec<Vec<u8>>,
    seen: BTreeSet<Vec<u8>>,
}

/// All points at which a snapshot is made, and where the last one stands.
struct Save {
    points: BTreeSet<(u64, u64)>,
    place: Place,
    file: Option<FileName>,
}

impl Repeated {
    /// Takes one such directive; it has at least one argument.
    pub(super) fn take(&mut self, name: &str, arguments: &Arguments, place: Place, out: &mut Gather) {
        let taken = match name {
            "save" => self.save(arguments, place, out),
            "client-output-buffer-limit" => limits(arguments, place, out),
            "rename-command" => rename(arguments, place, out),
            "loadmodule" => self.module(arguments, place, out),
            _ => sentinel(arguments, place, out),
        };
        if taken.is_none() {
            let reason = "the directive has other arguments than the server knows";
            out.problem(ProblemKind::Syntax, place, reason, None);
            out.unread(name.as_bytes());
            out.unread(&split::joined(arguments.iter().map(|word| word.as_slice())));
        }
    }

    /// Pairs of seconds and changes; any of them is enough, so that they are a
    /// set. An empty one takes back all that were said before.
    fn save(&mut self, arguments: &Arguments, place: Place, out: &Gather) -> Option<()> {
        let empty = || Save { points: BTreeSet::new(), place, file: None };
        let resets = matches!(arguments.as_slice(), [only] if only.is_empty());
        let mut points = BTreeSet::new();
        if !resets {
            let (pairs, []) = arguments.as_chunks::<2>() else { return None };
            for [seconds, changes] in pairs {
                points.insert((number(seconds)?, number(changes)?));
            }
        }
        let save = self.save.get_or_insert_with(empty);
        if resets {
            save.points.clear();
        }
        save.points.extend(points);
        (save.place, save.file) = (place, out.file().cloned());
        Some(())
    }

    /// A module by its path; the order of loading is told apart.
    fn module(&mut self, arguments: &Arguments, place: Place, out: &mut Gather) -> Option<()> {
        let (path, rest) = arguments.split_first()?;
        let key = [b"loadmodule ".as_slice(), &split::joined([path.as_slice()])].concat();
        self.modules.push(path.to_vec());
        // Modules have no list of arguments: one word that names a secret makes
        // all of them one.
        let names = |word: &[u8]| std::str::from_utf8(word).is_ok_and(is_secret_parameter);
        let secret = rest.iter().any(|word| names(word));
        let set = if secret { Gather::set_secret } else { Gather::set };
        set(out, &key, text(split::joined(rest.iter().map(|word| word.as_slice()))), place);
        Some(())
    }

    /// Hands over what is known only at the end.
    pub(super) fn hand_over(&mut self, out: &mut Gather) {
        if let Some(save) = self.save.take() {
            let points: Vec<String> =
                save.points.iter().rev().map(|(seconds, changes)| format!("{seconds} {changes}")).collect();
            let before = out.enter(save.file);
            out.set_quietly(b"save", text(points.join(" ")), save.place);
            out.enter(before);
        }
        self.modules.retain(|path| self.seen.insert(path.clone()));
        if self.modules.len() > 1 {
            let mut order = Sha256::new();
            for path in &self.modules {
                order.update(path);
                order.update(b"\0");
            }
            let order = format!("{} modules, order {}", self.modules.len(), digits(&order.finalize()));
            out.set_order(ItemKey::order_of(b"loadmodule"), text(order));
        }
    }
}

fn number(word: &[u8]) -> Option<u64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// Limits by class of client, four arguments each; the last of a class counts.
fn limits(arguments: &Arguments, place: Place, out: &mut Gather) -> Option<()> {
    let (classes, []) = arguments.as_chunks::<4>() else { return None };
    let read = |[class, hard, soft, seconds]: &[Zeroizing<Vec<u8>>; 4]| {
        let class = match class.to_ascii_lowercase().as_slice() {
            b"normal" => "normal",
            b"slave" | b"replica" => "replica",
            b"pubsub" => "pubsub",
            _ => return None,
        };
        let value = format!("{} {} {}", memory::amount(hard)?, memory::amount(soft)?, number(seconds)?);
        Some((class, value))
    };
    let found: Vec<_> = classes.iter().map(read).collect::<Option<_>>()?;
    for (class, value) in found {
        out.set(format!("client-output-buffer-limit {class}").as_bytes(), text(value), place);
    }
    Some(())
}

/// A command by its name in upper case, and the name it gets instead; an empty
/// one takes it away.
fn rename(arguments: &Arguments, place: Place, out: &mut Gather) -> Option<()> {
    let [command, new] = arguments.as_slice() else { return None };
    let key = [b"rename-command ".as_slice(), &split::joined([command.to_ascii_uppercase().as_slice()])].concat();
    // Who knows the new name may run the command: it is as good as a password.
    let set = if new.is_empty() { Gather::set } else { Gather::set_secret };
    set(out, &key, text(new.to_vec()), place);
    Some(())
}

/// `sentinel OPTION MASTER VALUE…`; of options of Sentinel itself, `sentinel
/// OPTION VALUE`. Scripts and renamed commands have their own keys too.
fn sentinel(arguments: &Arguments, place: Place, out: &mut Gather) -> Option<()> {
    let (option, rest) = arguments.split_first()?;
    let option = option.to_ascii_lowercase();
    let named = match option.as_slice() {
        b"rename-command" => 2,
        option if OF_NO_MASTER.contains(&option) => 0,
        _ => usize::from(rest.len() > 1),
    };
    let (named, value) = rest.split_at_checked(named)?;
    if value.is_empty() {
        return None;
    }
    let words = [b"sentinel".as_slice(), &option].into_iter().chain(named.iter().map(|word| word.as_slice()));
    let key = split::joined(words);
    let value = text(split::joined(value.iter().map(|word| word.as_slice())));
    let secret = matches!(option.as_slice(), b"auth-pass" | b"sentinel-pass" | b"rename-command");
    let set = if secret { Gather::set_secret } else { Gather::set };
    set(out, &key, value, place);
    Some(())
}
