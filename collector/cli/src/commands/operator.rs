//! `driftline operator add | list | revoke | rotate`: who may do what.
//!
//! The access token is made here and only its hash is sent. Standard output
//! gets the token and nothing else, once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use driftline_api::operator::{OperatorAdd, OperatorInfo, OperatorList, OperatorRotate};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Context;
use crate::arguments::operator::Operator;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;
use crate::printer::Output;
use crate::printer::document::{Document, Table};
use crate::printer::text::safe;
use crate::time_text;

/// How an access token begins, so that a leaked one is recognised.
const TOKEN_PREFIX: &str = "dlo_";

pub(super) async fn run(context: &Context, arguments: &Operator) -> Outcome {
    match arguments {
        Operator::Add(arguments) => {
            let (token, token_sha256) = token()?;
            let request = OperatorAdd { name: arguments.name.clone(), roles: arguments.roles.clone(), token_sha256 };
            let added: OperatorInfo = context.client()?.post(&["operators"], &request).await?;
            print(context, &added, &token)?;
            context.printer.say(&format!(
                "{} is {}; this is the only time that the access token is shown\n\
                 save it with mode 0600 and name it: driftline login --token-file FILE …",
                safe(&added.name),
                safe(&added.roles.join(", "))
            ));
            Ok(Exit::Clean)
        }
        Operator::List => list(context).await,
        Operator::Revoke(arguments) => {
            context.client()?.delete(&["operators", &arguments.name]).await?;
            context.printer.say(&format!("{} is revoked", arguments.name));
            Ok(Exit::Clean)
        }
        Operator::Rotate(arguments) => {
            let (token, token_sha256) = token()?;
            let path = ["operators", arguments.name.as_str(), "rotate"];
            let rotated: OperatorInfo = context.client()?.post(&path, &OperatorRotate { token_sha256 }).await?;
            print(context, &rotated, &token)?;
            context.printer.say(&format!("{} has a new access token; the old one ended", safe(&rotated.name)));
            Ok(Exit::Clean)
        }
    }
}

/// A new access token, and its hash in hex.
fn token() -> Outcome<(Zeroizing<String>, String)> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *bytes)
        .map_err(|error| Failure::new(Exit::Internal, format!("the system gives no randomness: {error}")))?;
    let token = Zeroizing::new(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(*bytes)));
    let hash = hex::encode(&<[u8; 32]>::from(Sha256::digest(token.as_bytes())));
    Ok((token, hash))
}

#[derive(Serialize)]
struct Made<'a> {
    schema_version: u32,
    name: &'a str,
    roles: &'a [String],
    token: &'a str,
}

fn print(context: &Context, operator: &OperatorInfo, token: &str) -> Outcome<()> {
    if matches!(context.printer.output(), Output::Json | Output::Ndjson) {
        let (name, roles) = (operator.name.as_str(), operator.roles.as_slice());
        return context.printer.row(&Made { schema_version: driftline_api::SCHEMA_VERSION, name, roles, token });
    }
    context.printer.data(&format!("{token}\n"))
}

async fn list(context: &Context) -> Outcome {
    let answer: OperatorList = context.client()?.get(&["operators"], &()).await?;
    let mut table = Table::new(&["name", "roles", "added (utc)", "status"]);
    for operator in &answer.operators {
        table.row([
            operator.name.clone(),
            operator.roles.join(", "),
            time_text::short(&operator.created_at),
            if operator.revoked { "revoked" } else { "active" }.to_owned(),
        ]);
    }
    context.printer.result(&answer, &answer.operators, &Document::default().table(table))?;
    Ok(Exit::Clean)
}
