use std::path::Path;

use super::*;

fn of(text: &str) -> CapabilitySet {
    needed(&Config::parse(Path::new("agent.toml"), text).unwrap())
}

#[test]
fn a_feature_that_is_off_needs_nothing() {
    assert_eq!(of("[actor]\naudit = \"off\"\nfanotify = false\n"), CapabilitySet::DAC_READ_SEARCH);
    let listening = of("[actor]\naudit = \"listen\"\nfanotify = false\n");
    assert!(listening.contains(CapabilitySet::AUDIT_READ) && !listening.contains(CapabilitySet::AUDIT_CONTROL));
    assert!(of("").contains(CapabilitySet::SYS_ADMIN | CapabilitySet::SYS_PTRACE | CapabilitySet::AUDIT_CONTROL));
    assert!(!of("").contains(CapabilitySet::NET_ADMIN));
    let firewall = of("[[source]]\nkind = \"firewall\"\nname = \"firewall\"\n");
    assert!(firewall.contains(CapabilitySet::NET_ADMIN | CapabilitySet::SYS_NICE));
}

#[test]
fn what_is_not_kept_is_gone_and_files_can_be_read() {
    // Capabilities are a thread's own.
    let gone = std::thread::spawn(|| {
        let before = capabilities(None).unwrap().effective;
        keep(CapabilitySet::DAC_READ_SEARCH).unwrap();
        let after = capabilities(None).unwrap();
        assert_eq!(after.effective, before & CapabilitySet::DAC_READ_SEARCH);
        assert_eq!(after.permitted, after.effective);
        if before.contains(CapabilitySet::SETPCAP) {
            assert!(!capability_is_in_bounding_set(CapabilitySet::SYS_ADMIN).unwrap());
            assert!(capability_is_in_bounding_set(CapabilitySet::DAC_READ_SEARCH).unwrap());
        }
        std::fs::File::open("/etc/shadow").is_ok()
    });
    let readable = gone.join().unwrap();
    assert_eq!(readable, rustix::process::geteuid().is_root());
}
