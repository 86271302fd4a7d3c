use super::*;

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn arguments(&self) -> InitArguments {
        InitArguments {
            dir: self.path("state"),
            config: self.path("collector.toml"),
            names: vec!["collector.example".to_owned()],
            operator: "admin".to_owned(),
            operator_config: Some(self.path("operator/cli.toml")),
            ingest_listen: Some("127.0.0.1:0".parse().unwrap()),
            enrol_listen: None,
            api_listen: None,
        }
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(files::read_limited(&self.path(name), 64 * 1024).unwrap()).unwrap()
    }
}

#[test]
fn everything_is_made_private_and_the_fleet_key_leaves_no_copy() {
    let place = Place::new();
    let created = create(&place.arguments()).unwrap();
    for name in [
        "state/ca.key",
        "state/ca.pem",
        "state/pepper",
        "state/server.key",
        "operator/cli.toml",
        "operator/operator.token",
        "operator/fleet-key.toml",
        "operator/ca.pem",
    ] {
        let mode = std::fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let key: toml::Table = toml::from_str(&place.text("operator/fleet-key.toml")).unwrap();
    let key = key["fleet"]["key"].as_str().unwrap().to_owned();
    let raw: [u8; 32] = crate::hex::decode(&key).unwrap();
    let mut files = vec![place.path("state")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = driftline_daemon::files::read_limited(&path, 64 * 1024 * 1024).unwrap();
        let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        assert!(!holds(key.as_bytes()) && !holds(&raw), "{} holds the fleet key", path.display());
    }
    assert_eq!(created.api, "collector.example:7443");
    let config = Config::load(&place.path("collector.toml")).unwrap();
    assert_eq!(config.state_dir, place.path("state"));
    assert_eq!(config.advertise.names, ["collector.example"]);
}

#[test]
fn only_the_hash_of_the_bearer_token_is_stored() {
    use sha2::Digest as _;
    let place = Place::new();
    create(&place.arguments()).unwrap();
    let token = place.text("operator/operator.token");
    let hash: [u8; 32] = sha2::Sha256::digest(token.trim().as_bytes()).into();
    let config = Config::load(&place.path("collector.toml")).unwrap();
    let store = state::open_store(&config, false).unwrap();
    assert_eq!(store.reader().unwrap().operator_by_token_hash(&hash).unwrap().unwrap().roles, ["admin"]);
}

#[test]
fn a_collector_that_is_there_is_never_touched() {
    let place = Place::new();
    create(&place.arguments()).unwrap();
    let before = place.text("state/ca.pem");
    assert!(matches!(create(&place.arguments()), Err(ServerError::AlreadyInitialised { .. })));
    assert_eq!(place.text("state/ca.pem"), before);
}

#[test]
fn i2_a_crash_in_the_middle_is_repaired_by_doing_it_again() {
    let place = Place::new();
    create(&place.arguments()).unwrap();
    let (ca, key) = (place.text("state/ca.pem"), place.text("operator/fleet-key.toml"));
    for lost in ["state/initialised", "operator/cli.toml", "state/server.pem", "operator/operator.token"] {
        std::fs::remove_file(place.path(lost)).unwrap();
        std::fs::remove_file(place.path("state/initialised")).ok();
        create(&place.arguments()).unwrap();
        assert_eq!(place.text("state/ca.pem"), ca, "after {lost}");
        assert_eq!(place.text("operator/fleet-key.toml"), key, "after {lost}");
    }
}

#[test]
fn another_collectors_access_is_not_overwritten() {
    let (one, two) = (Place::new(), Place::new());
    create(&one.arguments()).unwrap();
    let arguments = InitArguments { operator_config: Some(one.path("operator/cli.toml")), ..two.arguments() };
    assert!(matches!(create(&arguments), Err(ServerError::OperatorConfigTaken { .. })));
}

#[test]
fn a_flag_that_contradicts_the_file_is_refused() {
    let place = Place::new();
    create(&place.arguments()).unwrap();
    let arguments = InitArguments { ingest_listen: Some("127.0.0.1:9".parse().unwrap()), ..place.arguments() };
    assert!(matches!(create(&arguments), Err(ServerError::Contradiction { flag: "--ingest-listen", .. })));
}

#[test]
fn what_to_do_next_fits_a_terminal() {
    let created = Created {
        config: PathBuf::from(DEFAULT_PATH),
        state_dir: PathBuf::from("/var/lib/driftline-collector"),
        operator_config: PathBuf::from("/root/.config/driftline/cli.toml"),
        api: "collector.example:7443".to_owned(),
    };
    let text = next_steps(&created);
    assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    assert!(text.contains("driftline token create --env production --role web"));
}
