//! Hosts made of files, and what is proposed for them.

use super::*;
use crate::config::Config;

fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn proposed(files: &[(&str, &str)]) -> (Findings, String, Config) {
    let dir = host(files);
    let findings = look(dir.path()).unwrap();
    let text = document(&findings);
    let config = Config::parse("agent.toml".as_ref(), &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (findings, text, config)
}

fn names(config: &Config) -> Vec<&str> {
    let mut names: Vec<_> = config.sources.iter().map(|source| source.name.as_str()).collect();
    names.dedup();
    names
}

#[test]
fn an_empty_host_gives_a_configuration_of_nothing() {
    let (findings, text, config) = proposed(&[]);
    assert_eq!(findings, Findings::default());
    assert!(config.sources.is_empty() && text.contains("Nothing was found"), "{text}");
}

#[test]
fn a_whole_host_is_proposed_and_then_covered() {
    let (findings, text, config) = proposed(&[
        ("/etc/systemd/system/web.service", "[Service]\nEnvironmentFile=-/etc/default/web\nExecStart=/bin/web\n"),
        ("/usr/lib/systemd/system/redis.service", "[Service]\nExecStart=/usr/bin/redis-server /etc/redis/redis.conf\n"),
        ("/etc/default/web", "PORT=1\n"),
        ("/etc/redis/redis.conf", "port 1\n"),
        ("/etc/postgresql/16/main/postgresql.conf", ""),
        ("/etc/postgresql/16/main/pg_hba.conf", ""),
        ("/etc/nftables.conf", "flush ruleset\n"),
        ("/etc/sysctl.d/10-a.conf", "vm.swappiness = 1\n"),
        ("/etc/sysctl.d/20-b.conf", "vm.swappiness = 2\n"),
        ("/srv/shop-production/.env", "A=1\n"),
        ("/srv/shop-production/compose.yaml", "services: {}\n"),
        ("/proc/812/cmdline", "/usr/bin/vector\0--config\0/etc/vector/vector.toml\0--password=hunter2\0"),
        ("/etc/vector/vector.toml", "[sources]\na = 1\n"),
        ("/proc/net/ip_tables_names", "filter\n"),
    ]);
    let expected = ["web", "nftables", "postgresql", "redis", "shop", "shop-compose", "sysctl.d", "vector"];
    for name in expected {
        assert!(names(&config).contains(&name), "{name} is not in\n{text}");
    }
    let coverage = covered(&findings, &config);
    assert_eq!((coverage.watched, coverage.found), (11, 11), "{:?}", coverage.unwatched);
    assert!(text.contains("# /etc/default/web: environment of web.service\n[[source]]\nkind = \"env_file\""), "{text}");
    assert!(
        text.contains("a running vector has it as `--config`")
            && text.contains("tables of iptables-legacy are loaded: filter")
    );
    assert!(text.contains("redis.service starts redis-server with it as `its first argument`"), "{text}");
    assert!(!text.contains("hunter2"));
    assert_eq!(additions(&findings, &config), "");
}

#[test]
fn drop_ins_and_masks_count_as_for_systemd() {
    let dir = host(&[
        ("/usr/lib/systemd/system/web.service", "[Service]\nEnvironmentFile=/etc/old.env\n"),
        ("/usr/lib/systemd/system/web.service.d/10-x.conf", "[Service]\nEnvironmentFile=/etc/no.env\n"),
        ("/etc/systemd/system/web.service.d/10-x.conf", "[Service]\nEnvironmentFile=\nEnvironmentFile=/etc/new.env\n"),
        ("/usr/lib/systemd/system/gone.service", "[Service]\nEnvironmentFile=/etc/gone.env\n"),
        ("/usr/lib/systemd/system/work@.service", "[Service]\nEnvironmentFile=/etc/work/%i.env\n"),
        ("/etc/old.env", ""),
        ("/etc/new.env", ""),
        ("/etc/no.env", ""),
        ("/etc/gone.env", ""),
        ("/etc/work/eu.env", ""),
    ]);
    std::os::unix::fs::symlink("/dev/null", dir.path().join("etc/systemd/system/gone.service")).unwrap();
    let findings = look(dir.path()).unwrap();
    let paths: Vec<_> = findings.files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["/etc/new.env", "/etc/work/eu.env"]);
    let text = document(&findings);
    assert!(text.contains("path = \"/etc/work/*.env\""), "{text}");
}

#[test]
fn the_same_name_twice_is_told_apart_and_stays() {
    let files = [("/srv/shop/.env", ""), ("/opt/shop/.env", ""), ("/var/www/shop/.env", "")];
    let (_, _, config) = proposed(&files);
    assert_eq!(names(&config), ["shop", "shop-shop", "shop-shop-2"]);
}

#[test]
fn what_cannot_be_written_down_is_said() {
    let (findings, text, config) = proposed(&[("/srv/a*b/.env", ""), ("/srv/a\nb/.env", ""), ("/srv/a\"b/.env", "")]);
    assert_eq!((findings.files.len(), config.sources.len()), (3, 1));
    assert!(text.contains("# Not watched by this: /srv/a*b/.env") && text.contains("a\\u{a}b/.env"), "{text}");
    assert_eq!(covered(&findings, &config).watched, 1);
}

#[test]
fn an_image_is_not_left_by_a_link() {
    let outside = host(&[("/secret/.env", "A=1")]);
    let dir = host(&[("/srv/a/x", "")]);
    let link = |target: &Path, at: &str| std::os::unix::fs::symlink(target, dir.path().join(at)).unwrap();
    link(&outside.path().join("secret/.env"), "srv/a/.env");
    link(&outside.path().join("secret"), "srv/b");
    assert_eq!(look(dir.path()).unwrap().files, []);
}

#[test]
fn what_a_configuration_lacks_is_added_under_a_free_name() {
    let files = [("/srv/shop/.env", ""), ("/etc/nftables.conf", "")];
    let dir = host(&files);
    let findings = look(dir.path()).unwrap();
    let text = "[[source]]\nkind = \"file\"\nname = \"nftables\"\npath = \"/etc/x\"\n\
                [[source]]\nkind = \"env_file\"\nname = \"any\"\npath = \"/srv/*/.env\"\n";
    let config = Config::parse("agent.toml".as_ref(), text).unwrap();
    let added = additions(&findings, &config);
    assert!(added.contains("name = \"nftables-2\"") && !added.contains("/srv"), "{added}");
    Config::parse("agent.toml".as_ref(), &format!("{text}{added}")).unwrap();
}

#[test]
fn a_unit_that_runs_is_proposed_to_be_held_against_its_file() {
    let stat = "10 (web) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 500 99 100\n";
    let (_, text, config) = proposed(&[
        ("/etc/systemd/system/web.service", "[Service]\nEnvironmentFile=/etc/default/web\n"),
        ("/etc/systemd/system/down.service", "[Service]\nEnvironmentFile=/etc/default/web\n"),
        ("/etc/default/web", "PORT=1\n"),
        ("/sys/fs/cgroup/system.slice/web.service/cgroup.procs", "10\n"),
        ("/proc/10/stat", stat),
    ]);
    assert_eq!(names(&config), ["web"]);
    // A person takes the signs of a comment away.
    let taken: String = text.lines().map(|line| format!("{}\n", strip(line))).collect();
    let config = Config::parse("agent.toml".as_ref(), &taken).unwrap_or_else(|error| panic!("{error}\n{taken}"));
    assert_eq!(names(&config), ["web", "web-live"]);
    assert_eq!(config.sources[1].path_display(), "unit web.service");
}

fn strip(line: &str) -> &str {
    line.strip_prefix('#').filter(|rest| rest.starts_with(['[', 'k', 'n', 'u', 'e'])).unwrap_or(line)
}
