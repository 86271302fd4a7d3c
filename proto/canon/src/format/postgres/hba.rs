//! `pg_hba.conf`: who may connect from where to what, and how they prove who
//! they are. The first rule that fits decides, so order is meaning.
//!
//! Looks up no host name and no role.

mod address;
mod option;

use std::borrow::Cow;
use std::slice::Iter;

use super::auth::word::{Field, Word};
use super::auth::{self, Record, Records};
use crate::format::Reading;
use crate::format::gather::Gather;
use crate::format::includes::{FileName, Files, Includes};
use crate::format::lines::unreadable;
use crate::format::rules::RuleList;

/// How a connection comes in.
const TYPES: &[&str] = &["local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"];

/// Ways to prove who one is, of all versions and builds.
const METHODS: &[&str] = &[
    "trust",
    "reject",
    "scram-sha-256",
    "md5",
    "password",
    "gss",
    "sspi",
    "ident",
    "peer",
    "ldap",
    "radius",
    "cert",
    "pam",
    "bsd",
    "oauth",
];

/// What has a meaning of its own in the place of a database.
const DATABASES: &[&str] = &["all", "sameuser", "samegroup", "samerole", "replication"];

/// What has a meaning of its own in the place of a user.
const USERS: &[&str] = &["all"];

/// Reads the bytes of the file of that name.
pub(in crate::format) fn read(bytes: &[u8], name: Option<&FileName>, files: &mut dyn Files) -> Reading {
    if let Some(reading) = unreadable(bytes) {
        return reading;
    }
    let mut gather = Gather::with_room(bytes.len());
    let mut rules = Rules { list: RuleList::with_room(b"hba", bytes.len() / RULE_BYTES_USUAL) };
    auth::read(&mut gather, bytes, name, &mut Includes::new(files), &mut rules);
    rules.list.finish(&mut gather);
    gather.finish(bytes)
}

struct Rules {
    list: RuleList,
}

impl Records for Rules {
    fn take(&mut self, gather: &mut Gather, record: &Record<'_>) -> Result<(), String> {
        let rule = Rule::of(&record.fields)?;
        let shown = rule.shown.as_ref().unwrap_or(&rule.text);
        self.list.push(gather, &rule.text, shown, record.line.place(0));
        Ok(())
    }
}

/// Bytes of a rule as people write them.
const RULE_BYTES_USUAL: usize = 96;

/// A rule in canonical form.
struct Rule {
    text: Vec<u8>,
    /// The same without passwords, where it may have some.
    shown: Option<Vec<u8>>,
}

impl Rule {
    fn of(fields: &[Field<'_>]) -> Result<Self, String> {
        let mut fields = fields.iter();
        let kind = known(single(&mut fields, "type")?, TYPES, "type")?;
        let mut text = Vec::with_capacity(RULE_BYTES_USUAL);
        text.extend_from_slice(kind.as_bytes());
        push_set(&mut text, next(&mut fields, "database")?, DATABASES);
        push_set(&mut text, next(&mut fields, "user")?, USERS);
        if kind != "local" {
            let address = single(&mut fields, "address")?;
            text.push(b' ');
            address::push(&mut text, address, || single(&mut fields, "netmask"))?;
        }
        let method = known(single(&mut fields, "method")?, METHODS, "method")?;
        let method = method_on(kind, method)?;
        text.push(b' ');
        text.extend_from_slice(method.as_bytes());
        let options = option::read(fields.flat_map(|field| field.iter()), kind, method)?;
        let shown = (!options.is_empty()).then(|| {
            let mut shown = text.clone();
            option::write(&mut shown, &options, true);
            shown
        });
        option::write(&mut text, &options, false);
        Ok(Self { text, shown })
    }
}

fn next<'a>(fields: &mut Iter<'a, Field<'a>>, what: &str) -> Result<&'a [Word<'a>], String> {
    fields.next().map(|field| &**field).ok_or_else(|| format!("the rule ends before its {what}"))
}

/// The only word of the next field.
fn single<'a>(fields: &mut Iter<'a, Field<'a>>, what: &str) -> Result<&'a Word<'a>, String> {
    match next(fields, what)? {
        [word] => Ok(word),
        _ => Err(format!("the {what} has several values; it takes one")),
    }
}

/// One of a closed set of words, quoted or not.
fn known(word: &Word<'_>, words: &[&'static str], what: &str) -> Result<&'static str, String> {
    let found = words.iter().find(|known| *known.as_bytes() == *word.text);
    found.copied().ok_or_else(|| format!("the {what} is none of {}", words.join(", ")))
}

/// The method that counts for a type of connection: over a socket `ident` has
/// always been `peer`.
fn method_on(kind: &str, method: &'static str) -> Result<&'static str, String> {
    match (kind, method) {
        ("local", "ident") => Ok("peer"),
        ("local", "gss") => Err("`gss` is not for local connections".to_owned()),
        (kind, "cert") if kind != "hostssl" => Err("`cert` is for `hostssl` alone".to_owned()),
        (kind, "peer") if kind != "local" => Err("`peer` is for local connections alone".to_owned()),
        _ => Ok(method),
    }
}

/// Appends a list whose order means nothing.
fn push_set(text: &mut Vec<u8>, field: &[Word<'_>], keywords: &[&str]) {
    let mut words: Vec<Cow<'_, [u8]>> = field.iter().map(|word| written(word, keywords)).collect();
    words.sort_unstable();
    words.dedup();
    for (at, word) in words.iter().enumerate() {
        text.push(if at == 0 { b' ' } else { b',' });
        text.extend_from_slice(word);
    }
    if words.is_empty() {
        text.push(b' ');
    }
}

fn written<'w>(word: &'w Word<'_>, keywords: &[&str]) -> Cow<'w, [u8]> {
    // The older name of the same thing.
    if keywords == DATABASES && word.is("samegroup") {
        return Cow::Borrowed(b"samerole");
    }
    if word.is_plain(keywords) {
        return Cow::Borrowed(&word.text);
    }
    let mut text = Vec::with_capacity(word.text.len() + 2);
    word.write(&mut text, keywords);
    text.into()
}

#[cfg(test)]
mod tests;
