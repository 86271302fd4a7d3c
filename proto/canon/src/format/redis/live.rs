//! Parameters and users of a running server as settings.
//!
//! Redis answers under old names too; each parameter counts once.

use std::collections::HashSet;

use zeroize::Zeroizing;

use super::repeated::Repeated;
use super::{Arguments, Reader, acl, directive};
use crate::format::Reading;
use crate::format::gather::Gather;
use crate::{Place, ProblemKind};

const NOWHERE: Place = Place { line: 0, column: 1 };

/// The settings of a server.
pub(in crate::format) fn read<'a>(
    parameters: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    users: impl IntoIterator<Item = &'a [u8]>,
) -> Reading {
    let mut reader = Reader { out: Gather::new(), repeated: Repeated::default() };
    let named: Vec<_> = parameters
        .into_iter()
        .map(|(name, value)| (String::from_utf8_lossy(name).to_ascii_lowercase(), value))
        .collect();
    let now: HashSet<String> = named.iter().map(|(name, _)| name.clone()).collect();
    let mut seen = HashSet::new();
    for (written, value) in &named {
        let name = directive::name(written);
        if (name != *written && now.contains(&name)) || !seen.insert(name.clone()) {
            continue;
        }
        let arguments: Arguments = vec![Zeroizing::new(value.to_vec())];
        if name == "client-output-buffer-limit" && value.is_empty() {
            continue;
        }
        reader.directive(&name, arguments, NOWHERE);
    }
    for line in users {
        user(line, &mut reader.out);
    }
    reader.repeated.hand_over(&mut reader.out);
    reader.out.finish(b"")
}

/// `user NAME RULES`, as `ACL LIST` says it.
fn user(line: &[u8], out: &mut Gather) {
    let mut words = line.split(|&b| b == b' ').filter(|word| !word.is_empty());
    match (words.next(), words.next()) {
        (Some(b"user"), Some(name)) => acl::user(name, &words.collect::<Vec<_>>(), NOWHERE, out),
        _ => {
            out.problem(ProblemKind::Syntax, NOWHERE, "a user that the server lists is not `user NAME RULES`", None);
            out.unread(line);
        }
    }
}
