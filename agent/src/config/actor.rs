//! The table `[actor]`: which sources of evidence may be used to find out who
//! made a change.
//!
//! It looks at nothing: what a host allows is seen when the agent starts.

use serde::Deserialize;

/// How the kernel's audit subsystem may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditUse {
    /// Its records are listened to; where it is on, not locked and without a
    /// daemon, rules of ours are added.
    #[default]
    Auto,
    /// Rules of ours are added beside auditd too, and audit is switched on where
    /// it is off.
    On,
    /// Its records are listened to, and nothing is changed.
    Listen,
    /// Not at all.
    Off,
}

/// The table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActorConfig {
    /// How audit may be used.
    pub audit: AuditUse,
    /// Whether fanotify may be used.
    pub fanotify: bool,
}

impl Default for ActorConfig {
    fn default() -> Self {
        Self { audit: AuditUse::Auto, fanotify: true }
    }
}

impl ActorConfig {
    /// No evidence is gathered at all.
    pub const NONE: Self = Self { audit: AuditUse::Off, fanotify: false };
}
