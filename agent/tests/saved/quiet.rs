//! What it costs to watch: programs that are not run.

use std::time::Duration;

use driftline_agent::firewall::tools::Tools;

use crate::rig::{Netns, Rig};

/// Programs that count their own runs, and then do what they should.
pub(crate) struct Counted(tempfile::TempDir);

impl Counted {
    pub(crate) fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let counted = Self(tempfile::tempdir().unwrap());
        for name in
            ["iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save", "ip6tables-legacy-save", "ipset"]
        {
            let path = counted.0.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\necho >>$0.runs; exec /usr/sbin/{name} \"$@\"\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        counted
    }

    pub(crate) fn tools(&self) -> Tools {
        Tools::below([self.0.path().to_owned()])
    }

    pub(crate) fn runs(&self, name: &str) -> usize {
        std::fs::read_to_string(self.0.path().join(format!("{name}.runs"))).unwrap_or_default().len()
    }
}

#[test]
fn what_is_not_loaded_is_not_polled_and_its_program_is_never_run() {
    let Some(netns) = Netns::new() else { return };
    let counted = Counted::new();
    let agent = Rig::new(netns.place(), counted.tools(), Duration::from_secs(1)).start();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!((counted.runs("iptables-legacy-save"), counted.runs("ip6tables-legacy-save")), (0, 0));
    assert!(counted.runs("ipset") <= 1, "only to see that there is no set");
    assert_eq!((counted.runs("iptables-nft-save"), counted.runs("ip6tables-nft-save")), (1, 1));
    assert_eq!(agent.items("iptables-legacy"), None);
}

#[test]
fn what_is_loaded_is_polled_and_nothing_else() {
    let Some(netns) = Netns::new() else { return };
    netns.run("iptables-legacy -A INPUT -p tcp --dport 22 -j ACCEPT; ipset create web hash:ip");
    let counted = Counted::new();
    let agent = Rig::new(netns.place(), counted.tools(), Duration::from_secs(1)).start();
    agent.until_item("iptables-legacy", "22");
    for name in ["iptables-legacy-save", "ipset"] {
        agent.until(&format!("{name} is run again and again"), |_| counted.runs(name) > 2);
    }
    assert_eq!((counted.runs("ip6tables-legacy-save"), counted.runs("iptables-nft-save")), (0, 1));
    assert_eq!(agent.changes("iptables-legacy"), [["first"]]);
    assert!(agent.has_records(2) && !agent.has_records(3), "one for the table and one for the set");
}
