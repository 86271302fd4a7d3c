//! Who made a change, on its way.
//!
//! What a newer agent knows beyond this version is left out; what breaks a
//! limit is refused. Nothing here decides how far an actor is to be believed.

use driftline_canon::actor::{
    ACTOR_COMMAND_BYTES_MAX, ACTOR_PARENTS_MAX, ACTOR_TEXT_BYTES_MAX, ActorText, Parent, User,
};
use driftline_canon::{Actor, Confidence, Evidence};

use super::{WireError, field};
use crate::v1;

/// Kinds of evidence that one actor may name: more than there are, so that a
/// newer agent may know others.
const EVIDENCE_MAX: usize = 16;

/// An actor as it travels, cut at every limit.
pub(super) fn encode(actor: &Actor) -> v1::Actor {
    v1::Actor {
        confidence: confidence(actor.confidence).into(),
        evidence: actor.evidence.iter().take(EVIDENCE_MAX).map(|one| evidence(*one).into()).collect(),
        login: actor.login.as_ref().map(user),
        user: actor.user.as_ref().map(user),
        pid: actor.pid,
        name: text(actor.name.as_ref()),
        executable: text(actor.executable.as_ref()),
        command: actor
            .command
            .as_ref()
            .map(|command| field::printable(command.as_str(), ACTOR_COMMAND_BYTES_MAX))
            .unwrap_or_default(),
        parents: actor.parents.iter().take(ACTOR_PARENTS_MAX).map(parent).collect(),
        session: actor.session,
        tty: text(actor.tty.as_ref()),
        unit: text(actor.unit.as_ref()),
        container: text(actor.container.as_ref()),
    }
}

fn user(user: &User) -> v1::User {
    v1::User { uid: user.uid, name: text(user.name.as_ref()) }
}

fn parent(parent: &Parent) -> v1::Parent {
    v1::Parent { pid: parent.pid, name: text(Some(&parent.name)) }
}

fn text(text: Option<&ActorText>) -> String {
    text.map(|text| field::printable(text.as_str(), ACTOR_TEXT_BYTES_MAX)).unwrap_or_default()
}

fn confidence(confidence: Confidence) -> v1::Confidence {
    match confidence {
        Confidence::Unknown => v1::Confidence::Unknown,
        Confidence::Probable => v1::Confidence::Probable,
        Confidence::Exact => v1::Confidence::Exact,
    }
}

fn evidence(evidence: Evidence) -> v1::Evidence {
    match evidence {
        Evidence::Audit => v1::Evidence::Audit,
        Evidence::Fanotify => v1::Evidence::Fanotify,
        Evidence::Netlink => v1::Evidence::Netlink,
        Evidence::Proc => v1::Evidence::Proc,
    }
}

/// An actor as it came. A confidence that is not known to this version is no
/// confidence.
pub(super) fn decode(actor: v1::Actor) -> Result<Actor, WireError> {
    field::count("actor.evidence", actor.evidence.len(), EVIDENCE_MAX)?;
    field::count("actor.parents", actor.parents.len(), ACTOR_PARENTS_MAX)?;
    let sure = Confidence::ALL.into_iter().find(|one| i32::from(confidence(*one)) == actor.confidence);
    let named = |one: &Evidence| actor.evidence.contains(&i32::from(evidence(*one)));
    let command = field::text("actor.command", actor.command, ACTOR_COMMAND_BYTES_MAX)?;
    Ok(Actor {
        confidence: sure.unwrap_or(Confidence::Unknown),
        evidence: Evidence::ALL.into_iter().filter(named).collect(),
        login: actor.login.map(|user| decode_user("actor.login", user)).transpose()?,
        user: actor.user.map(|user| decode_user("actor.user", user)).transpose()?,
        pid: actor.pid,
        name: known("actor.name", actor.name)?,
        executable: known("actor.executable", actor.executable)?,
        command: (!command.is_empty()).then(|| ActorText::command(&command)),
        parents: actor.parents.into_iter().map(decode_parent).collect::<Result<_, _>>()?,
        session: actor.session,
        tty: known("actor.tty", actor.tty)?,
        unit: known("actor.unit", actor.unit)?,
        container: known("actor.container", actor.container)?,
    })
}

fn decode_user(field: &'static str, user: v1::User) -> Result<User, WireError> {
    Ok(User { uid: user.uid, name: known(field, user.name)? })
}

fn decode_parent(parent: v1::Parent) -> Result<Parent, WireError> {
    let name = field::text("actor.parent", parent.name, ACTOR_TEXT_BYTES_MAX)?;
    Ok(Parent { pid: parent.pid, name: ActorText::new(&name) })
}

fn known(field: &'static str, text: String) -> Result<Option<ActorText>, WireError> {
    let text = field::text(field, text, ACTOR_TEXT_BYTES_MAX)?;
    Ok((!text.is_empty()).then(|| ActorText::new(&text)))
}
