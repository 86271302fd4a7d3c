//! The shipped unit of the agent, booted by a real systemd in a container of its
//! own, over this host's `/usr` and an empty `/` in memory: its sandbox leaves
//! the agent what it needs, and nothing else.
//!
//! The container has a network of its own, so that the agent follows that one's
//! rules and reaches no collector.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use driftline_tests::fleet::Fleet;
use driftline_tests::process::{output, program, read_text};

/// Seconds for boot, test and halt: they take five.
const CONTAINER_S_MAX: &str = "180";

const CONFIG: &str = "[[source]]\nkind = \"env_file\"\nname = \"app\"\npath = \"/etc/app.env\"\n\
                      [[source]]\nkind = \"firewall\"\nname = \"firewall\"\n";

/// Runs the case, and ends the container.
const INNER: &str = "[Unit]\nDefaultDependencies=no\nSuccessAction=exit\nFailureAction=exit\n\
                     [Service]\nType=oneshot\nStandardOutput=file:/shared/out\nStandardError=file:/shared/err\n\
                     ExecStart=/bin/sh -eu /shared/case\n";

/// What an administrator would do. It ends with `done` if all of it went well.
const CASE: &str = r#"
records() { driftline-agent status --output json | sed 's/.*"journal_records":\([0-9]*\).*/\1/'; }
# Waits until the journal has more records than before.
more() {
    for _ in $(seq 200); do
        [ "$(records)" -gt "$1" ] && return
        sleep 0.1
    done
    echo "nothing was seen of $2"; driftline-agent status; return 1
}
# Waits until nothing of before is still on its way.
settle() {
    for _ in $(seq 20); do
        last=$(records); sleep 1
        [ "$last" -gt 0 ] && [ "$(records)" = "$last" ] && return
    done
}
echo 'DB_HOST=db' > /etc/app.env
systemctl start driftline-agent.service || { systemctl status driftline-agent.service; journalctl --no-pager; exit 1; }
pid=$(systemctl show driftline-agent -p MainPID --value)
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status"
settle
before=$(records); echo 'DB_HOST=evil' > /etc/app.env; more "$before" 'a file'
before=$(records); nft add table inet shop; more "$before" 'nftables'
before=$(records); iptables-nft -A INPUT -p tcp --dport 5432 -j ACCEPT; more "$before" 'iptables-nft'
systemctl reload driftline-agent.service; settle
before=$(records); echo 'DB_HOST=again' > /etc/app.env; more "$before" 'a file after a reload'
driftline-agent status
systemctl show driftline-agent -p ActiveState -p NRestarts
systemctl stop driftline-agent.service
systemctl show driftline-agent -p Result
echo done
"#;

/// Capabilities by number (capabilities(7)) that nothing here is for.
const NEVER: [(u32, &str); 6] =
    [(1, "dac_override"), (6, "setgid"), (7, "setuid"), (16, "sys_module"), (17, "sys_rawio"), (22, "sys_boot")];

/// Whether such a container can be had: as root it must, unless this is itself
/// a container that may not make one.
fn may_boot() -> bool {
    let works = |command: &mut Command| command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if !root || !works(Command::new("unshare").args(["--mount", "--pid", "--fork", "--mount-proc", "true"])) {
        println!("skipped: booting a container needs root, and namespaces");
        return false;
    }
    let there = works(Command::new("systemd-nspawn").arg("--version").stdout(Stdio::null()));
    assert!(there, "`systemd-nspawn` is not installed; tests/run installs it");
    true
}

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd/driftline-agent.service")
}

#[test]
fn the_shipped_unit_runs_the_agent_and_leaves_it_no_more_than_it_needs() {
    if !may_boot() {
        return;
    }
    let fleet = Fleet::start();
    let agent = fleet.enrol("web-1", "production", "web", "");
    let at = |name: &str| fleet.path(&format!("container/{name}"));
    for dir in ["bin", "etc", "shared"] {
        fs::create_dir_all(at(dir)).expect("a directory of the test's own");
    }
    fs::copy(program("driftline-agent"), at("bin/driftline-agent")).expect("the program is copied");
    for (name, text) in [("etc/agent.toml", CONFIG), ("inner.service", INNER), ("shared/case", CASE)] {
        fs::write(at(name), text).expect("a file of the test's own");
    }
    let bind = |option: &str, from: &Path, to: &str| format!("--{option}={}:{to}", from.display());
    let mut container = Command::new("timeout");
    container
        .args([CONTAINER_S_MAX, "systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes"])
        .args(["--register=no", "--keep-unit", "--private-network", "--console=pipe"])
        .arg(format!("--machine=driftline-unit-{}", std::process::id()))
        .arg(format!("--overlay-ro={}:/usr/bin:/usr/bin", at("bin").display()))
        .arg(bind("bind", &at("shared"), "/shared"))
        .arg(bind("bind", &agent.state_dir(), "/var/lib/driftline-agent"))
        .arg(bind("bind-ro", &at("etc"), "/etc/driftline"))
        .arg(bind("bind-ro", &at("inner.service"), "/etc/systemd/system/inner.service"))
        .arg(bind("bind-ro", &unit(), "/etc/systemd/system/driftline-agent.service"))
        .args(["--boot", "systemd.unit=inner.service", "systemd.firstboot=off", "systemd.condition-first-boot=no"]);
    let booted = output(&mut container);
    let said = |name: &str| read_text(&at(name));
    let (out, err) = (said("shared/out"), said("shared/err"));
    let console = String::from_utf8_lossy(&booted.stdout).into_owned() + &String::from_utf8_lossy(&booted.stderr);
    assert!(out.ends_with("done\n"), "{out}\n{err}\n{console}");

    for part in ["NoNewPrivs:\t1", "Seccomp:\t2", "ActiveState=active", "NRestarts=0", "Result=success"] {
        assert!(out.contains(part), "`{part}` is missing:\n{out}");
    }
    for (set, line) in ["CapEff", "CapBnd"].map(|set| (set, out.lines().find(|line| line.starts_with(set)))) {
        let bits = line.and_then(|line| u64::from_str_radix(line.split_whitespace().last()?, 16).ok());
        let bits = bits.expect("the kernel says which capabilities");
        for (number, name) in NEVER {
            assert_eq!((bits >> number) & 1, 0, "{set} has cap_{name}");
        }
        assert_eq!((bits >> 12) & 1, 1, "{set} has cap_net_admin, for the rules");
    }
}
