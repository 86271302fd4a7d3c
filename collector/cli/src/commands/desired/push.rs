//! `driftline desired push`: what files of a repository say, declared.

use driftline_api::SCHEMA_VERSION;
use driftline_api::desired::{DeclaredCount, DesiredPush as Pushed, PushDetail, RevisionInfo};
use driftline_canon::{CANONICAL_FORM, Environment, HostName, NameError, Role};
use driftline_compare::Selector;

use super::super::Context;
use super::super::local::declared::Read;
use super::super::local::repository::{self, Chosen};
use crate::arguments::desired::DesiredPush;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::mapping::Named;
use crate::view::desired as view;

/// Bytes of a push that the collector takes.
const PUSH_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) async fn run(context: &Context, arguments: &DesiredPush) -> Outcome {
    let selector = selector((&arguments.env, arguments.role.as_deref(), arguments.host.as_deref()))?;
    let Read { declared, remarks, .. } = read(context, arguments)?;
    for remark in remarks {
        context.printer.say(&remark);
    }
    let pushed = Pushed {
        selector: selector.to_string(),
        revision: arguments.rev.clone(),
        ticket: arguments.ticket.clone(),
        expires_s: arguments.expires.map(|stretch| stretch.as_secs()),
        replace: arguments.replace.then_some(true),
        declared,
    };
    if arguments.dry_run {
        let answer = would_be(&pushed);
        context.printer.result(&answer, &answer.revision.sources, &view::dry(&answer))?;
        return Ok(Exit::Clean);
    }
    must_fit(&pushed)?;
    let answer: PushDetail = context.client()?.post(&["desired"], &pushed).await?;
    context.printer.result(&answer, std::slice::from_ref(&answer.revision), &view::pushed(&answer))?;
    Ok(Exit::Clean)
}

fn must_fit(pushed: &Pushed) -> Outcome<()> {
    let bytes = serde_json::to_vec(pushed).map_or(usize::MAX, |json| json.len());
    if bytes <= PUSH_BYTES_MAX {
        return Ok(());
    }
    let said = format!("what is declared takes {bytes} bytes, and a push has at most {PUSH_BYTES_MAX}");
    Err(Failure::new(Exit::Data, said).hint("push it in parts: the sources of one selector add up"))
}

/// The selector of an environment, and a role or host in it.
pub(super) fn selector((env, role, host): (&str, Option<&str>, Option<&str>)) -> Outcome<Selector> {
    let usage = |error: NameError| Failure::new(Exit::Usage, error.to_string());
    let environment: Environment = env.parse().map_err(usage)?;
    let role: Option<Role> = role.map(str::parse).transpose().map_err(usage)?;
    let host: Option<HostName> = host.map(str::parse).transpose().map_err(usage)?;
    Ok(Selector { role, host, ..Selector::environment(environment) })
}

fn read(context: &Context, arguments: &DesiredPush) -> Outcome<Read> {
    let key = context.access.fleet_key()?;
    let named = Named { env: &arguments.env, role: arguments.role.as_deref(), host: arguments.host.as_deref() };
    let chosen =
        Chosen { map: arguments.map.as_deref(), source: arguments.source.as_deref(), kind: arguments.kind.as_deref() };
    repository::one(&arguments.from, chosen, named, &key)
}

/// What the answer to a push would be, as far as it is known here.
fn would_be(pushed: &Pushed) -> PushDetail {
    let count = |source: &driftline_api::desired::DeclaredSource| DeclaredCount {
        source: source.source.clone(),
        items: u32::try_from(source.items.len()).unwrap_or(u32::MAX),
    };
    let revision = RevisionInfo {
        number: 0,
        selector: pushed.selector.clone(),
        revision: pushed.revision.clone(),
        status: "not pushed".to_owned(),
        ticket: pushed.ticket.clone(),
        pushed_by: String::new(),
        pushed_at: String::new(),
        expires_at: None,
        sources: pushed.declared.sources.iter().map(count).collect(),
    };
    let notes = vec![format!("read in canonical form {CANONICAL_FORM}; nothing was sent")];
    PushDetail { schema_version: SCHEMA_VERSION, revision, changed: false, hosts: 0, notes }
}
