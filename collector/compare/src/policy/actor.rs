//! Actor rules: whose changes are meant because of who makes them.
//!
//! Only the kernel's word counts: a rule believes nobody whose attribution is
//! not `exact`. A name that a process gives itself is never enough; package
//! managers are their installed programs, run by root.

use driftline_canon::actor::{Actor, ActorText, User};

use super::Subject;
use super::fields::Fields;
use super::pattern::Pattern;
use crate::Selector;

/// What a rule grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The cause is certain: the change is authorised.
    Authorises,
    /// The actor may change things while a window is open.
    Allows,
}

/// A kind of package transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackageManager {
    /// Debian and its relatives: dpkg, as called by apt or by hand.
    Dpkg,
    /// Red Hat, SUSE and their relatives: rpm, dnf, yum, zypper.
    Rpm,
    /// Either.
    Any,
}

/// One rule; everything that it gives must be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorRule {
    /// Names it in evidence.
    pub name: String,
    /// Hosts; none: all.
    pub selector: Option<Selector>,
    /// Sources; empty: all.
    pub sources: Vec<Pattern>,
    /// A package transaction.
    pub package_manager: Option<PackageManager>,
    /// Who logged in.
    pub login: Option<Pattern>,
    /// As whom it was done.
    pub user: Option<Pattern>,
    /// Path of the executable.
    pub executable: Option<Pattern>,
    /// Systemd unit.
    pub unit: Option<Pattern>,
    /// What it grants.
    pub effect: Effect,
}

pub(super) const KEYS: [&str; 9] =
    ["name", "selector", "sources", "package_manager", "login", "user", "executable", "unit", "effect"];

/// Keys of which at least one says who is meant.
const WHO: [&str; 5] = ["package_manager", "login", "user", "executable", "unit"];

/// Programs of package transactions, by path: what is not installed there is
/// somebody's own. `platform-python` and `python3` of dnf are left out on
/// purpose, because they run anything; its transactions are rpm's helpers or
/// the unit's.
const DPKG: &[&str] = &["/usr/bin/dpkg", "/usr/bin/dpkg-divert", "/usr/bin/update-alternatives", "/usr/bin/ucf"];
const RPM: &[&str] =
    &["/usr/bin/rpm", "/bin/rpm", "/usr/bin/dnf5", "/usr/bin/microdnf", "/usr/bin/zypper", "/usr/libexec/packagekitd"];

impl PackageManager {
    const WORDS: [(&'static str, Self); 3] = [("dpkg", Self::Dpkg), ("rpm", Self::Rpm), ("any", Self::Any)];

    /// Its name in a policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Rpm => "rpm",
            Self::Any => "any",
        }
    }

    /// Whether the process is a transaction of it: one of its programs, run by
    /// root.
    #[must_use]
    pub fn is(self, actor: &Actor) -> bool {
        let programs: &[&[&str]] = match self {
            Self::Dpkg => &[DPKG],
            Self::Rpm => &[RPM],
            Self::Any => &[DPKG, RPM],
        };
        let is_root = actor.user.as_ref().is_some_and(|user| user.uid == 0);
        let is_program = |path: &ActorText| programs.iter().any(|all| all.contains(&path.as_str()));
        is_root && actor.executable.as_ref().is_some_and(is_program)
    }
}

impl Effect {
    const WORDS: [(&'static str, Self); 2] = [("authorises", Self::Authorises), ("allows", Self::Allows)];

    /// Its name in a policy.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorises => "authorises",
            Self::Allows => "allows",
        }
    }
}

pub(super) fn read(mut fields: Fields<'_, '_>) -> Option<ActorRule> {
    let name = fields.needed("name").map(str::to_owned);
    let selector = fields.parsed("selector");
    let sources = if fields.has("sources") { fields.list("sources") } else { Some(Vec::new()) };
    fields.need("effect");
    let effect = fields.word("effect", &Effect::WORDS);
    let package_manager = fields.word("package_manager", &PackageManager::WORDS);
    let [login, user, executable, unit] = ["login", "user", "executable", "unit"].map(|key| fields.parsed(key));
    if !WHO.iter().any(|key| fields.has(key)) {
        fields.wrong(format!("an actor rule says who is meant: `{}`", WHO.join("`, `")));
    }
    let anybody = [&login, &user, &executable, &unit].iter().all(|one| one.as_ref().is_none_or(Pattern::is_any));
    if anybody && package_manager.is_none() && WHO.iter().any(|key| fields.has(key)) {
        fields.wrong("this actor rule means everybody: name somebody");
    }
    let rule = || {
        let (name, sources, effect) = (name?, sources?, effect?);
        Some(ActorRule { name, selector, sources, package_manager, login, user, executable, unit, effect })
    };
    let rule = rule();
    fields.finish(rule)
}

impl ActorRule {
    /// Whether a change by this actor is meant, however sure it is that it was
    /// them. Somebody of whom nothing is known is never meant.
    #[must_use]
    pub fn names(&self, at: &Subject<'_>, actor: &Actor) -> bool {
        actor.is_known() && self.is_for(at) && self.is_by(actor)
    }

    /// Whether hosts and sources are meant.
    #[must_use]
    pub fn is_for(&self, at: &Subject<'_>) -> bool {
        self.selector.as_ref().is_none_or(|selector| selector.matches(at.environment, at.role, at.host))
            && (self.sources.is_empty() || self.sources.iter().any(|source| source.matches(at.source.as_str())))
    }

    fn is_by(&self, actor: &Actor) -> bool {
        self.package_manager.is_none_or(|manager| manager.is(actor))
            && is_user(self.login.as_ref(), actor.login.as_ref())
            && is_user(self.user.as_ref(), actor.user.as_ref())
            && is_text(self.executable.as_ref(), actor.executable.as_ref())
            && is_text(self.unit.as_ref(), actor.unit.as_ref())
    }
}

/// A user is meant by its name, or by its number where the host knows no name.
fn is_user(pattern: Option<&Pattern>, user: Option<&User>) -> bool {
    pattern.is_none_or(|pattern| {
        user.is_some_and(|user| match &user.name {
            Some(name) => pattern.matches(name.as_str()),
            None => pattern.matches(&user.uid.to_string()),
        })
    })
}

fn is_text(pattern: Option<&Pattern>, text: Option<&ActorText>) -> bool {
    pattern.is_none_or(|pattern| text.is_some_and(|text| pattern.matches(text.as_str())))
}

#[cfg(test)]
mod tests;
