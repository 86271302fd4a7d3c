//! The kernel's own word of each commit, with the moment it was heard.
//!
//! It listens on a netlink socket of its own in the namespace, and says nothing
//! of what was committed.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use driftline_agent::firewall::event::Event;
use driftline_agent::firewall::namespace::{Name, Namespace};
use driftline_agent::firewall::netlink::{BUFFER_BYTES_MIN, Ear};
use driftline_tests::process::PATIENCE;

/// Commits as they are heard of: who made each, and when it was heard.
#[derive(Debug)]
pub(super) struct Commits(Receiver<(u32, Instant)>);

impl Commits {
    /// Listens in a named namespace, on a thread of its own, until this is
    /// dropped and one more is heard.
    pub(super) fn hear(namespace: &str) -> Self {
        let place = Namespace::Named(Name::new(namespace).expect("a name of a namespace"));
        let (to, heard) = channel();
        let (ready, is_ready) = channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut ear = Ear::open(&place, BUFFER_BYTES_MIN).expect("commits can be listened to");
                let _ = ready.send(());
                while tell(&mut ear, &to).await {}
            });
        });
        is_ready.recv_timeout(PATIENCE).expect("it listens");
        Self(heard)
    }

    /// Forgets what was heard so far.
    pub(super) fn forget(&self) {
        self.0.try_iter().for_each(drop);
    }

    /// When the next commit of that process was heard of.
    pub(super) fn next_of(&self, process: u32) -> Instant {
        loop {
            let (pid, at) = self.0.recv_timeout(PATIENCE).expect("the kernel says that it has committed");
            if pid == process {
                return at;
            }
        }
    }
}

/// Hears more and passes it on; false when nobody wants it.
async fn tell(ear: &mut Ear, to: &Sender<(u32, Instant)>) -> bool {
    let events = ear.hear().await.expect("the kernel is heard");
    let at = Instant::now();
    let of = |event: &Event| if let Event::Generation { pid, .. } = event { Some(*pid) } else { None };
    events.iter().filter_map(of).all(|pid| to.send((pid, at)).is_ok())
}
