use driftline_canon::{AgentId, Environment, HostName, Role};

use super::*;
use crate::testing::host_record;

fn peer(agent: &str) -> PeerIdentity {
    PeerIdentity {
        agent: AgentId::new(agent).unwrap(),
        host: HostName::new("web-1").unwrap(),
        environment: Environment::new("production").unwrap(),
        role: Role::new("web").unwrap(),
    }
}

fn known(agent: &str, serials: &[u8], status: HostStatus) -> HostRecord {
    let mut host = host_record("web-1");
    host.agent = AgentId::new(agent).unwrap();
    host.serials = serials.iter().map(|&serial| vec![serial]).collect();
    host.status = status;
    host
}

#[test]
fn the_table_of_admissions() {
    use Admission::{Copied, Newer, Newest, Previous, Quarantined, Retired, Revoked};
    use HostStatus::{Connected, Never, Silent, Stopped};
    for (record, agent, serial, wanted) in [
        (None, "a2", 5, Newer),
        (Some(known("a2", &[5], Never)), "a2", 5, Newest),
        (Some(known("a2", &[5, 4], Connected)), "a2", 5, Newest),
        (Some(known("a2", &[5, 4], Silent)), "a2", 4, Previous),
        (Some(known("a2", &[5], Stopped)), "a2", 4, Copied),
        (Some(known("a2", &[5], Stopped)), "a2", 6, Newer),
        (Some(known("a2", &[5], Connected)), "a1", 9, Retired),
        (Some(known("a2", &[5], Connected)), "a3", 1, Newer),
        (Some(known("a2", &[5], HostStatus::Forgotten)), "a2", 5, Revoked),
        (Some(known("a2", &[5], HostStatus::Forgotten)), "a1", 9, Retired),
        (Some(known("a2", &[5], HostStatus::Revoked)), "a2", 5, Revoked),
        (Some(known("a2", &[5], HostStatus::Revoked)), "a2", 6, Revoked),
        (Some(known("a2", &[5], HostStatus::Revoked)), "a3", 6, Newer),
        (Some(known("a2", &[5], HostStatus::Quarantined)), "a2", 5, Quarantined),
    ] {
        assert_eq!(decide(record.as_ref(), &peer(agent), &[serial]), wanted, "agent {agent}, serial {serial}");
    }
}
