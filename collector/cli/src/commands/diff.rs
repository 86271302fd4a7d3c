//! `driftline diff FILE FILE`: where two files differ by meaning. Offline.
//!
//! The same judgement as `compare`: quoting, order and comments do not count,
//! secrets are compared and not shown. It asks no collector.

use std::path::Path;

use driftline_api::compare::Comparison;
use driftline_canon::{HostName, NameError, Role, SourceName};
use driftline_compare::compare::{Fact, Listing, Place, Side, compare};

use super::Context;
use super::local::{self, Seen};
use crate::arguments::commands::Diff;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::Output;
use crate::printer::findings::{Findings, Place as FilePlace};
use crate::snapshot;
use crate::view::{comparison, findings};

pub(super) fn run(context: &Context, arguments: &Diff) -> Outcome {
    if let (Some(left), Some(right)) = (snapshot::open(&arguments.left)?, snapshot::open(&arguments.right)?) {
        return super::compare::files(context, (&left, &right), arguments.all, arguments.fail_on);
    }
    let key = local::throwaway_key()?;
    let left = local::read(&arguments.left, &arguments.reading, &key)?;
    let right = local::read(&arguments.right, &arguments.reading, &key)?;
    let (left_name, right_name) = names(&arguments.left, &arguments.right);
    tell_problems(context, &arguments.left, &left);
    tell_problems(context, &arguments.right, &right);
    let sides = (side(&left_name, &left), side(&right_name, &right));
    let (Ok(left_side), Ok(right_side)) = sides else {
        return Err(Failure::new(Exit::Internal, "the files cannot be compared"));
    };
    let all = arguments.all || context.printer.output() == Output::Junit;
    let listing = if all { Listing::Everything } else { Listing::Differences };
    let judged = compare(&left_side, &right_side, listing);
    let answer = comparison::of_judged(&judged, &left_name, &right_name);
    let found = || findings_of(arguments, &answer, (&left, &right));
    context.printer.checked(&answer, &answer.differences, &comparison::document(&answer), found)?;
    let exit = comparison::exit(&answer, arguments.fail_on);
    let blind = left.is_inconclusive() || right.is_inconclusive();
    Ok(if blind && exit != Exit::Critical { Exit::Inconclusive } else { exit })
}

/// Findings stand in the left file, and where that lacks the key in the right.
fn findings_of(arguments: &Diff, answer: &Comparison, (left, right): (&Seen, &Seen)) -> Findings {
    let stands = |path: &Path, seen: &Seen, key: &str| {
        let item = seen.observation.items().iter().find(|item| item.key.as_str() == key)?;
        let path = item.file.as_deref().map_or_else(|| path.display().to_string(), str::to_owned);
        Some(FilePlace { host: None, path, line: item.line })
    };
    let mut found = findings::of_comparison(answer, arguments.fail_on, |one| {
        stands(&arguments.left, left, &one.key).or_else(|| stands(&arguments.right, right, &one.key))
    });
    for (path, seen) in [(&arguments.left, left), (&arguments.right, right)] {
        if seen.is_inconclusive() {
            found.unchecked.push(format!("parts of {} were not understood", path.display()));
        }
    }
    found
}

fn tell_problems(context: &Context, path: &Path, seen: &Seen) {
    for problem in &seen.problems {
        context.printer.say(&problem.render(&path.display().to_string()));
    }
}

/// File names where they tell the files apart, else the paths as they were
/// typed.
fn names(left: &Path, right: &Path) -> (String, String) {
    let short = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    match (short(left), short(right)) {
        (Some(a), Some(b)) if a != b => (a, b),
        _ => (left.display().to_string(), right.display().to_string()),
    }
}

/// A file as the only source of the only host of a side.
fn side(name: &str, seen: &Seen) -> Result<Side, NameError> {
    let (host, role, source) = (HostName::new("file")?, Role::new("file")?, SourceName::new("file")?);
    let mut side = Side::new(name);
    let id = side.source(Place { host: &host, role: &role, source: &source, kind: seen.format.kind() });
    for item in seen.observation.items() {
        let display = item.display.as_ref().map(|display| display.as_str());
        side.item(id, Fact { key: &item.key, digest: &item.digest.0, secret: item.secret, display });
    }
    Ok(side)
}
