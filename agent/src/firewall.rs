//! The source kind `firewall`: the rules that the kernel has now, of each
//! backend and network namespace.
//!
//! It changes no rule and loads no kernel module. What it cannot read is a
//! problem of the source, never an end of the agent.

pub mod desk;
pub mod event;
pub mod listing;
pub mod meant;
pub mod model;
pub mod monitor;
pub mod namespace;
pub mod netlink;
pub mod nft;
pub mod persisted;
pub mod save;
pub mod splitter;
pub mod tlv;
pub mod tools;

use std::sync::Arc;
use std::time::Duration;

use driftline_canon::{FleetKey, SourceName};
use driftline_daemon::{Clock, Tasks};
use tokio::sync::{mpsc, watch};

use crate::actor::tidings::Legacy;
use crate::config::SourceSpec;
use crate::journal::{Input, JournalReader};
use desk::{Commits, Desk};
use namespace::Namespace;
use tools::Tools;

/// What the source is called that says what a reboot would change.
pub const AT_REBOOT: &str = "at-reboot";

/// A `[[source]]` of this kind: a source for each backend in each namespace.
#[derive(Debug)]
pub struct FirewallSpec {
    /// Its name and policy; its sources have names below.
    pub source: Arc<SourceSpec>,
    /// Whose rules.
    pub places: Vec<Namespace>,
    /// How often what the kernel tells nothing about is looked at.
    pub poll: Duration,
    /// How often what is known is compared with what is there.
    pub reconcile: Duration,
    /// The source of the dump files that would bring these rules back.
    pub config: Option<SourceName>,
}

/// What holds rules in the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Backend {
    /// nftables, but for the tables that iptables-nft has made.
    Nft,
    /// Tables that iptables-nft has made.
    IptablesNft,
    /// Tables that ip6tables-nft has made.
    Ip6tablesNft,
    /// The tables of `ip_tables`.
    IptablesLegacy,
    /// The tables of `ip6_tables`.
    Ip6tablesLegacy,
    /// Sets of ipset.
    Ipset,
}

impl Backend {
    /// Every backend.
    pub const ALL: [Self; 6] =
        [Self::Nft, Self::IptablesNft, Self::Ip6tablesNft, Self::IptablesLegacy, Self::Ip6tablesLegacy, Self::Ipset];

    /// Its name in the names of sources.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::IptablesNft => "iptables-nft",
            Self::Ip6tablesNft => "ip6tables-nft",
            Self::IptablesLegacy => "iptables-legacy",
            Self::Ip6tablesLegacy => "ip6tables-legacy",
            Self::Ipset => "ipset",
        }
    }
}

impl FirewallSpec {
    /// The name of the source of a backend: `firewall/nft`, and in a named
    /// namespace `firewall/blue/nft`.
    #[must_use]
    pub fn name_of(&self, place: &Namespace, backend: Backend) -> SourceName {
        let name = match place {
            Namespace::Own => format!("{}/{}", self.source.name, backend.as_str()),
            Namespace::Named(name) => format!("{}/{name}/{}", self.source.name, backend.as_str()),
        };
        // Both names are short and printable, so that this cannot fail.
        SourceName::new(name).unwrap_or_else(|_| self.source.name.clone())
    }

    /// The names of all sources that it may make. Those are no files: nobody
    /// but their readers says when they are gone.
    #[must_use]
    pub fn sources(&self) -> Vec<SourceName> {
        let of = |place| Backend::ALL.map(|backend| self.name_of(place, backend));
        self.places.iter().flat_map(of).chain(self.at_reboot()).collect()
    }

    /// The name of the source that says where live rules and dump files differ,
    /// if there are dump files.
    #[must_use]
    pub fn at_reboot(&self) -> Option<SourceName> {
        self.config.as_ref()?;
        SourceName::new(format!("{}/{AT_REBOOT}", self.source.name)).ok()
    }
}

/// What the readers share.
#[derive(Debug, Clone)]
pub struct Ends {
    /// To the journal.
    pub observed: mpsc::Sender<Input>,
    /// What the journal knows.
    pub reader: JournalReader,
    /// The time.
    pub clock: Clock,
    /// When the agent last ran; none: never.
    pub last_alive_ms: Option<i64>,
    /// What audit tells of the packet filters before nftables.
    pub legacy: watch::Receiver<Legacy>,
}

/// Starts to follow the firewall of each namespace.
pub fn start(tasks: &mut Tasks, spec: &Arc<FirewallSpec>, key: &FleetKey, ends: &Ends) {
    for place in &spec.places {
        let (commit, commits) = watch::channel(Commits::default());
        let desk = || Desk::new(Arc::clone(spec), place.clone(), key, ends.clone());
        tasks.spawn("firewall nft", nft::run(desk(), Tools::system(), commit, tasks.stop()));
        tasks.spawn("firewall save", save::run(desk(), Tools::system(), commits, tasks.stop()));
    }
}
