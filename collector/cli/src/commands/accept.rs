//! `driftline accept ID|SELECTOR`, `accept list`, `accept revoke`: differences
//! that are meant.
//!
//! Nothing is accepted without a reason, an owner and an end.

use driftline_api::drift::{Acceptance, AcceptanceDetail, AcceptanceList, AcceptanceRequest};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::Context;
use crate::arguments::drift::{Accept, AcceptCommand};
use crate::clock;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::printer::document::{Document, Row, Table};
use crate::printer::text::safe;
use crate::time_text::{self, When};

#[derive(Serialize)]
struct Query {
    all: Option<bool>,
}

pub(super) async fn run(context: &Context, arguments: &Accept) -> Outcome {
    match &arguments.what {
        None => accept(context, arguments).await,
        Some(AcceptCommand::List(list)) => {
            let query = Query { all: Some(list.all).filter(|all| *all) };
            let answer: AcceptanceList = context.client()?.get(&["acceptances"], &query).await?;
            context.printer.result(&answer, &answer.acceptances, &document(&answer.acceptances))?;
            Ok(Exit::Clean)
        }
        Some(AcceptCommand::Revoke(revoke)) => {
            context.client()?.delete(&["acceptances", &revoke.id]).await?;
            context.printer.say(&format!("{} is revoked: what it covered is open drift again", revoke.id));
            Ok(Exit::Clean)
        }
    }
}

async fn accept(context: &Context, arguments: &Accept) -> Outcome {
    let missing = || Failure::new(Exit::Usage, "`accept` needs what is accepted, `--reason`, `--owner`, `--expires`");
    let (Some(covers), Some(reason), Some(owner), Some(expires)) =
        (&arguments.covers, &arguments.reason, &arguments.owner, arguments.expires)
    else {
        return Err(missing());
    };
    let request = AcceptanceRequest {
        covers: covers.clone(),
        reason: reason.clone(),
        owner: owner.clone(),
        expires_at: end(expires, clock::now())?.to_string(),
    };
    let given: AcceptanceDetail = context.client()?.post(&["acceptances"], &request).await?;
    let covered = driftline_canon::count(given.drifts, "drift", "drifts");
    let one = &given.acceptance;
    context.printer.result(&given, std::slice::from_ref(&given), &document(std::slice::from_ref(one)))?;
    let until = safe(&time_text::short(&one.expires_at));
    context.printer.say(&format!("{} covers {covered} now, until {until} (utc)", safe(&one.id)));
    Ok(Exit::Clean)
}

/// A stretch counts from now on; a time is meant as it is.
fn end(expires: When, now: Timestamp) -> Outcome<Timestamp> {
    match expires {
        When::At(at) => Ok(at),
        When::Ago(stretch) => SignedDuration::try_from(stretch)
            .ok()
            .and_then(|stretch| now.checked_add(stretch).ok())
            .ok_or_else(|| Failure::new(Exit::Usage, "`--expires` is too far away")),
    }
}

fn document(acceptances: &[Acceptance]) -> Document {
    if acceptances.is_empty() {
        return Document::default().text("nothing is accepted");
    }
    let mut table = Table::new(&["id", "covers", "status", "until (utc)", "owner"]);
    // A sentence needs the line below: in a column it would be cut.
    table.note_title = "reason".to_owned();
    table.rows = acceptances.iter().map(row).collect();
    Document::default().table(table)
}

fn row(one: &Acceptance) -> Row {
    let until = time_text::short(&one.expires_at);
    let cells = vec![one.id.clone(), one.covers.clone(), one.status.clone(), until, one.owner.clone()];
    Row { cells, note: Some(one.reason.clone()), severity: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_counts_from_now_and_a_date_is_meant_as_it_is() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let ends = |text: &str| end(When::parse(text).unwrap(), now).unwrap().to_string();
        assert_eq!(ends("30d"), "2026-12-22T10:00:00Z");
        assert_eq!(ends("2026-12-31"), "2026-12-31T00:00:00Z");
    }
}
