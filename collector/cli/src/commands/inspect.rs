//! `driftline inspect FILE`: what driftline sees in a file. Offline.
//!
//! It shows what an agent would send, and no more: secrets are masked here too.

use driftline_compare::classify::{self, Facet};

use super::{Context, local};
use crate::arguments::commands::Inspect;
use crate::exit::Exit;
use crate::failure::Outcome;
use crate::view::reading::{self, Inspection};

pub(super) fn run(context: &Context, arguments: &Inspect) -> Outcome {
    let key = local::throwaway_key()?;
    let seen = local::read(&arguments.file, &arguments.reading, &key)?;
    let items = seen.observation.items().iter().map(|item| {
        let facet = Some(Facet { secret: item.secret, display: item.display.as_ref().map(|display| display.as_str()) });
        let (severity, _) = classify::of_change(seen.format.kind(), &item.key, facet, facet, false);
        reading::seen(item, severity.to_string())
    });
    let mut items: Vec<_> = items.collect();
    items.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let name = arguments.file.display().to_string();
    let inspection = Inspection::new(&name, (seen.format, seen.dialect), items, &seen.problems);
    context.printer.result(&inspection, &inspection.rows(), &inspection.document())?;
    Ok(if seen.is_inconclusive() { Exit::Inconclusive } else { Exit::Clean })
}
