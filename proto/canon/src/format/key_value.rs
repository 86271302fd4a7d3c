//! Files of `key value` or `key=value`, one a line: sshd_config, sysctl.conf,
//! chrony.conf, login.defs.
//!
//! Quotes and upper case are kept as written and each value of a repeated key
//! is kept, because the programs disagree. Includes are settings like others;
//! they are not followed.

use super::Reading;
use super::gather::{Gather, text};
use super::lines::{Line, lines, unreadable};
use super::path::KeyPath;
use super::repeated::Repeated;
use crate::ProblemKind;
use crate::limits::LINE_BYTES_MAX;

/// Keys (of ssh and sshd) that begin a block: what follows belongs to it.
const BLOCKS: &[&[u8]] = &[b"match", b"host"];

/// Reads a file of keys and values.
pub(super) fn read(bytes: &[u8]) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::new();
    let mut repeated = Repeated::default();
    let mut block: Option<Vec<u8>> = None;
    for line in lines(bytes) {
        if line.is_too_long() {
            let reason = format!("the line has more than {LINE_BYTES_MAX} bytes; it is watched as content");
            gather.problem(ProblemKind::Limit, line.place(0), &reason, None);
            gather.unread(line.text);
            continue;
        }
        take(&mut gather, &mut repeated, &mut block, &line);
    }
    gather.finish(bytes)
}

fn take(gather: &mut Gather, repeated: &mut Repeated, block: &mut Option<Vec<u8>>, line: &Line<'_>) {
    let bare = line.text.trim_ascii();
    let indent = line.text.len() - line.text.trim_ascii_start().len();
    if bare.is_empty() || matches!(bare[0], b'#' | b';') {
        return;
    }
    let (name, value) = split(bare);
    // sysctl's mark for "no error if it is not there".
    let name = name.strip_prefix(b"-").filter(|name| !name.is_empty()).unwrap_or(name);
    if name.is_empty() {
        gather.problem(ProblemKind::Syntax, line.place(indent), "a value without a key", None);
        return gather.unread(line.text);
    }
    if BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name)) && !value.is_empty() {
        *block = Some([name, b" ", value].concat());
    }
    let mut key = name.to_vec();
    if let Some(block) = block {
        let mut path = KeyPath::default();
        path.push_name(block);
        path.push_name(name);
        key = path.as_bytes().to_vec();
    }
    repeated.set(gather, &key, text(value), line.place(indent));
}

/// Key and value: parted by blanks, by `=`, or by both.
fn split(bare: &[u8]) -> (&[u8], &[u8]) {
    let end = bare.iter().position(|b| b.is_ascii_whitespace() || *b == b'=').unwrap_or(bare.len());
    let (name, rest) = bare.split_at(end);
    let rest = rest.trim_ascii_start();
    (name, rest.strip_prefix(b"=").unwrap_or(rest).trim_ascii())
}

#[cfg(test)]
mod tests;
