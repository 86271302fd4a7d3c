//! PostgreSQL's files: `postgresql.conf`, `pg_hba.conf` and `pg_ident.conf`,
//! as its server reads them.
//!
//! Connects to nothing and knows no default values: what a file does not say
//! is no item. Which version reads the file is not known here, so what any
//! version from 13 to 18 accepts is read as the newest one does that accepts
//! it.

mod auth;
mod conf;
mod hba;
mod ident;
mod list;
mod live;
mod number;
mod settings;
mod value;

pub(super) use conf::read as read_conf;
pub(super) use hba::read as read_hba;
pub(super) use ident::read as read_ident;
pub(super) use live::read as live;

use super::gather::Gather;
use super::includes::Included;
use super::lines::unreadable;
use crate::{Place, ProblemKind};

/// The UTF-8 byte order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Tells of a byte order mark, which the server takes for the beginning of the
/// first word. The line is read without it.
fn tell_mark(gather: &mut Gather, bytes: &[u8]) {
    if bytes.starts_with(BOM) {
        let reason = "the line begins with a byte order mark; the server would refuse the file";
        gather.problem(ProblemKind::Encoding, Place { line: 1, column: 1 }, reason, None);
        gather.unread(BOM);
    }
}

/// Whether an included file can be read line by line; if it cannot, that is a
/// problem and its bytes are watched.
fn is_text(gather: &mut Gather, file: &Included) -> bool {
    let Some(reading) = unreadable(&file.bytes) else {
        return true;
    };
    for problem in reading.problems {
        gather.problem_whole(problem.kind, format!("{}: {problem}", file.name));
    }
    gather.unread(&file.bytes);
    false
}
