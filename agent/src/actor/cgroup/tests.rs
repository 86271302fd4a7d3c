use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn group(text: &str) -> (Option<String>, Option<String>) {
    let group = Group::of(text);
    (group.unit, group.container)
}

#[test]
fn a_service_and_a_login_are_units() {
    assert_eq!(group("0::/system.slice/nginx.service\n"), (Some("nginx.service".to_owned()), None));
    let login = "0::/user.slice/user-1000.slice/session-3.scope\n";
    assert_eq!(group(login), (Some("session-3.scope".to_owned()), None));
    let own = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service\n";
    assert_eq!(group(own).0.unwrap(), "user@1000.service", "the system's unit, as systemd names it");
}

#[test]
fn the_hierarchy_of_systemd_counts_where_there_is_no_unified_one() {
    let text = "12:cpu,cpuacct:/\n1:name=systemd:/system.slice/cron.service\n0::/\n";
    assert_eq!(group(text).0.unwrap(), "cron.service");
}

#[test]
fn containers_are_named_by_their_id() {
    for path in [
        format!("/system.slice/docker-{ID}.scope"),
        format!("/docker/{ID}"),
        format!("/kubepods.slice/kubepods-burstable.slice/kubepods-podx.slice/cri-containerd-{ID}.scope"),
        format!("/machine.slice/libpod-{ID}.scope/container"),
        format!("/kubepods/besteffort/pod12/{ID}"),
    ] {
        assert_eq!(Group::of_path(&path).container.as_deref(), Some(ID), "{path}");
    }
    assert_eq!(Group::of_path("/lxc.payload.web").container.as_deref(), Some("web"));
    let machine = "/machine.slice/systemd-nspawn@build.service/payload";
    assert_eq!(Group::of_path(machine).container.as_deref(), Some("build"));
}

#[test]
fn what_says_nothing_tells_nothing() {
    for text in ["", "0::/\n", "0::/user.slice\n", "garbage", "0:", &format!("0::/x/{}g\n", &ID[1..])] {
        assert_eq!(group(text), (None, None), "{text}");
    }
}
