//! The verdict by brute force: facts first, each by trying everything, then a
//! table of them from the design's section 7. What nobody watched is put to the
//! table once for each moment at which it may have been made; if the table says
//! two things, it could not be judged.
//!
//! It shares no code with the judge, and knows of no evidence.

use driftline_canon::Confidence;

use super::world::{Declared, World};
use crate::Verdict;
use crate::judge::{Power, Says, Validity};
use crate::window::Window;

pub(super) fn verdict(world: &World) -> Verdict {
    let mut all: Vec<Verdict> = (0..2).map(|moment| at(world, moment)).collect();
    all.dedup();
    if let [one] = all[..] { one } else { Verdict::Undetermined }
}

fn at(world: &World, moment: usize) -> Verdict {
    if !world.anything_given {
        return Verdict::Undetermined;
    }
    let counts = |one: &&Declared| matches!(one.validity[moment], Validity::Valid);
    let valid: Vec<&Declared> = world.declarations.iter().filter(counts).collect();
    let of_key = |one: &&&Declared| one.says == Says::Absent || matches!(one.says, Says::Value(_));
    let wanted = world.after.map_or(Says::Absent, |digest| Says::Value([digest; 32]));
    let readable: Vec<Says> = valid.iter().filter(of_key).filter(|one| one.comparable).map(|one| one.says).collect();
    let spoken_of = valid.iter().any(|one| of_key(&one));
    let same = readable.contains(&wanted) || (world.comes_with_declared && !spoken_of);
    let other = readable.iter().any(|says| *says != wanted);
    let unreadable = valid.iter().filter(of_key).any(|one| !one.comparable);
    let sure = world.confidence() == Confidence::Exact;
    let power = world.rule.filter(|_| sure).map(|(power, _)| power);

    let open: Vec<&Window> = world.windows.iter().filter(|window| open_throughout(window, world)).collect();
    let mine = |window: &&&Window| {
        sure && window.actor.as_deref() == world.actor.map(|(name, _)| name) && window.actor.is_some()
    };
    let named = open.iter().any(|window| mine(&window));
    let anybodys: Vec<&&Window> = open.iter().filter(|window| window.actor.is_none()).collect();
    let allowed = named || (power.is_some() && !anybodys.is_empty());

    let frozen = world.frozen.is_some() && !unreadable;
    match (same, frozen, other, power) {
        (true, _, _, _) => Verdict::Authorised,
        (false, true, _, _) => Verdict::OutOfBand,
        (false, false, true, _) => Verdict::ContentMismatch,
        (false, false, false, Some(Power::Authorises)) => Verdict::Authorised,
        _ if allowed => Verdict::AuthorisedUnverified,
        _ if unreadable => Verdict::Undetermined,
        _ if anybodys.is_empty() && world.blind.is_some() => Verdict::Undetermined,
        _ if anybodys.is_empty() => Verdict::OutOfBand,
        _ if anybodys.iter().all(|window| is_left_out(&valid, window)) => Verdict::OutOfBand,
        _ => Verdict::WindowOnly,
    }
}

/// Whether a window was open in every single millisecond.
fn open_throughout(window: &Window, world: &World) -> bool {
    (world.since_ms..=world.until_ms).all(|at| window.is_open_at(at))
}

/// Whether the window had deployments, and none of them is about the source.
fn is_left_out(valid: &[&Declared], window: &Window) -> bool {
    let own = |one: &&&Declared| one.ticket.as_ref() == Some(&window.ticket) || window.is_open_at(one.pushed_ms);
    let own: Vec<&&Declared> = valid.iter().filter(own).collect();
    !own.is_empty() && own.iter().all(|one| one.says == Says::Elsewhere)
}
