//! Whose chains these are.

use super::writer_of;

#[test]
fn programs_are_told_by_the_names_they_give() {
    let rows = [
        ("filter/DOCKER", Some("docker")),
        ("filter/DOCKER-ISOLATION-STAGE-1", Some("docker")),
        ("filter/DOCKER-USER", None),
        ("nat/KUBE-SVC-ABC", Some("kube-proxy")),
        ("filter/cali-INPUT", Some("calico")),
        ("filter/CILIUM_INPUT", Some("cilium")),
        ("filter/f2b-sshd", Some("fail2ban")),
        ("inet f2b-table/f2b-chain", Some("fail2ban")),
        ("inet f2b-table/@addr-set-sshd", Some("fail2ban")),
        ("inet firewalld/filter_IN_public", Some("firewalld")),
        ("inet firewalld_policy_drop/filter_input", Some("firewalld")),
        ("filter/IN_public_allow", Some("firewalld")),
        ("filter/IN_web", None),
        ("filter/ufw-user-input", None),
        ("filter/ufw6-user-input", None),
        ("filter/ufw-before-input", None),
        ("filter/ufw-logging-deny", Some("ufw")),
        ("filter/LIBVIRT_INP", Some("libvirt")),
        ("ip docker-bridges/raw-PREROUTING", Some("docker")),
        ("ip kube-proxy/services", Some("kube-proxy")),
        ("filter/INPUT", None),
        ("inet filter/input", None),
        ("inet filter/DOCKERISH", None),
        ("", None),
    ];
    for (name, expected) in rows {
        assert_eq!(writer_of(name), expected, "{name}");
    }
}
