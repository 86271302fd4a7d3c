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

/// Those of a server's files that are there: `tests/run` installs its package,
/// so that none of them missing is a failure where that could be done.
fn installed(server: &str, paths: &[PathBuf]) -> Vec<PathBuf> {
    let there: Vec<PathBuf> = paths.iter().filter(|path| path.exists()).cloned().collect();
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    let all = !paths.is_empty() && there.len() == paths.len();
    assert!(all || !is_root, "{server}: there are only {there:?} of {paths:?}");
    there
}

#[test]
fn shipped_defaults_of_postgresql_have_no_problem() {
    let versions = std::fs::read_dir("/etc/postgresql").into_iter().flatten().flatten();
    // Not every installation makes a cluster.
    let clusters = versions.map(|entry| entry.path().join("main")).filter(|folder| folder.is_dir());
    let clusters: Vec<PathBuf> = clusters.collect();
    let mut files = Vec::new();
    for folder in &clusters {
        files.extend(["postgresql.conf", "pg_hba.conf", "pg_ident.conf"].map(|name| folder.join(name)));
    }
    // What the servers themselves make a new cluster of, of every version.
    let samples = std::fs::read_dir("/usr/share/postgresql").into_iter().flatten().flatten();
    let samples = samples.map(|entry| entry.path().join("postgresql.conf.sample")).filter(|path| path.exists());
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shipped");
    for (number, sample) in samples.enumerate() {
        let folder = own.join(number.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        files.push(folder.join("postgresql.conf"));
        std::fs::copy(sample, folder.join("postgresql.conf")).unwrap();
    }
    eprintln!("PostgreSQL: {} files inspected", inspected(&installed("postgresql", &files)));
}

#[test]
fn shipped_defaults_of_mariadb_have_no_problem() {
    let mut files = vec![PathBuf::from("/etc/mysql/my.cnf")];
    let folders = ["/etc/mysql/conf.d", "/etc/mysql/mariadb.conf.d"].map(Path::new);
    files.extend(folders.iter().filter(|folder| folder.is_dir()).flat_map(|folder| files_below(folder, ".cnf")));
    eprintln!("MariaDB: {} files inspected", inspected(&installed("mariadb-server", &files)));
}

#[test]
fn shipped_defaults_of_redis_and_nftables_have_no_problem() {
    for (server, path) in [("redis-server", "/etc/redis/redis.conf"), ("nftables", "/etc/nftables.conf")] {
        inspected(&installed(server, &[PathBuf::from(path)]));
    }
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
