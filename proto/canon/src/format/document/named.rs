//! Values whose name stands beside them and not before them: `{name: TOKEN,
//! value: x}`, and the words of a command line.
//!
//! Says which of a document's scalars are secrets by that; sets nothing, and
//! sees no value but to ask whether it is as harmless as its name claims.

use super::Scalar;
use crate::secret;

/// Members whose text may name what stands in the value beside them.
const NAMES: [&[u8]; 4] = [b"name", b"key", b"Name", b"Key"];

/// Members that a name beside them may be about.
const VALUES: [&[u8]; 2] = [b"value", b"Value"];

/// What the members of a map, or the element before, say of values.
#[derive(Default)]
pub(super) struct Named {
    member: Option<Member>,
    names: [Option<Box<[u8]>>; NAMES.len()],
    /// From which scalar of the document to which.
    values: [Option<(usize, usize)>; VALUES.len()],
    /// Whether the element before was the flag of a secret.
    after_flag: bool,
}

#[derive(Clone, Copy)]
enum Member {
    Name(usize),
    Value(usize),
}

impl Named {
    /// The member of a map that comes next.
    pub(super) fn member(&mut self, name: &[u8]) {
        let at = |list: &[&[u8]]| list.iter().position(|one| *one == name);
        self.member = at(&NAMES).map(Member::Name).or(at(&VALUES).map(Member::Value));
    }

    /// The member has been walked: its scalars are these, and this is the one
    /// if it is one.
    pub(super) fn walked(&mut self, scalars: (usize, usize), text: Option<&[u8]>) {
        match self.member.take() {
            Some(Member::Name(at)) => self.names[at] = text.map(Into::into),
            Some(Member::Value(at)) => self.values[at] = Some(scalars),
            None => {}
        }
    }

    /// The values that the names are about, if there are both.
    pub(super) fn values(&self) -> impl Iterator<Item = (usize, usize)> {
        let named = self.names.iter().any(Option::is_some);
        self.values.into_iter().flatten().filter(move |_| named)
    }

    /// Whether one of the names says that this value is a secret.
    pub(super) fn says_secret(&self, value: &[u8]) -> bool {
        self.names.iter().flatten().any(|name| secret::names_a_secret(name, value))
    }

    /// Takes the next element of a list; whether it holds a secret because of
    /// the flag in it or before it.
    pub(super) fn element(&mut self, scalar: Option<&Scalar<'_>>) -> bool {
        let after_flag = std::mem::take(&mut self.after_flag);
        let Some(scalar) = scalar else { return false };
        let (Scalar::Text(text) | Scalar::Quoted(text)) = scalar else { return after_flag };
        let Some((flag, has_value)) = flag(text) else { return after_flag };
        let secret = std::str::from_utf8(flag).is_ok_and(secret::is_secret_parameter);
        self.after_flag = secret && !has_value;
        // A password may begin with a dash; another flag begins with two.
        secret && has_value || after_flag && !text.starts_with(b"--")
    }
}

/// The word of `--flag`, `-flag`, `--flag=value` or `-Dflag=value`, and whether
/// there is a value in it.
fn flag(text: &[u8]) -> Option<(&[u8], bool)> {
    let rest = text.strip_prefix(b"-")?;
    let word = rest.strip_prefix(b"-").or(rest.strip_prefix(b"D")).unwrap_or(rest);
    match word.iter().position(|&b| b == b'=') {
        Some(end) => Some((&word[..end], true)),
        None => Some((word, false)),
    }
}
