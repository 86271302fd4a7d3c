//! ufw in a namespace, with a configuration of its own: what an administrator
//! does with it is a change of its chains.

use std::process::Command;

use crate::rig::{Netns, Rig};

/// The configuration of a fresh installation, copied, and ufw over it.
struct Ufw<'a> {
    netns: &'a Netns,
    dir: tempfile::TempDir,
}

impl<'a> Ufw<'a> {
    fn new(netns: &'a Netns) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for part in ["etc/ufw", "etc/default", "lib/ufw", "usr/share/ufw"] {
            let at = dir.path().join(part);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            let copied = Command::new("cp").arg("-a").arg(format!("/{part}")).arg(&at).status().unwrap();
            assert!(copied.success(), "/{part}");
        }
        Self { netns, dir }
    }

    fn run(&self, command: &str) {
        let dir = self.dir.path().display();
        self.netns.run(&format!("ufw --rootdir={dir} --datadir={dir} {command} 2>&1"));
    }
}

#[test]
fn f6_what_is_done_with_ufw_is_a_change_of_its_own_chains() {
    let Some(netns) = Netns::new() else { return };
    let ufw = Ufw::new(&netns);
    ufw.run("--force enable");
    let agent = Rig::of(&netns).start();
    agent.until_item("iptables-nft", "filter/ufw-user-input");
    agent.until_item("ip6tables-nft", "filter/ufw6-user-input");
    ufw.run("allow 5432/tcp");
    agent.commit();
    for (backend, chain) in [("iptables-nft", "filter/ufw-user-input"), ("ip6tables-nft", "filter/ufw6-user-input")] {
        agent.until_item(backend, "--dport 5432");
        let changes = agent.changes(backend);
        assert_eq!(changes.len(), 2, "{changes:?}");
        assert!(changes[1].iter().all(|one| one.trim_start_matches("@order:").starts_with(chain)), "{changes:?}");
    }
    // It loads everything anew, and nothing has changed.
    ufw.run("reload");
    agent.commit();
    agent.settle();
    assert_eq!(agent.changes("iptables-nft").len(), 2, "{:?}", agent.changes("iptables-nft"));
    ufw.run("disable");
    agent.commit();
    agent.until_item("iptables-nft", "filter/INPUT policy=ACCEPT");
}
