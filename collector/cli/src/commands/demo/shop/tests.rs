//! The sample is what the demo says of it, and a directory is read as one.

use driftline_canon::{DisplayPolicy, FleetKey, Format, KeyEpoch, Observation, SourceKind, format};
use driftline_compare::compare::{Comparison, Fact, Listing, Place, Side, compare};

use super::*;

fn side(stage: &Stage) -> Side {
    let mut side = Side::new(stage.name.as_str());
    let keyed = FleetKey::new([7; 32], KeyEpoch(0)).keyed();
    let (role, source) = ("web".parse().unwrap(), "app".parse().unwrap());
    let read = format::read(Format::EnvFile(Some(EnvDialect::Dotenv)), &stage.files[0].bytes);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    let observation = Observation::of_settings(&read.settings, &keyed, DisplayPolicy::Clear);
    for host in &stage.hosts {
        let host = host.parse().unwrap();
        let id = side.source(Place { host: &host, role: &role, source: &source, kind: SourceKind::EnvFile });
        for item in observation.items() {
            let display = item.display.as_ref().map(|display| display.as_str());
            side.item(id, Fact { key: &item.key, digest: &item.digest.0, secret: item.secret, display });
        }
    }
    side
}

fn compared(a: &str, b: &str) -> Comparison {
    let shop = Shop::load(None).unwrap();
    let stage = |name: &str| shop.environments.iter().find(|stage| stage.name.as_str() == name).unwrap();
    compare(&side(stage(a)), &side(stage(b)), Listing::Differences)
}

#[test]
fn the_sample_differs_in_12_of_80_settings_secrets_among_them() {
    let comparison = compared("production", "staging");
    assert_eq!((comparison.keys, comparison.differing, comparison.percent().as_str()), (80, 12, "15.0"));
    assert!(comparison.differences.iter().filter(|one| one.left.secret && one.right.secret).count() >= 3);
    assert!(compared("production", "dev").differing > 12);
}

#[test]
fn production_has_three_hosts_and_comes_last() {
    let shop = Shop::load(None).unwrap();
    let (production, staging) = shop.production().unwrap();
    assert_eq!((production.name.as_str(), staging.name.as_str()), ("production", "staging"));
    assert_eq!(production.hosts, ["web-1", "web-2", "web-3"]);
    assert_eq!(shop.environments.iter().map(|stage| stage.hosts.len()).sum::<usize>(), 5);
}

fn directory(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        let path = dir.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "A=1\n").unwrap();
    }
    dir
}

#[test]
fn a_directory_has_one_folder_per_environment() {
    let dir =
        directory(&["prod/.env", "prod/db.env", "prod/notes.txt", "qa/.env", "staging/.env", ".git/x.env", "README"]);
    let shop = Shop::load(Some(dir.path())).unwrap();
    let names: Vec<_> = shop.environments.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["qa", "staging", "prod"]);
    let (production, _) = shop.production().unwrap();
    assert_eq!(production.hosts, ["prod-1", "prod-2", "prod-3"]);
    let sources: Vec<_> = production.files.iter().map(|file| (file.source.as_str(), file.name.as_str())).collect();
    assert_eq!(sources, [("dotenv", ".env"), ("db", "db.env")]);
}

#[test]
fn without_a_production_the_last_one_has_three_hosts() {
    let dir = directory(&["blue/a.env", "green/a.env"]);
    let shop = Shop::load(Some(dir.path())).unwrap();
    assert_eq!(shop.production().unwrap().0.hosts, ["green-1", "green-2", "green-3"]);
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let one = directory(&["prod/.env", "empty/readme"]);
    let failure = Shop::load(Some(one.path())).unwrap_err();
    assert_eq!(failure.exit(), Exit::Data);
    assert!(failure.to_string().contains("1 environment with"), "{failure}");
    assert_eq!(Shop::load(Some(Path::new("/nonexistent"))).unwrap_err().exit(), Exit::Inconclusive);
    let odd = directory(&["prod/.env", "a b/.env"]);
    assert!(Shop::load(Some(odd.path())).unwrap_err().to_string().contains("folder `a b`"));
}

#[test]
fn the_samples_database_servers_are_configured_alike_however_they_write_it() {
    let shop = Shop::load(None).unwrap();
    let keyed = FleetKey::new([7; 32], KeyEpoch(0)).keyed();
    let of = |stage: &Stage| {
        let read = format::read(Format::PostgresConf, &stage.database.as_ref().unwrap().bytes);
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        let observation = Observation::of_settings(&read.settings, &keyed, DisplayPolicy::Clear);
        observation.items().iter().map(|item| (item.key.clone(), item.digest)).collect::<Vec<_>>()
    };
    let (production, staging) = shop.production().unwrap();
    assert_eq!(production.database.as_ref().unwrap().host, "db-1");
    assert!(of(production).len() >= 15);
    let differ: Vec<_> = of(production).into_iter().zip(of(staging)).filter(|(a, b)| a != b).collect();
    assert_eq!(differ.len(), 1, "only where they listen: {differ:?}");
    assert_eq!(shop.environments[0].database, None);
}

#[test]
fn a_directory_may_have_a_database_server_per_environment() {
    let dir = directory(&["prod/.env", "qa/.env", "qa/postgresql.conf"]);
    let shop = Shop::load(Some(dir.path())).unwrap();
    let hosts: Vec<_> =
        shop.environments.iter().map(|stage| stage.database.as_ref().map(|of| of.host.as_str())).collect();
    assert_eq!(hosts, [Some("qa-db-1"), None]);
    let none = directory(&["prod/postgresql.conf", "qa/.env", "staging/.env"]);
    let names = Shop::load(Some(none.path())).unwrap().environments.len();
    assert_eq!(names, 2, "an environment is one with env files");
}
