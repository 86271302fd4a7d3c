use driftline_canon::actor::{Parent, User};
use driftline_canon::meaning::MeaningText;

use super::*;
use Severity::{Critical, Info, Warning};

fn means(effect: Effect, reach: Reach, machine: Option<&str>) -> Meaning {
    Meaning { effect, reach, machine: machine.map(MeaningText::new), text: MeaningText::new("opens tcp/5432") }
}

fn process(name: &str) -> Actor {
    Actor { confidence: Confidence::Exact, name: Some(ActorText::new(name)), ..Actor::unknown() }
}

fn weighed(meaning: &Meaning, actor: Option<&Actor>) -> (Severity, bool) {
    let key = ItemKey::from_bytes(b"ip filter INPUT: -p tcp --dport 5432 -j ACCEPT");
    let found = weigh(SourceKind::Firewall, &key, Some(meaning), actor).unwrap();
    assert_eq!(found.class, Class::Security);
    (found.severity, found.machine_made)
}

#[test]
fn severity_follows_what_becomes_of_packets_and_from_where() {
    use Effect::{Closes, Neutral, Opens, Unclear};
    let table = [
        (Opens, Reach::Any, Critical),
        (Opens, Reach::Bounded, Warning),
        (Opens, Reach::Local, Info),
        (Unclear, Reach::Any, Warning),
        (Unclear, Reach::Local, Warning),
        (Closes, Reach::Any, Info),
        (Neutral, Reach::Any, Info),
    ];
    for (effect, reach, severity) in table {
        for actor in [None, Some(process("nft"))] {
            assert_eq!(weighed(&means(effect, reach, None), actor.as_ref()), (severity, false), "{effect:?} {reach:?}");
        }
    }
}

#[test]
fn only_firewalls_are_weighed_and_never_a_file_or_unparsed_content() {
    let quiet = means(Effect::Neutral, Reach::Local, Some("docker"));
    let rule = ItemKey::from_bytes(b"chain: rule");
    for kind in SourceKind::ALL {
        let is_firewall = matches!(kind, SourceKind::Firewall | SourceKind::FirewallDump);
        assert_eq!(weigh(kind, &rule, Some(&quiet), None).is_some(), is_firewall, "{kind}");
    }
    for key in [ItemKey::MODE, ItemKey::STATE, ItemKey::CONTENT] {
        let key = ItemKey::from_canonical(key.to_owned()).unwrap();
        assert_eq!(weigh(SourceKind::Firewall, &key, Some(&quiet), None), None, "{key}");
    }
    assert_eq!(weigh(SourceKind::Firewall, &rule, None, None), None);
}

#[test]
fn a_programs_own_rules_are_quiet_as_long_as_they_open_nothing_to_anybody() {
    for machine in ["docker", "kube-proxy", "fail2ban", "firewalld", "ufw", "libvirt", "unheard-of"] {
        for (effect, reach) in [(Effect::Closes, Reach::Any), (Effect::Opens, Reach::Bounded)] {
            assert_eq!(weighed(&means(effect, reach, Some(machine)), None), (Info, true), "{machine}");
        }
        let opens = means(Effect::Opens, Reach::Any, Some(machine));
        assert_eq!(weighed(&opens, None), (Critical, false), "{machine}: nobody knows who");
        let unclear = means(Effect::Unclear, Reach::Any, Some(machine));
        assert_eq!(weighed(&unclear, None), (Warning, false), "{machine}");
    }
}

#[test]
fn what_a_program_opens_to_anybody_is_quiet_only_if_it_was_the_program() {
    let opens = |machine| means(Effect::Opens, Reach::Any, Some(machine));
    let own = [
        ("docker", process("dockerd")),
        ("docker", Actor { executable: Some(ActorText::new("/usr/bin/containerd")), ..process("x") }),
        ("kube-proxy", process("kube-proxy")),
        ("fail2ban", process("fail2ban-server")),
        ("libvirt", Actor { unit: Some(ActorText::new("libvirtd.service")), ..process("iptables") }),
        ("ufw", Actor { unit: Some(ActorText::new("ufw.service")), ..process("iptables-restor") }),
    ];
    for (machine, actor) in own {
        assert_eq!(weighed(&opens(machine), Some(&actor)), (Info, true), "{machine}");
        let probable = Actor { confidence: Confidence::Probable, ..actor.clone() };
        assert_eq!(weighed(&opens(machine), Some(&probable)), (Info, true), "{machine}");
        let unknown = Actor { confidence: Confidence::Unknown, ..actor };
        assert_eq!(weighed(&opens(machine), Some(&unknown)), (Critical, false), "{machine}");
        assert_eq!(weighed(&opens(machine), Some(&process("nft"))), (Critical, false), "{machine}");
    }
    let parent = Parent { pid: 1, name: ActorText::new("dockerd") };
    let child = Actor { parents: vec![parent], ..process("iptables") };
    assert_eq!(weighed(&opens("docker"), Some(&child)), (Info, true), "it runs iptables");
    assert_eq!(weighed(&opens("fail2ban"), Some(&child)), (Critical, false), "another's rules");
}

#[test]
fn somebody_who_logged_in_or_commands_a_front_is_not_the_program() {
    let alice = Some(User { uid: 1000, name: Some(ActorText::new("alice")) });
    let docker = means(Effect::Opens, Reach::Any, Some("docker"));
    let by_hand = Actor { login: alice, ..process("dockerd") };
    assert_eq!(weighed(&docker, Some(&by_hand)), (Critical, false));
    let firewalld = means(Effect::Opens, Reach::Any, Some("firewalld"));
    assert_eq!(weighed(&firewalld, Some(&process("firewalld"))), (Critical, false), "firewall-cmd asks it to");
    let ufw = means(Effect::Opens, Reach::Any, Some("ufw"));
    assert_eq!(weighed(&ufw, Some(&process("ufw"))), (Critical, false), "ufw allow");
}

#[test]
fn another_who_is_known_for_certain_makes_a_programs_rules_loud_again() {
    let opens = means(Effect::Opens, Reach::Bounded, Some("docker"));
    assert_eq!(weighed(&opens, Some(&process("nft"))), (Warning, false));
    let probable = Actor { confidence: Confidence::Probable, ..process("nft") };
    assert_eq!(weighed(&opens, Some(&probable)), (Info, true), "possible is not certain");
    let closes = means(Effect::Closes, Reach::Any, Some("docker"));
    assert_eq!(weighed(&closes, Some(&process("nft"))), (Info, true), "and nothing is opened");
}
