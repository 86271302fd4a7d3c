//! Windows: opened, closed, listed.
//!
//! A window ends by itself because its end is a time; nothing waits for it.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::{Extension, Json};
use driftline_api::SCHEMA_VERSION;
use driftline_api::window::{WindowInfo, WindowList, WindowOpen};
use driftline_canon::Environment;
use driftline_compare::Selector;
use driftline_compare::window::Window;
use driftline_daemon::clock::format_ms;
use driftline_store::{EntryBody, EventKind};

use super::Shared;
use super::auth::Operator;
use super::error::Problem;
use super::history::{is_environment, no_environment};
use super::query::{Known, Named, Pairs, name_in_path};
use crate::event;
use crate::grant::OperatorRole;

/// Seconds of the longest window: a day. What takes longer is no change but a
/// way of working, and belongs into an actor rule.
const WINDOW_S_MAX: u64 = 24 * 3_600;

/// Seconds of the shortest.
const WINDOW_S_MIN: u64 = 60;

/// Windows open at once. Hundreds of deployments run side by side at most; each
/// change is held against all of its environment.
const OPEN_MAX: usize = 1_000;

/// Bytes of a ticket or an actor.
const TEXT_BYTES_MAX: usize = 200;

/// Windows in one list: the newest.
const LISTED_MAX: usize = 1_000;

pub(super) async fn list(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    pairs: Pairs,
) -> Result<Json<WindowList>, Problem> {
    let known = Known::of(pairs, &["env", "all"])?;
    let environment: Option<Environment> = known.parsed("env")?;
    let all = known.parsed::<bool>("all")?.unwrap_or(false);
    let (now_ms, sight) = (http.core.clock.now_ms(), operator.sight());
    let windows = http.read(move |reader| {
        if let Some(environment) = &environment
            && !is_environment(reader, environment)?
        {
            return Ok(Err(no_environment(environment)));
        }
        let mut windows: Vec<Window> = reader.documents("")?;
        windows.retain(|window| {
            let own = window.selector.environment.as_ref();
            sight.shows(own)
                && (all || window.is_open_at(now_ms))
                && environment.as_ref().is_none_or(|wanted| own.is_none_or(|own| own == wanted))
        });
        Ok(Ok(windows))
    });
    let windows = windows.await??;
    let windows = windows.iter().rev().take(LISTED_MAX).map(|window| info(window, now_ms)).collect();
    Ok(Json(WindowList { schema_version: SCHEMA_VERSION, windows }))
}

pub(super) async fn open(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    request: Result<Json<WindowOpen>, JsonRejection>,
) -> Result<Json<WindowInfo>, Problem> {
    let Json(request) = request.map_err(|error| Problem::bad(error.body_text()))?;
    let now_ms = http.core.clock.now_ms();
    let (window, environment) = asked(request, now_ms, &operator)?;
    let wanted = environment.clone();
    if !http.read(move |reader| is_environment(reader, &wanted)).await? {
        return Err(no_environment(&environment));
    }
    let opened = http.core.recorder.decide(move |draft| {
        let all: Vec<Window> = draft.documents("")?;
        // One environment does not take the room of another.
        let beside = |one: &&Window| one.is_open_at(now_ms) && one.selector.environment == window.selector.environment;
        if all.iter().filter(beside).count() >= OPEN_MAX {
            return Ok(None);
        }
        let number = all.last().map_or(1, |last| last.number.saturating_add(1));
        let window = Window { number, ..window };
        draft.append(vec![told(&window, opened_message(&window))]);
        draft.put_document(&window)?;
        Ok(Some(window))
    });
    let full = || {
        Problem::conflict(format!("{OPEN_MAX} windows are open in {environment}")).hint("close some, or let them end")
    };
    Ok(Json(info(&opened.await?.ok_or_else(full)?, now_ms)))
}

pub(super) async fn close(
    State(http): State<Shared>,
    Extension(operator): Extension<Operator>,
    id: Named,
) -> Result<StatusCode, Problem> {
    let text = name_in_path(id)?;
    let unknown = || Problem::not_found(format!("there is no window `{text}`"));
    let number: u64 = text.parse().map_err(|_| unknown())?;
    let now_ms = http.core.clock.now_ms();
    let closed = http.core.recorder.decide(move |draft| {
        let Some(mut window) = draft.document::<Window>(&driftline_store::numbered(number))? else { return Ok(None) };
        if let Err(refused) = operator.may(OperatorRole::Deployer, window.selector.environment.as_ref()) {
            return Ok(Some(Err(refused)));
        }
        if window.is_open_at(now_ms) {
            window.closed = Some((operator.0.name.clone(), now_ms));
            let message = format!("{} closed window {number} ({})", operator.0.name, window.ticket);
            draft.append(vec![told(&window, message)]);
            draft.put_document(&window)?;
        }
        Ok(Some(Ok(())))
    });
    let hint = "`driftline window list --all` lists them";
    closed.await?.unwrap_or_else(|| Err(unknown().hint(hint)))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The window that is asked for, without its number.
fn asked(request: WindowOpen, now_ms: i64, operator: &Operator) -> Result<(Window, Environment), Problem> {
    let selector: Selector = request.selector.parse().map_err(|error| Problem::bad(format!("`selector`: {error}")))?;
    let Some(environment) = selector.environment.clone() else {
        return Err(Problem::bad("a window is for one environment: name it in `selector`"));
    };
    operator.may(OperatorRole::Deployer, Some(&environment))?;
    if !(WINDOW_S_MIN..=WINDOW_S_MAX).contains(&request.seconds) {
        return Err(Problem::bad("a window is open for 1 minute to 24 hours")
            .hint("who changes things all the time is named by an actor rule of the policy"));
    }
    let source = request.source.as_deref().map(str::parse).transpose();
    let seconds = i64::try_from(request.seconds).unwrap_or(i64::MAX);
    let window = Window {
        number: 0,
        selector,
        source: source.map_err(|error| Problem::bad(format!("`source`: {error}")))?,
        actor: request.actor.map(|actor| line("actor", &actor)).transpose()?,
        ticket: line("ticket", &request.ticket)?,
        opened_by: operator.0.name.clone(),
        from_ms: now_ms,
        until_ms: now_ms.saturating_add(seconds.saturating_mul(1_000)),
        closed: None,
    };
    Ok((window, environment))
}

/// A text of one line.
fn line(what: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(Problem::bad(format!("`{what}` is one line of 1 to {TEXT_BYTES_MAX} bytes")));
    }
    Ok(text.to_owned())
}

fn opened_message(window: &Window) -> String {
    let Window { number, selector, ticket, opened_by, .. } = window;
    let source = window.source.as_ref().map_or_else(String::new, |source| format!(", source {source}"));
    let actor = window.actor.as_ref().map_or_else(String::new, |actor| format!(", by {actor}"));
    let until = format_ms(window.until_ms);
    format!("{opened_by} opened window {number} ({ticket}) for {selector}{source}{actor} until {until}")
}

fn told(window: &Window, message: String) -> EntryBody {
    event::in_environment(EventKind::Operator, window.selector.environment.clone(), message)
}

fn info(window: &Window, now_ms: i64) -> WindowInfo {
    let status = match &window.closed {
        _ if window.is_open_at(now_ms) => "open",
        Some(_) => "closed",
        None => "over",
    };
    WindowInfo {
        id: window.number,
        status: status.to_owned(),
        selector: window.selector.to_string(),
        source: window.source.as_ref().map(ToString::to_string),
        actor: window.actor.clone(),
        ticket: window.ticket.clone(),
        opened_by: window.opened_by.clone(),
        from: format_ms(window.from_ms),
        until: format_ms(window.end_ms()),
        closed_by: window.closed.as_ref().map(|(by, _)| by.clone()),
    }
}
