//! `driftline token create | list | revoke`: enrolment tokens for new hosts.
//!
//! The secret is made here and only its hash is sent; the token is put together
//! here too, because it carries the fleet key, which the collector must never
//! see. Standard output gets the token and nothing else.

use std::time::Duration;

use driftline_api::token::{TokenGrant, TokenList, TokenRequest};
use driftline_canon::{EnrolmentToken, Environment, HostName, NameError, Role};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Context;
use crate::arguments::commands::{Token, TokenCreate};
use crate::client::{Access, Client};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::hex;
use crate::printer::Output;
use crate::printer::document::{Document, Table};
use crate::time_text;

/// The shortest life of a token, in seconds: time to paste it.
const VALID_S_MIN: u64 = 60;

/// The longest, in seconds: seven days, as the collector has it.
const VALID_S_MAX: u64 = 604_800;

/// What is wanted of a token.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Environment that the certificate will name.
    pub(super) environment: Environment,
    /// Role that the certificate will name.
    pub(super) role: Role,
    /// The only host that may use it.
    pub(super) host: Option<HostName>,
    /// How long it can be used.
    pub(super) valid: Duration,
}

pub(super) async fn run(context: &Context, arguments: &Token) -> Outcome {
    match arguments {
        Token::Create(arguments) => create(context, arguments).await,
        Token::List => list(context).await,
        Token::Revoke(arguments) => {
            context.client()?.delete(&["tokens", &arguments.id]).await?;
            context.printer.say(&format!("token {} is revoked", arguments.id));
            Ok(Exit::Clean)
        }
    }
}

#[derive(Serialize)]
struct Created<'a> {
    schema_version: u32,
    id: &'a str,
    environment: &'a str,
    role: &'a str,
    expires_s: u64,
    token: &'a str,
}

async fn create(context: &Context, arguments: &TokenCreate) -> Outcome {
    let wanted = wanted(arguments)?;
    let (token, made) = make(&context.client()?, &context.access, &wanted).await?;
    if matches!(context.printer.output(), Output::Json | Output::Ndjson) {
        let (environment, role) = (wanted.environment.as_str(), wanted.role.as_str());
        let (schema_version, id, expires_s) = (driftline_api::SCHEMA_VERSION, made.id.as_str(), made.expires_s);
        context.printer.row(&Created { schema_version, id, environment, role, expires_s, token: &token })?;
        return Ok(Exit::Clean);
    }
    context.printer.data(&format!("{}\n", &*token))?;
    let host = wanted.host.as_ref().map_or_else(|| "one host".to_owned(), ToString::to_string);
    context.printer.say(&format!(
        "token {} enrols {host} as {} in {}, once, within {} s; it holds the fleet key: hand it over as a secret\n\
         on the host: driftline-agent enroll TOKEN",
        made.id,
        wanted.role,
        wanted.environment,
        wanted.valid.as_secs()
    ));
    Ok(Exit::Clean)
}

fn wanted(arguments: &TokenCreate) -> Outcome<Wanted> {
    let usage = |error: NameError| Failure::new(Exit::Usage, error.to_string());
    if !(VALID_S_MIN..=VALID_S_MAX).contains(&arguments.valid.as_secs()) {
        return Err(Failure::new(Exit::Usage, "`--valid` must be between 1m and 7d"));
    }
    Ok(Wanted {
        environment: arguments.env.parse().map_err(usage)?,
        role: arguments.role.parse().map_err(usage)?,
        host: arguments.host.as_deref().map(str::parse).transpose().map_err(usage)?,
        valid: arguments.valid,
    })
}

/// Makes a token: its text, and what the collector granted.
///
/// # Errors
/// [`Failure`] when the collector refuses, or is not the one whose CA is
/// pinned.
pub(super) async fn make(
    client: &Client,
    access: &Access,
    wanted: &Wanted,
) -> Outcome<(Zeroizing<String>, TokenGrant)> {
    let fleet_key = access.fleet_key()?;
    let mut secret = Zeroizing::new([0_u8; 32]);
    getrandom::fill(&mut *secret)
        .map_err(|error| Failure::new(Exit::Internal, format!("the system gives no randomness: {error}")))?;
    let request = TokenRequest {
        environment: wanted.environment.to_string(),
        role: wanted.role.to_string(),
        host: wanted.host.as_ref().map(ToString::to_string),
        valid_s: Some(wanted.valid.as_secs()),
        secret_sha256: hex::encode(&EnrolmentToken::secret_hash(&secret)),
    };
    let grant: TokenGrant = client.post(&["tokens"], &request).await?;
    let token = EnrolmentToken {
        id: grant.id.clone(),
        secret: *secret,
        ca_sha256: pinned_ca(access, &grant)?,
        enrol: grant.enrol.clone(),
        ingest: grant.ingest.clone(),
        environment: wanted.environment.clone(),
        role: wanted.role.clone(),
        expires_s: grant.expires_s,
        fleet_key,
    };
    let text = token.encode();
    // What a host cannot read must not be handed to it.
    EnrolmentToken::decode(&text)
        .map_err(|error| Failure::new(Exit::Data, format!("the collector's grant makes no usable token: {error}")))?;
    Ok((text, grant))
}

/// The CA that new hosts will believe must be one that this operator believes.
fn pinned_ca(access: &Access, grant: &TokenGrant) -> Outcome<[u8; 32]> {
    let named = hex::decode::<32>(&grant.ca_sha256)
        .ok_or_else(|| Failure::new(Exit::Data, "the collector's grant names no CA"))?;
    let believed = access.ca()?.iter().any(|certificate| <[u8; 32]>::from(Sha256::digest(certificate)) == named);
    if believed {
        return Ok(named);
    }
    Err(Failure::new(Exit::Denied, "the collector's grant names another CA than the one in `ca_file`")
        .hint("no token was made; `driftline token revoke` makes the grant useless"))
}

async fn list(context: &Context) -> Outcome {
    let answer: TokenList = context.client()?.get(&["tokens"], &()).await?;
    context.printer.result(&answer, &answer.tokens, &document(&answer))?;
    Ok(Exit::Clean)
}

fn document(answer: &TokenList) -> Document {
    if answer.tokens.is_empty() {
        return Document::default().text("no tokens: `driftline token create` makes one");
    }
    let mut table = Table::new(&["id", "environment", "role", "status", "expires (utc)", "used by"]);
    for token in &answer.tokens {
        table.row([
            token.id.clone(),
            token.environment.clone(),
            token.role.clone(),
            token.status.clone(),
            time_text::short(&token.expires_at),
            token.used_by.clone().unwrap_or_default(),
        ]);
    }
    Document::default().table(table)
}
