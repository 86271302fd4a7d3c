//! Which window a change fell into, and if none: which was nearest.
//!
//! A change that nobody watched is inside a window only if the window was open
//! for the whole stretch in which it may have been made.

use driftline_canon::actor::ActorText;
use driftline_canon::{Actor, Confidence};

use super::{Missing, Question, Stretch, words};
use crate::window::Window;

/// What windows say of a change.
pub(super) enum Windows<'a> {
    /// One is for its actor, who certainly made it.
    OfActor(&'a Window),
    /// These are for anybody; at least one.
    OfAnybody(Vec<&'a Window>),
    /// None counts, and why not.
    None(Missing),
}

impl<'a> Windows<'a> {
    pub(super) fn of(question: &Question<'_>, windows: &[&'a Window]) -> Self {
        let when = question.when;
        let covering = || windows.iter().copied().filter(|window| covers(window, when));
        if let Some(window) = covering().find(|window| is_certainly_of(window, question.actor)) {
            return Self::OfActor(window);
        }
        let anybodys: Vec<&Window> = covering().filter(|window| window.actor.is_none()).collect();
        if !anybodys.is_empty() {
            return Self::OfAnybody(anybodys);
        }
        let missing = covering().next().map(|window| for_another(window, question));
        Self::None(missing.unwrap_or_else(|| nearest(windows, when)))
    }
}

fn covers(window: &Window, when: Stretch) -> bool {
    window.from_ms <= when.since_ms && when.until_ms < window.end_ms()
}

fn is_certainly_of(window: &Window, actor: Option<&Actor>) -> bool {
    let (Some(wanted), Some(actor)) = (&window.actor, actor) else { return false };
    actor.confidence == Confidence::Exact && is_called(wanted, actor)
}

/// Whether an actor's login user, unit or executable is this.
fn is_called(wanted: &str, actor: &Actor) -> bool {
    let login = actor.login.as_ref().and_then(|user| user.name.as_ref());
    let names = [login, actor.unit.as_ref(), actor.executable.as_ref()];
    names.into_iter().flatten().map(ActorText::as_str).any(|name| name == wanted)
}

fn for_another(window: &Window, question: &Question<'_>) -> Missing {
    let ticket = words::clipped(&window.ticket);
    let actor = words::clipped(window.actor.as_deref().unwrap_or_default());
    let probable = question.actor.is_some_and(|one| is_called(&actor, one));
    Missing::WindowOfAnother { ticket, actor, probable }
}

/// The window that ended last before the change, or began first after it,
/// whichever is nearer.
fn nearest(windows: &[&Window], when: Stretch) -> Missing {
    let distance = |window: &&Window| {
        let since_end = when.until_ms.saturating_sub(window.end_ms());
        let until_begin = window.from_ms.saturating_sub(when.since_ms);
        if since_end >= 0 { since_end } else { until_begin.max(0) }
    };
    // A window that was shut before it began was never open.
    let real = windows.iter().copied().filter(|window| window.end_ms() > window.from_ms);
    let Some(window) = real.min_by_key(distance) else { return Missing::NoWindow };
    let ticket = words::clipped(&window.ticket);
    if window.end_ms() <= when.since_ms {
        Missing::WindowClosed { ticket, before_ms: when.since_ms.saturating_sub(window.end_ms()) }
    } else if window.from_ms > when.until_ms {
        Missing::WindowLater { ticket, after_ms: window.from_ms.saturating_sub(when.until_ms) }
    } else {
        Missing::WindowPart { ticket }
    }
}
