//! How much a change of a firewall matters, by what it means.
//!
//! What it means was worked out on the host; here it is only weighed. A
//! program's own rules are quiet as long as nobody could reach more by them, or
//! the program itself is known to have written them: a rule among Docker's is
//! not Docker's for standing there.

use driftline_canon::actor::ActorText;
use driftline_canon::{Actor, Confidence, Effect, ItemKey, Meaning, Reach, SourceKind};

use super::{Class, Severity};

/// A program that writes rules by itself.
#[derive(Debug, Clone, Copy)]
struct Machine {
    /// As a meaning names it.
    name: &'static str,
    /// Its processes.
    processes: &'static [&'static str],
    /// Its systemd units.
    units: &'static [&'static str],
    /// People command it, and it does what they say: that it was the one who
    /// opened something tells nothing of who wanted it.
    is_front: bool,
}

/// Processes are compared as the kernel shows them: at most 15 bytes.
const MACHINES: &[Machine] = &[
    Machine {
        name: "docker",
        processes: &["dockerd", "docker-proxy", "containerd"],
        units: &["docker.service", "containerd.service"],
        is_front: false,
    },
    Machine { name: "kube-proxy", processes: &["kube-proxy"], units: &["kube-proxy.service"], is_front: false },
    Machine { name: "fail2ban", processes: &["fail2ban-server"], units: &["fail2ban.service"], is_front: false },
    Machine {
        name: "libvirt",
        processes: &["libvirtd", "virtnetworkd"],
        units: &["libvirtd.service", "virtnetworkd.service"],
        is_front: false,
    },
    Machine { name: "firewalld", processes: &["firewalld"], units: &[], is_front: true },
    Machine { name: "ufw", processes: &[], units: &["ufw.service"], is_front: true },
];

/// How much a change matters by its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weighed {
    /// How much.
    pub severity: Severity,
    /// What it touches.
    pub class: Class,
    /// A program changed its own rules: quiet.
    pub machine_made: bool,
}

/// What a change of a firewall's rule or setting matters; none for other kinds
/// of sources, and for what is known of the file alone: there no meaning, true
/// or false, makes anything quiet.
#[must_use]
pub fn weigh(kind: SourceKind, key: &ItemKey, meaning: Option<&Meaning>, actor: Option<&Actor>) -> Option<Weighed> {
    let meaning = meaning?;
    if !matches!(kind, SourceKind::Firewall | SourceKind::FirewallDump) || key.is_metadata() {
        return None;
    }
    if key.as_str() == ItemKey::CONTENT {
        return None;
    }
    let machine_made = is_quiet(meaning, actor);
    let severity = if machine_made { Severity::Info } else { severity(meaning) };
    Some(Weighed { severity, class: Class::Security, machine_made })
}

fn severity(meaning: &Meaning) -> Severity {
    match (meaning.effect, meaning.reach) {
        (Effect::Opens, Reach::Any) => Severity::Critical,
        (Effect::Opens, Reach::Bounded) | (Effect::Unclear, _) => Severity::Warning,
        (Effect::Opens, Reach::Local) | (Effect::Closes | Effect::Neutral, _) => Severity::Info,
    }
}

/// Whether a program's change of its own rules need not be looked at.
fn is_quiet(meaning: &Meaning, actor: Option<&Actor>) -> bool {
    let Some(name) = &meaning.machine else {
        return false;
    };
    let machine = MACHINES.iter().find(|machine| machine.name == name.as_str());
    let by_itself = actor.is_some_and(|actor| machine.is_some_and(|machine| machine.is_by_itself(actor)));
    let by_another = actor.is_some_and(|actor| actor.confidence == Confidence::Exact) && !by_itself;
    let harmless = match meaning.effect {
        Effect::Neutral | Effect::Closes => true,
        Effect::Opens => meaning.reach != Reach::Any,
        Effect::Unclear => false,
    };
    if harmless { !by_another || severity(meaning) == Severity::Info } else { by_itself }
}

impl Machine {
    /// Whether the program did it, and nobody told it to: it has no login, and
    /// is none that does what people say.
    fn is_by_itself(&self, actor: &Actor) -> bool {
        if !actor.is_known() || actor.login.is_some() {
            return false;
        }
        let unit = actor.unit.as_ref().is_some_and(|unit| self.units.contains(&unit.as_str()));
        if self.is_front {
            return unit;
        }
        let is_process = |text: &ActorText| self.processes.contains(&base_name(text.as_str()));
        let own = [&actor.name, &actor.executable].into_iter().flatten();
        unit || own.chain(actor.parents.iter().map(|parent| &parent.name)).any(is_process)
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests;
