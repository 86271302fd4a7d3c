//! `driftline inspect` over what each server's package ships, as it is typed and
//! without a word on the format: no problem in any of them.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on may panic")]

#[path = "../../../proto/canon/tests/support/unpacked.rs"]
mod unpacked;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use unpacked::{files_below, unpacked};

/// How many of these were read, each without a problem.
fn inspected(files: &[PathBuf]) -> usize {
    let wrong: Vec<String> = files
        .iter()
        .filter_map(|path| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_driftline"));
            command.arg("inspect").arg(path).env_clear().env("HOME", "/nonexistent").stdin(Stdio::null());
            let output = command.output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            let is_fine = output.status.success() && told.contains(" 0 problems");
            (!is_fine).then(|| format!("{}: {told}{}", path.display(), String::from_utf8_lossy(&output.stderr)))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    files.len()
}

/// Those that are there; a machine has the packages of `tests/run`.
fn there(paths: &[&str]) -> Vec<PathBuf> {
    paths.iter().map(PathBuf::from).filter(|path| path.exists()).collect()
}

#[test]
fn shipped_defaults_of_installed_servers_have_no_problem() {
    let mut files = there(&["/etc/mysql/my.cnf", "/etc/redis/redis.conf", "/etc/nftables.conf"]);
    let clusters = std::fs::read_dir("/etc/postgresql").into_iter().flatten().flatten();
    for folder in clusters.map(|entry| entry.path().join("main")) {
        let named = ["postgresql.conf", "pg_hba.conf", "pg_ident.conf"].map(|name| folder.join(name));
        files.extend(named.into_iter().filter(|path| path.exists()));
    }
    eprintln!("{} files inspected: {files:?}", inspected(&files));
}

#[test]
fn shipped_defaults_of_ufw_have_no_problem() {
    let Some(root) = unpacked("ufw") else { return };
    let mut files = files_below(&root, ".rules");
    files.extend(["etc/default/ufw", "usr/share/ufw/ufw.conf", "etc/ufw/sysctl.conf"].map(|name| root.join(name)));
    files.retain(|path| path.exists());
    assert!(inspected(&files) >= 8, "{files:?}");
}

#[test]
fn shipped_defaults_of_firewalld_have_no_problem() {
    let Some(root) = unpacked("firewalld") else { return };
    // One of each kind of service is enough here: all are read in canon's tests.
    let of = |folder: &str| files_below(&root.join("usr/lib/firewalld").join(folder), ".xml");
    let mut files: Vec<PathBuf> = of("services").into_iter().step_by(10).collect();
    files.extend(["zones", "policies", "icmptypes", "helpers", "ipsets"].iter().flat_map(|folder| of(folder)));
    files.extend(files_below(&root.join("etc/firewalld"), ".xml"));
    files.push(root.join("etc/firewalld/firewalld.conf"));
    assert!(files.iter().any(|path| path.ends_with(Path::new("lockdown-whitelist.xml"))));
    assert!(inspected(&files) >= 60, "{}", files.len());
}
