//! `driftline policy check | apply | show | history | diff | test`.
//!
//! A policy is read here before it is sent: mistakes are shown with their
//! lines, and a bad one does not leave this machine.

use std::path::Path;

use driftline_api::SCHEMA_VERSION;
use driftline_api::policy::{PolicyDetail, PolicyList, PolicyOutcome, PolicyPush, PolicyTrial};
use driftline_api::problem::Problem;
use driftline_compare::policy::parse::POLICY_BYTES_MAX;
use driftline_compare::policy::{Policy as Meant, PolicyErrors};
use serde::Serialize;

use super::Context;
use crate::arguments::policy::{Policy, PolicyApply, PolicyDiff, PolicyTest, Replaces};
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::printer::Output;
use crate::printer::document::{Block, Document};
use crate::printer::text::safe;
use crate::view::policy as view;

pub(super) async fn run(context: &Context, arguments: &Policy) -> Outcome {
    match arguments {
        Policy::Check(arguments) => check(context, &arguments.file),
        Policy::Apply(arguments) => apply(context, arguments).await,
        Policy::Show(arguments) => show(context, arguments.version).await,
        Policy::History => {
            let answer: PolicyList = context.client()?.get(&["policy", "history"], &()).await?;
            context.printer.result(&answer, &answer.versions, &view::history(&answer))?;
            Ok(Exit::Clean)
        }
        Policy::Diff(arguments) => diff(context, arguments).await,
        Policy::Test(arguments) => test(context, arguments).await,
    }
}

/// What `check` found, as JSON.
#[derive(Serialize)]
struct Checked<'a> {
    schema_version: u32,
    file: String,
    good: bool,
    problems: &'a [Problem],
}

fn check(context: &Context, path: &Path) -> Outcome {
    let text = read(path)?;
    match Meant::parse(&text) {
        Ok(policy) => {
            told(context, path, &[], &Document::default().block(Block::Lines(vec![view::good(path, &policy)])))?;
            Ok(Exit::Clean)
        }
        Err(errors) => wrong(context, path, &text, &errors),
    }
}

fn told(context: &Context, path: &Path, problems: &[Problem], document: &Document) -> Outcome<()> {
    let (file, good) = (path.display().to_string(), problems.is_empty());
    let checked = Checked { schema_version: SCHEMA_VERSION, file, good, problems };
    context.printer.result(&checked, problems, document)
}

fn wrong(context: &Context, path: &Path, text: &str, errors: &PolicyErrors) -> Outcome {
    let problems = view::problems(text, errors);
    let lines = view::mistakes(path, &problems, errors.left_out);
    told(context, path, &problems, &Document::default().block(Block::Lines(lines)))?;
    Ok(Exit::Data)
}

fn read(path: &Path) -> Outcome<String> {
    let limit = u64::try_from(POLICY_BYTES_MAX).unwrap_or(u64::MAX);
    let bytes = input::read_limited(path, limit).map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::Inconclusive } else { Exit::Data };
        Failure::file(exit, "read the policy", path, &error)
    })?;
    String::from_utf8(bytes).map_err(|_| Failure::new(Exit::Data, format!("{}: not UTF-8 text", path.display())))
}

async fn apply(context: &Context, arguments: &PolicyApply) -> Outcome {
    let text = read(&arguments.file)?;
    if let Err(errors) = Meant::parse(&text) {
        return wrong(context, &arguments.file, &text, &errors);
    }
    let client = context.client()?;
    let replaces = match arguments.replaces {
        None => None,
        Some(Replaces::Version(version)) => Some(version),
        Some(Replaces::Any) => in_force(&client).await?.policy.map(|policy| policy.version),
    };
    let applied: PolicyDetail = client.put(&["policy"], &PolicyPush { text, replaces }).await?;
    let document = view::applied(&applied);
    context.printer.result(&applied, std::slice::from_ref(&applied), &document)?;
    Ok(Exit::Clean)
}

async fn in_force(client: &Client) -> Outcome<PolicyDetail> {
    client.get(&["policy"], &()).await
}

async fn at(client: &Client, version: u64) -> Outcome<PolicyDetail> {
    client.get(&["policy", &version.to_string()], &()).await
}

async fn show(context: &Context, version: Option<u64>) -> Outcome {
    let client = context.client()?;
    let detail = match version {
        Some(version) => at(&client, version).await?,
        None => in_force(&client).await?,
    };
    let Some(policy) = &detail.policy else {
        return Err(Failure::new(Exit::Inconclusive, "no policy was ever applied: the built-in rules count")
            .hint("`driftline policy apply FILE` applies one"));
    };
    // The text alone on standard output: it can be saved, changed and applied.
    let text = view::text(&detail.text, context.printer.is_terminal());
    if context.printer.output() == Output::Table {
        context.printer.data(&text)?;
    } else {
        let document = Document::default().block(Block::Lines(text.lines().map(str::to_owned).collect()));
        context.printer.result(&detail, std::slice::from_ref(&detail), &document)?;
    }
    context.printer.say(&safe(&view::of_version(policy)));
    Ok(Exit::Clean)
}

async fn diff(context: &Context, arguments: &PolicyDiff) -> Outcome {
    let client = context.client()?;
    let (left, right) = match (&arguments.left, arguments.right) {
        (Some(left), Some(right)) => (named(&client, left).await?, version(&client, right).await?),
        (Some(left), None) if left.parse::<u64>().is_ok() => (named(&client, left).await?, current(&client).await?),
        (Some(file), None) => (current(&client).await?, (file.clone(), read(Path::new(file))?)),
        (None, _) => {
            let current = in_force(&client).await?;
            let number = current.policy.as_ref().map_or(0, |policy| policy.version);
            let before = if number > 1 { version(&client, number - 1).await? } else { nothing() };
            (before, (format!("version {number}"), current.text))
        }
    };
    let document = view::difference(&left, &right);
    let data = view::Difference { schema_version: SCHEMA_VERSION, left: &left.0, right: &right.0, lines: &document.0 };
    context.printer.result(&data, &document.0, &document.1)?;
    Ok(Exit::Clean)
}

/// What stands before the first version.
fn nothing() -> (String, String) {
    ("no policy".to_owned(), String::new())
}

async fn named(client: &Client, text: &str) -> Outcome<(String, String)> {
    let number = text.parse().map_err(|_| Failure::new(Exit::Usage, format!("`{text}` is no version")))?;
    version(client, number).await
}

async fn version(client: &Client, number: u64) -> Outcome<(String, String)> {
    Ok((format!("version {number}"), at(client, number).await?.text))
}

async fn current(client: &Client) -> Outcome<(String, String)> {
    let detail = in_force(client).await?;
    Ok(detail.policy.map_or_else(nothing, |policy| (format!("version {}", policy.version), detail.text)))
}

async fn test(context: &Context, arguments: &PolicyTest) -> Outcome {
    let text = read(&arguments.file)?;
    if let Err(errors) = Meant::parse(&text) {
        return wrong(context, &arguments.file, &text, &errors);
    }
    let trial = PolicyTrial { text, days: arguments.days };
    let outcome: PolicyOutcome = context.client()?.post(&["policy", "test"], &trial).await?;
    context.printer.result(&outcome, &outcome.examples, &view::outcome(&outcome, arguments.days))?;
    Ok(Exit::Clean)
}
