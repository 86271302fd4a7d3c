//! `driftline desired push`: what files of a repository say, declared.

use std::path::Path;

use driftline_api::SCHEMA_VERSION;
use driftline_api::desired::{DeclaredCount, DesiredPush as Pushed, PushDetail, RevisionInfo};
use driftline_canon::{CANONICAL_FORM, Environment, Format, HostName, NameError, Role, SourceKind, format};
use driftline_compare::Selector;

use super::super::Context;
use super::super::local::declared::{self, Read, apart};
use crate::arguments::desired::DesiredPush;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;
use crate::mapping::{self, Mapped, Named};
use crate::view::desired as view;

/// Bytes of a push that the collector takes.
const PUSH_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) async fn run(context: &Context, arguments: &DesiredPush) -> Outcome {
    let selector = selector((&arguments.env, arguments.role.as_deref(), arguments.host.as_deref()))?;
    let Read { declared, remarks } = read(context, arguments)?;
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
    if let Some(source) = &arguments.source {
        let (directory, name) = apart(&arguments.from);
        let mapped = single(arguments, source, name)?;
        return declared::read(&directory, &[mapped], named, &key);
    }
    if arguments.map.is_none() && !arguments.from.is_dir() && arguments.from.exists() {
        let said = format!("{} is one file: which source is it?", arguments.from.display());
        return Err(Failure::new(Exit::Usage, said).hint("`--source NAME` says it"));
    }
    let mapped = mapped(&arguments.from, arguments.map.as_deref())?;
    declared::read(&arguments.from, &mapped, named, &key)
}

/// What the mapping file of a directory says.
pub(in crate::commands) fn mapped(directory: &Path, map: Option<&Path>) -> Outcome<Vec<Mapped>> {
    let path = map.map_or_else(|| directory.join(mapping::FILE_NAME), Path::to_owned);
    let bytes = input::read_limited(&path, mapping::MAPPING_BYTES_MAX).map_err(|error| {
        Failure::file(Exit::Inconclusive, "read", &path, &error)
            .hint("it says which file is which source; `driftline desired init --env NAME` proposes one")
    })?;
    let name = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|_| Failure::new(Exit::Config, format!("{name}: not UTF-8 text")))?;
    mapping::parse(&name, &text)
}

/// One file: its kind is that of its format, unless it is said.
fn single(arguments: &DesiredPush, source: &str, name: String) -> Outcome<Mapped> {
    let usage = |error: NameError| Failure::new(Exit::Usage, error.to_string());
    let source = source.parse().map_err(usage)?;
    let kind = match &arguments.kind {
        Some(kind) => SourceKind::from_name(kind).ok_or_else(|| {
            let all = SourceKind::ALL.map(SourceKind::as_str).join(", ");
            Failure::new(Exit::Usage, format!("there is no kind `{kind}`")).hint(format!("known are {all}"))
        })?,
        None => kind_of(&arguments.from, &name),
    };
    Ok(Mapped::single(source, kind, name))
}

fn kind_of(path: &Path, name: &str) -> SourceKind {
    let head = input::read_limited(path, driftline_canon::limits::FILE_BYTES_MAX as u64).unwrap_or_default();
    format::detect(name, &head).map_or(SourceKind::EnvFile, Format::kind)
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
