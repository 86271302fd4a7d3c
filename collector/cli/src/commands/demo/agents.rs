//! The demo's agents: one per host, each with its own directory, files, token
//! and certificate.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use driftline_api::host::HostPage;
use driftline_canon::{Environment, Role};
use tokio::process::Command;

use super::children::{Children, succeed};
use super::collector::Collector;
use super::edit;
use super::place::{Place, program};
use super::shop::{DATABASE_FILE, Database, EnvFile, Shop, Stage};
use crate::commands::token::{self, Wanted};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;

/// What the hosts of env files are for, those of databases, and the one of the
/// firewall.
const WEB: &str = "web";
const DATABASE: &str = "db";
const EDGE: &str = "edge";

/// Sources of the firewall's host: the rules of nft, and those of iptables.
const FIREWALL_SOURCES: usize = 2;

/// How long all agents together may take to connect and report.
const READY_S_MAX: u64 = 30;

/// How often the collector is asked for them.
const ASK_MS: u64 = 50;

/// How long a token of the demo can be used: it is used at once.
const TOKEN_S: u64 = 300;

/// Directory of a host's files.
pub(super) fn folder(place: &Place, host: &str) -> PathBuf {
    place.at(&format!("hosts/{host}/files"))
}

/// A host that gets an agent: what it is for, and its files.
struct Host<'a> {
    environment: &'a Environment,
    name: &'a str,
    role: &'static str,
    files: Vec<Watched<'a>>,
    /// The network namespace whose firewall it watches.
    namespace: Option<&'a str>,
}

/// A file with the lines of its source, all but the path.
struct Watched<'a> {
    name: &'a str,
    bytes: &'a [u8],
    source: String,
}

/// Enrols and starts the agents of all environments, and waits until all have
/// reported.
pub(super) async fn start(place: &Place, shop: &Shop, collector: &Collector, children: &mut Children) -> Outcome<u32> {
    let hosts: Vec<_> = shop.environments.iter().flat_map(web_hosts).collect();
    launch(place, &hosts, collector, children).await
}

/// The same for the hosts of the database servers: they join what runs.
pub(super) async fn join(place: &Place, shop: &Shop, collector: &Collector, children: &mut Children) -> Outcome<u32> {
    let hosts: Vec<_> = shop.environments.iter().filter_map(database_host).collect();
    launch(place, &hosts, collector, children).await
}

/// The same for a host whose firewall is that of a network namespace.
pub(super) async fn join_firewall(
    place: &Place,
    (environment, name, namespace): (&Environment, &str, &str),
    collector: &Collector,
    children: &mut Children,
) -> Outcome<()> {
    let host = Host { environment, name, role: EDGE, files: Vec::new(), namespace: Some(namespace) };
    launch(place, &[host], collector, children).await.map(|_| ())
}

fn web_hosts(stage: &Stage) -> impl Iterator<Item = Host<'_>> {
    stage.hosts.iter().map(|name| {
        let files = stage.files.iter().map(Watched::env_file).collect();
        Host { environment: &stage.name, name, role: WEB, files, namespace: None }
    })
}

fn database_host(stage: &Stage) -> Option<Host<'_>> {
    let database = stage.database.as_ref()?;
    let files = vec![Watched::of_database(database)];
    Some(Host { environment: &stage.name, name: &database.host, role: DATABASE, files, namespace: None })
}

impl<'a> Watched<'a> {
    fn env_file(file: &'a EnvFile) -> Self {
        let name = toml::Value::from(file.source.as_str());
        let dialect = file.dialect.map_or_else(String::new, |dialect| format!("dialect = \"{dialect}\"\n"));
        let source = format!("kind = \"env_file\"\nname = {name}\n{dialect}");
        Self { name: &file.name, bytes: &file.bytes, source }
    }

    fn of_database(database: &'a Database) -> Self {
        let source =
            format!("kind = \"database_config\"\nserver = \"postgresql\"\nname = \"{}\"\n", edit::DATABASE_SOURCE);
        Self { name: DATABASE_FILE, bytes: &database.bytes, source }
    }
}

async fn launch(place: &Place, hosts: &[Host<'_>], collector: &Collector, children: &mut Children) -> Outcome<u32> {
    let program = program("driftline-agent")?;
    let mut started: u32 = 0;
    for host in hosts {
        let config = prepare(place, host)?;
        enrol(&program, &config, host, collector).await?;
        let mut run = Command::new(&program);
        run.arg("run").arg("--config").arg(&config);
        children.start(host.name, &mut run, place.at(&format!("hosts/{}/agent.log", host.name)))?;
        started += 1;
    }
    wait(hosts, collector, children).await?;
    Ok(started)
}

fn prepare(place: &Place, host: &Host<'_>) -> Outcome<PathBuf> {
    let name = host.name;
    let write = |path: &PathBuf, bytes: &[u8]| {
        input::write_private(path, bytes).map_err(|error| Failure::file(Exit::Internal, "write", path, &error))
    };
    let files = place.folder(&format!("hosts/{name}/files"))?;
    let state = place.folder(&format!("hosts/{name}/state"))?;
    let quoted = |path: &PathBuf| toml::Value::from(path.to_string_lossy().into_owned());
    let mut text = format!("state_dir = {}\n", quoted(&state));
    for file in &host.files {
        let path = files.join(file.name);
        write(&path, file.bytes)?;
        text.push_str(&format!("\n[[source]]\n{}path = {}\n", file.source, quoted(&path)));
    }
    if let Some(namespace) = host.namespace {
        let namespace = toml::Value::from(namespace);
        text.push_str("\n[[source]]\nkind = \"firewall\"\nname = \"firewall\"\nown = false\n");
        text.push_str(&format!("namespaces = [{namespace}]\n"));
    }
    let path = place.at(&format!("hosts/{name}/agent.toml"));
    write(&path, text.as_bytes())?;
    Ok(path)
}

async fn enrol(program: &PathBuf, config: &PathBuf, host: &Host<'_>, collector: &Collector) -> Outcome<()> {
    let name = host.name;
    let unfit = |error: driftline_canon::NameError| Failure::new(Exit::Data, format!("host `{name}`: {error}"));
    let wanted = Wanted {
        environment: host.environment.clone(),
        role: Role::new(host.role).map_err(unfit)?,
        host: Some(name.parse().map_err(unfit)?),
        valid: Duration::from_secs(TOKEN_S),
    };
    let (token, _) = token::make(&collector.client, &collector.access, &wanted).await?;
    let mut enroll = Command::new(program);
    enroll.arg("enroll").arg("--config").arg(config).args(["--host", name]).arg(token.as_str());
    succeed(&format!("driftline-agent enroll on {name}"), &mut enroll).await
}

/// Waits until each host is connected and each of its sources is known.
async fn wait(hosts: &[Host<'_>], collector: &Collector, children: &mut Children) -> Outcome<()> {
    let begun = Instant::now();
    loop {
        children.check()?;
        let page: HostPage = collector.client.get(&["hosts"], &()).await?;
        let has_reported = |wanted: &&Host<'_>| {
            let host = page.hosts.iter().find(|host| host.host == wanted.name);
            let of_firewall = if wanted.namespace.is_some() { FIREWALL_SOURCES } else { 0 };
            let all = Ok(wanted.files.len() + of_firewall);
            host.is_some_and(|host| host.status == "connected" && usize::try_from(host.sources) == all)
        };
        let Some(missing) = hosts.iter().find(|one| !has_reported(one)) else { return Ok(()) };
        if begun.elapsed() > Duration::from_secs(READY_S_MAX) {
            let said = format!("{} did not report within {READY_S_MAX} s", missing.name);
            return Err(Failure::new(Exit::Inconclusive, said).hint("`--keep` keeps the logs of all of them"));
        }
        tokio::time::sleep(Duration::from_millis(ASK_MS)).await;
    }
}
