//! `pg_ident.conf`: which system user may be which database user.
//!
//! Any line of a map may match, so their order means nothing and is no item,
//! and a line that stands there twice is one.

use super::auth::{self, Record, Records};
use crate::format::Reading;
use crate::format::gather::Gather;
use crate::format::includes::{FileName, Files, Includes};
use crate::format::lines::unreadable;
use crate::format::rules::RuleList;

/// What has a meaning of its own in the place of a database user.
const USERS: &[&str] = &["all"];

/// Bytes of a rule as people write them.
const RULE_BYTES_USUAL: usize = 96;

/// Reads the bytes of the file of that name.
pub(in crate::format) fn read(bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::with_room(bytes.len());
    let mut maps = Maps { list: RuleList::unordered(b"ident") };
    auth::read(&mut gather, bytes, name, &mut Includes::new(files), &mut maps);
    gather.finish(bytes)
}

struct Maps {
    list: RuleList,
}

impl Records for Maps {
    fn take(&mut self, gather: &mut Gather, record: &Record<'_>) -> Result<(), String> {
        // The server looks at no fourth field.
        let [map, system, user, ..] = record.fields.as_slice() else {
            return Err("a map needs three fields: its name, a system user and a database user".to_owned());
        };
        let mut rule = Vec::with_capacity(RULE_BYTES_USUAL);
        for (field, keywords) in [(map, &[][..]), (system, &[]), (user, USERS)] {
            let [word] = &**field else {
                return Err("a field of a map has several values; it takes one".to_owned());
            };
            if !rule.is_empty() {
                rule.push(b' ');
            }
            word.write(&mut rule, keywords);
        }
        self.list.push(gather, &rule, &rule, record.line.place(0));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
