//! Proving an exported history: lines of JSON in, one answer out.
//!
//! It takes bytes as they come, keeps one line, and stops at the first entry
//! that does not hold.

use std::io::{self, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftline_api::change::{Beginning, ChainEntry, ChainStart, Verification};
use driftline_compare::chain::{self, GENESIS, Voucher, Walk};

use super::{broken, intact};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;

/// Bytes of one exported entry. The largest change has a few KiB.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A proof under way.
pub(super) struct Proof {
    walk: Walk,
    /// Where it begins, and what has to vouch for that, if it was cut.
    begins: Option<(Beginning, Voucher)>,
    line: Vec<u8>,
    lines: u64,
    wanted: Option<[u8; 32]>,
    seen: bool,
    broken: Option<Verification>,
}

impl Proof {
    /// A proof that the chain holds, and contains a hash if one is wanted.
    pub(super) fn new(wanted: Option<[u8; 32]>) -> Self {
        let seen = wanted.is_none_or(|hash| hash == GENESIS);
        Self { walk: Walk::default(), begins: None, line: Vec::new(), lines: 0, wanted, seen, broken: None }
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Outcome<()> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() > LINE_BYTES_MAX {
                return Err(self.unreadable("it is longer than any entry"));
            }
            if self.line.ends_with(b"\n") {
                self.end_of_line()?;
            }
        }
        Ok(())
    }

    /// The answer.
    pub(super) fn finish(mut self) -> Outcome<Verification> {
        self.end_of_line()?;
        let begins = self.begins.as_ref().map(|(begins, _)| begins.clone());
        if let Some(broken) = self.broken {
            return Ok(Verification { begins, ..broken });
        }
        let (entries, head) = (self.entries(), self.walk.head());
        if let Some((begins, voucher)) = &self.begins
            && let Some(doubt) = voucher.doubt()
        {
            return Ok(Verification {
                begins: Some(begins.clone()),
                ..broken(entries, head, Some(begins.first), doubt)
            });
        }
        if !self.seen {
            let older = begins.as_ref().map_or_else(String::new, |begins| {
                format!("it is of an entry before {}, where the history begins, or ", begins.first)
            });
            let reason = format!("no entry has the hash that was noted: {older}the history was cut or rewritten");
            return Ok(Verification { begins, ..broken(entries, head, None, reason) });
        }
        Ok(Verification { begins, ..intact(entries, head) })
    }

    /// Entries that hold.
    fn entries(&self) -> u64 {
        let before = self.begins.as_ref().map_or(0, |(begins, _)| begins.first.saturating_sub(1));
        self.walk.last().saturating_sub(before)
    }

    /// The first line of a history whose oldest entries were removed.
    fn begin(&mut self, line: &[u8]) -> Outcome<bool> {
        let Ok(ChainStart { begins }) = serde_json::from_slice(line) else { return Ok(false) };
        let hash = |text: &str| hex::decode(text).ok_or_else(|| self.unreadable("its hashes are not 64 digits"));
        let (before, announced) = (hash(&begins.before)?, hash(&begins.announced_hash)?);
        let (first, announced_by) = (begins.first, begins.announced_by);
        let beginning = chain::Beginning { first, before, announced: (begins.announced, announced), announced_by };
        self.walk = beginning.walk();
        self.seen |= self.wanted == Some(before);
        self.begins = Some((begins, Voucher::of(beginning)));
        Ok(true)
    }

    fn end_of_line(&mut self) -> Outcome<()> {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_ascii();
        if line.is_empty() || self.broken.is_some() {
            return Ok(());
        }
        self.lines += 1;
        if self.lines == 1 && self.begin(line)? {
            return Ok(());
        }
        let entry: ChainEntry =
            serde_json::from_slice(line).map_err(|_| self.unreadable("it is not an exported entry"))?;
        let body = STANDARD.decode(&entry.body).map_err(|_| self.unreadable("its body is not base64"))?;
        let hash = hex::decode(&entry.hash).ok_or_else(|| self.unreadable("its hash is not 64 digits"))?;
        match self.walk.step(entry.id, &body, &hash) {
            Ok(()) => {
                self.seen |= Some(hash) == self.wanted;
                if let Some((_, voucher)) = &mut self.begins {
                    voucher.see(entry.id, &body, &hash);
                }
            }
            Err(why) => {
                let (entries, head) = (self.entries(), self.walk.head());
                self.broken = Some(broken(entries, head, Some(why.at()), why.to_string()));
            }
        }
        Ok(())
    }

    fn unreadable(&self, reason: &str) -> Failure {
        Failure::new(Exit::Data, format!("line {} of the export: {reason}", self.lines.max(1)))
    }
}

/// Feeds a file piece by piece.
pub(super) fn read(mut from: impl Read, mut feed: impl FnMut(&[u8]) -> Outcome<()>) -> io::Result<Outcome<()>> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(Ok(()));
        }
        if let Err(failure) = feed(piece.get(..read).unwrap_or_default()) {
            return Ok(Err(failure));
        }
    }
}

#[cfg(test)]
mod tests;
