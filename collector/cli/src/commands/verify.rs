//! `driftline verify`: whether the history is whole.
//!
//! Every hash is recomputed here, so that nobody has to be believed; with
//! `--quick` the collector does it and its word is taken. A history that was cut
//! at its end, or rewritten from its start, is told only by a head that was
//! noted elsewhere (`--head`). One whose oldest entries were removed is proven
//! from where it begins, if an entry of the rest announced the removal.

mod chain;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use driftline_api::SCHEMA_VERSION;
use driftline_api::change::Verification;

use super::Context;
use crate::arguments::commands::Verify;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;
use crate::input;
use crate::printer::document::Document;
use chain::Proof;

pub(super) async fn run(context: &Context, arguments: &Verify) -> Outcome {
    let wanted = arguments.head.as_deref().map(wanted_head).transpose()?;
    let answer = match (&arguments.file, &arguments.export, wanted) {
        (Some(path), _, _) => prove_file(path, wanted)?,
        (None, Some(path), _) => export(context, path, wanted).await?,
        (None, None, None) if arguments.quick => context.client()?.get(&["verify"], &()).await?,
        (None, None, wanted) => stream(context, wanted, |_| Ok(())).await.map_err(|failure| match failure.exit() {
            Exit::Denied => failure.hint("the export is for who sees every environment; `--quick` asks the collector"),
            _ => failure,
        })?,
    };
    let saved = arguments.file.is_some() && wanted.is_none();
    let quick = arguments.quick.then_some("the collector says so; without `--quick` it is proven here");
    // A saved piece may have been cut at its end.
    let doubt =
        quick.or(saved.then_some("as far as the file goes: only `--head HASH` tells whether its end was cut off"));
    context.printer.result(&answer, std::slice::from_ref(&answer), &document(&answer, doubt))?;
    Ok(match answer {
        Verification { intact: false, .. } => Exit::Critical,
        // Nothing was proven.
        Verification { entries: 0, .. } if saved => Exit::Inconclusive,
        _ => Exit::Clean,
    })
}

fn wanted_head(text: &str) -> Outcome<[u8; 32]> {
    hex::decode(text.trim()).ok_or_else(|| Failure::new(Exit::Usage, "`--head` must be 64 hexadecimal digits"))
}

fn prove_file(path: &Path, wanted: Option<[u8; 32]>) -> Outcome<Verification> {
    let fail = |error: &std::io::Error| Failure::file(Exit::Inconclusive, "read", path, error);
    if !std::fs::metadata(path).map_err(|error| fail(&error))?.is_file() {
        return Err(Failure::new(
            Exit::Inconclusive,
            format!("cannot read {}: it is not a regular file", path.display()),
        ));
    }
    let file = File::open(path).map_err(|error| fail(&error))?;
    let mut proof = Proof::new(wanted);
    chain::read(file, |bytes| proof.feed(bytes)).map_err(|error| fail(&error))??;
    proof.finish()
}

async fn export(context: &Context, path: &Path, wanted: Option<[u8; 32]>) -> Outcome<Verification> {
    let file = input::private(path).map_err(|error| {
        Failure::file(Exit::Internal, "write", path, &error).hint("an export never replaces a file that is there")
    })?;
    match save(context, file, path, wanted).await {
        Ok(answer) => {
            context.printer.say(&format!("saved to {}", path.display()));
            Ok(answer)
        }
        Err(failure) => {
            // A piece of a history would stand in the way of the next try.
            _ = std::fs::remove_file(path);
            Err(failure)
        }
    }
}

async fn save(context: &Context, file: File, path: &Path, wanted: Option<[u8; 32]>) -> Outcome<Verification> {
    let fail = |error: &std::io::Error| Failure::file(Exit::Internal, "write", path, error);
    let mut file = BufWriter::new(file);
    let answer = stream(context, wanted, |bytes| file.write_all(bytes).map_err(|error| fail(&error))).await?;
    let file = file.into_inner().map_err(|error| fail(error.error()))?;
    file.sync_all().map_err(|error| fail(&error))?;
    Ok(answer)
}

async fn stream(
    context: &Context,
    wanted: Option<[u8; 32]>,
    mut keep: impl FnMut(&[u8]) -> Outcome<()>,
) -> Outcome<Verification> {
    let mut stream = context.client()?.stream(&["export"], &(), None).await?;
    let mut proof = Proof::new(wanted);
    while let Some(chunk) = stream.next().await? {
        keep(&chunk)?;
        proof.feed(&chunk)?;
    }
    proof.finish()
}

fn document(answer: &Verification, doubt: Option<&str>) -> Document {
    let entries = crate::view::count(answer.entries, "entry", "entries");
    if answer.intact {
        let whole = Document::default().text(format!("the history is whole: {entries}"));
        let whole = match &answer.begins {
            Some(begins) => whole.text(crate::view::report::beginning(begins)),
            None => whole,
        };
        let whole = doubt.into_iter().fold(whole, Document::text);
        return whole.facts([("head", answer.head.clone())]).text(
            "note the head elsewhere: `driftline verify --head HASH` proves later that nothing before it was changed",
        );
    }
    let reason = answer.reason.clone().unwrap_or_else(|| "no reason was given".to_owned());
    let place = answer.broken_at.map_or_else(String::new, |at| format!(" at entry {at}"));
    Document::default()
        .text(format!("the history is broken{place}: {reason}"))
        .text(format!("what holds before that: {entries}"))
}

/// The answer of a chain that holds.
fn intact(entries: u64, head: &[u8; 32]) -> Verification {
    let (schema_version, head) = (SCHEMA_VERSION, hex::encode(head));
    Verification { schema_version, intact: true, entries, head, begins: None, broken_at: None, reason: None }
}

/// The answer of a chain that does not.
fn broken(entries: u64, head: &[u8; 32], at: Option<u64>, reason: String) -> Verification {
    Verification { intact: false, broken_at: at, reason: Some(reason), ..intact(entries, head) }
}
