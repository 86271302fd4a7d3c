//! Files of `key value` or `key=value`, one a line: sshd_config, sysctl.conf,
//! chrony.conf, login.defs.
//!
//! Quotes and upper case are kept as written and each value of a repeated key
//! is kept, because the programs disagree. Includes are settings like others;
//! they are not followed.

use sha2::{Digest as _, Sha256};

use super::Reading;
use super::gather::{Gather, text};
use super::lines::{Line, lines, unreadable};
use super::path::{KeyPath, push_part};
use super::repeated::Repeated;
use super::rules::digits;
use crate::{ItemKey, ProblemKind, secret};

/// Keys (of ssh and sshd) that begin a block: what follows belongs to it.
const BLOCKS: &[&[u8]] = &[b"match", b"host"];

/// Where the walk over the lines is.
#[derive(Default)]
struct State {
    block: Option<Vec<u8>>,
    /// The first block that fits counts, so that their order is a setting.
    blocks: usize,
    order: Sha256,
    /// Whether the line before names a secret and has no value: what stands
    /// alone after it may be the value.
    awaits_secret: bool,
}

/// Reads a file of keys and values.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::with_room(bytes.len());
    let mut repeated = Repeated::default();
    let mut state = State::default();
    for line in lines(bytes) {
        if line.is_too_long() {
            gather.too_long(line.text, line.place(0));
            continue;
        }
        take(&mut gather, &mut repeated, &mut state, &line);
    }
    if state.blocks > 0 {
        let blocks = if state.blocks == 1 { "block" } else { "blocks" };
        let order = format!("{} {blocks}, order {}", state.blocks, digits(&state.order.finalize()));
        gather.set_order(ItemKey::order_of(b"blocks"), text(order));
    }
    gather.finish(bytes)
}

fn take(gather: &mut Gather, repeated: &mut Repeated, state: &mut State, line: &Line<'_>) {
    let bare = line.text.trim_ascii();
    let indent = line.text.len() - line.text.trim_ascii_start().len();
    if bare.is_empty() || matches!(bare[0], b'#' | b';') {
        return;
    }
    let (name, value, equals) = split(bare);
    // sysctl's mark for "no error if it is not there".
    let name = name.strip_prefix(b"-").filter(|name| !name.is_empty()).unwrap_or(name);
    if name.is_empty() {
        gather.problem(ProblemKind::Syntax, line.place(indent), "a value without a key", None);
        return gather.unread(line.text);
    }
    let awaits = std::mem::take(&mut state.awaits_secret);
    if value.is_empty() && !equals && (awaits || !may_stand_alone(name)) {
        gather.problem(ProblemKind::Syntax, line.place(indent), "a word alone that may be a value", None);
        return gather.unread(line.text);
    }
    state.awaits_secret = value.is_empty() && secret::names_a_secret(name, b"?");
    if !equals && BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name)) && !value.is_empty() {
        let block = [name, b" ", value].concat();
        state.blocks += 1;
        state.order.update(Sha256::digest(&block));
        state.block = Some(block);
    }
    let mut key = unmistakable(name);
    if let Some(block) = &state.block {
        let mut path = KeyPath::default();
        path.push_name(block);
        path.push_name(name);
        key = path.as_bytes().to_vec();
    }
    repeated.set(gather, &key, text(value), line.place(indent));
}

/// Whether a word without a value is a switch beyond doubt (`rtcsync`,
/// `lock_all`), and not a value that was pasted on a line of its own.
fn may_stand_alone(name: &[u8]) -> bool {
    name.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
}

/// The name, in quotes where it would read like the second of another.
fn unmistakable(name: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len());
    if name.iter().any(|b| matches!(b, b'[' | b']' | b'"')) {
        push_part(&mut key, name);
    } else {
        key.extend_from_slice(name);
    }
    key
}

/// Key and value, parted by blanks, by `=`, or by both; and whether by `=`.
fn split(bare: &[u8]) -> (&[u8], &[u8], bool) {
    let end = bare.iter().position(|b| b.is_ascii_whitespace() || *b == b'=').unwrap_or(bare.len());
    let (name, rest) = bare.split_at(end);
    let rest = rest.trim_ascii_start();
    let after = rest.strip_prefix(b"=");
    (name, after.unwrap_or(rest).trim_ascii(), after.is_some())
}

#[cfg(test)]
mod tests;
