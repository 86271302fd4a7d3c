//! Who makes changes: the sources of evidence, each optional, and what they have
//! in common.
//!
//! They tell what they see and decide nothing; which change it belongs to is for
//! the stage `attribute`. None of them ever holds up another program.

pub mod audit;
mod bell;
pub mod capabilities;
pub mod cgroup;
pub mod fanotify;
pub mod places;
pub mod process;
pub mod standing;
pub mod tidings;
pub mod writers;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftline_canon::Evidence;
use driftline_daemon::{Clock, Tasks};
use rustix::io::Errno;
use tokio::sync::{mpsc, watch};

use crate::config::{ActorConfig, AuditUse, Config};
use crate::resolve::{End, resolve};
use audit::Audit;
use audit::link::Listener;
use bell::Bell;
use fanotify::{Fanotify, Group};
use places::Places;
use standing::{Live, Standing};
use tidings::{Legacy, Telling, Tidings};
use writers::Question;

/// What the rest of the agent has of the sources of evidence.
#[derive(Debug)]
pub struct Actors {
    /// Where evidence is wanted, and covered.
    pub places: Places,
    /// Which sources are live.
    pub standing: Standing,
    /// What they tell.
    pub touches: mpsc::Receiver<Tidings>,
    /// What audit tells of changes of legacy packet filters.
    pub legacy: watch::Receiver<Legacy>,
    /// Asks who has a file open for writing.
    pub writers: mpsc::Sender<Question>,
}

/// Starts the sources that the configuration and the host allow.
pub fn start(tasks: &mut Tasks, config: &Config, clock: &Clock) -> Actors {
    let (places, standing) = (Places::default(), Standing::default());
    let (changed, legacy) = watch::channel(Legacy::default());
    let (telling, touches) = Telling::new(standing.clone(), Arc::new(changed));
    let hub = Hub { places: places.clone(), standing: standing.clone(), telling, clock: clock.clone() };
    hub.start_fanotify(tasks, config.actor);
    hub.start_audit(tasks, config);
    let writers = hub.start_writers(tasks);
    Actors { places, standing, touches, legacy, writers }
}

struct Hub {
    places: Places,
    standing: Standing,
    telling: Telling,
    clock: Clock,
}

impl Hub {
    fn start_fanotify(&self, tasks: &mut Tasks, config: ActorConfig) {
        let opened = if config.fanotify {
            Group::open().and_then(|group| Ok((group, Bell::new()?))).map_err(|error| refused(&error, "CAP_SYS_ADMIN"))
        } else {
            Err(SWITCHED_OFF.to_owned())
        };
        let (group, bell) = match opened {
            Ok(opened) => opened,
            Err(why) => return self.standing.set(Evidence::Fanotify, Live::No(why)),
        };
        self.places.tell(bell.clone());
        ring_at_stop(tasks, &bell);
        self.standing.set(Evidence::Fanotify, Live::Yes("no directories yet".to_owned()));
        let source = Fanotify {
            group,
            places: self.places.clone(),
            standing: self.standing.clone(),
            telling: self.telling.clone(),
            clock: self.clock.clone(),
            bell,
            stop: tasks.stop(),
        };
        tasks.spawn_blocking("fanotify", move || source.run());
    }

    /// Looks for whoever has a file open for writing, when asked to.
    fn start_writers(&self, tasks: &mut Tasks) -> mpsc::Sender<Question> {
        let (ask, asked) = mpsc::channel(writers::QUESTIONS_MAX);
        let telling = self.telling.clone();
        tasks.spawn_blocking("writers", move || writers::run(asked, &telling));
        ask
    }

    fn start_audit(&self, tasks: &mut Tasks, config: &Config) {
        let opened = if config.actor.audit == AuditUse::Off {
            Err(SWITCHED_OFF.to_owned())
        } else {
            Listener::open()
                .and_then(|listener| Ok((listener, Bell::new()?)))
                .map_err(|error| refused(&error, "CAP_AUDIT_READ"))
        };
        let (listener, bell) = match opened {
            Ok(opened) => opened,
            Err(why) => return self.standing.set(Evidence::Audit, Live::No(why)),
        };
        ring_at_stop(tasks, &bell);
        self.places.hears();
        let source = Audit {
            listener,
            usage: config.actor.audit,
            state_dir: config.state_dir.clone(),
            wanted: audit::rule::wanted(&config.sources, real),
            places: self.places.clone(),
            standing: self.standing.clone(),
            telling: self.telling.clone(),
            bell,
            stop: tasks.stop(),
        };
        tasks.spawn_blocking("audit", move || source.run());
    }
}

const SWITCHED_OFF: &str = "it is switched off in `[actor]`";

/// What is live on this host for such a configuration, without starting any of
/// it: for `check`.
#[must_use]
pub fn probe(config: ActorConfig) -> Vec<(Evidence, Result<(), String>)> {
    let fanotify = match config.fanotify {
        true => Group::open().map(|_| ()).map_err(|error| refused(&error, "CAP_SYS_ADMIN")),
        false => Err(SWITCHED_OFF.to_owned()),
    };
    let audit = match config.audit {
        AuditUse::Off => Err(SWITCHED_OFF.to_owned()),
        _ => Listener::open().map(|_| ()).map_err(|error| refused(&error, "CAP_AUDIT_READ")),
    };
    vec![(Evidence::Audit, audit), (Evidence::Fanotify, fanotify)]
}

fn refused(error: &io::Error, capability: &str) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::PERM | Errno::ACCESS) => format!("it needs {capability}"),
        Some(Errno::NOSYS | Errno::PROTONOSUPPORT) => "the kernel has none".to_owned(),
        Some(Errno::CONNREFUSED) => "it is not to be had in a container".to_owned(),
        _ => error.to_string(),
    }
}

/// A thread in poll(2) sees no token.
fn ring_at_stop(tasks: &mut Tasks, bell: &Bell) {
    let (stop, bell) = (tasks.stop(), bell.clone());
    tasks.spawn("bell", async move {
        stop.cancelled().await;
        bell.ring();
        Ok::<(), std::convert::Infallible>(())
    });
}

/// A path without links, as far as it is there.
#[must_use]
pub fn real(path: &Path) -> PathBuf {
    let resolution = resolve(path);
    match resolution.end {
        End::Found { real, .. } => real,
        End::Missing => resolution.hops.last().map_or_else(|| path.to_owned(), |hop| hop.dir.join(&hop.name)),
        _ => path.to_owned(),
    }
}
