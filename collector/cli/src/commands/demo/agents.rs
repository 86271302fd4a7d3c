//! The demo's agents: one per host, each with its own directory, files, token
//! and certificate.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use driftline_api::host::HostPage;
use driftline_canon::Role;
use tokio::process::Command;

use super::children::{Children, succeed};
use super::collector::Collector;
use super::place::{Place, program};
use super::shop::{EnvFile, Shop, Stage};
use crate::commands::token::{self, Wanted};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;

/// What every host of the demo is for.
const ROLE: &str = "web";

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

/// Enrols and starts the agents of all environments, and waits until all have
/// reported.
pub(super) async fn start(place: &Place, shop: &Shop, collector: &Collector, children: &mut Children) -> Outcome<u32> {
    let program = program("driftline-agent")?;
    let mut started: u32 = 0;
    for stage in &shop.environments {
        for host in &stage.hosts {
            let config = prepare(place, stage, host)?;
            enrol(&program, &config, stage, host, collector).await?;
            let mut run = Command::new(&program);
            run.arg("run").arg("--config").arg(&config);
            children.start(host, &mut run, place.at(&format!("hosts/{host}/agent.log")))?;
            started += 1;
        }
    }
    wait(shop, collector, children).await?;
    Ok(started)
}

fn prepare(place: &Place, stage: &Stage, host: &str) -> Outcome<PathBuf> {
    let files = place.folder(&format!("hosts/{host}/files"))?;
    for file in &stage.files {
        let path = files.join(&file.name);
        input::write_private(&path, &file.bytes)
            .map_err(|error| Failure::file(Exit::Internal, "write", &path, &error))?;
    }
    let state = place.folder(&format!("hosts/{host}/state"))?;
    let quoted = |path: PathBuf| toml::Value::from(path.to_string_lossy().into_owned());
    let mut text = format!("state_dir = {}\n", quoted(state));
    for file in &stage.files {
        text.push_str(&source(file, &quoted(files.join(&file.name))));
    }
    let path = place.at(&format!("hosts/{host}/agent.toml"));
    input::write_private(&path, text.as_bytes())
        .map_err(|error| Failure::file(Exit::Internal, "write", &path, &error))?;
    Ok(path)
}

fn source(file: &EnvFile, path: &toml::Value) -> String {
    let name = toml::Value::from(file.source.as_str());
    let dialect = file.dialect.map_or_else(String::new, |dialect| format!("dialect = \"{dialect}\"\n"));
    format!("\n[[source]]\nkind = \"env_file\"\nname = {name}\npath = {path}\n{dialect}")
}

async fn enrol(program: &PathBuf, config: &PathBuf, stage: &Stage, host: &str, collector: &Collector) -> Outcome<()> {
    let unfit = |error: driftline_canon::NameError| Failure::new(Exit::Data, format!("host `{host}`: {error}"));
    let wanted = Wanted {
        environment: stage.name.clone(),
        role: Role::new(ROLE).map_err(unfit)?,
        host: Some(host.parse().map_err(unfit)?),
        valid: Duration::from_secs(TOKEN_S),
    };
    let (token, _) = token::make(&collector.client, &collector.access, &wanted).await?;
    let mut enroll = Command::new(program);
    enroll.arg("enroll").arg("--config").arg(config).args(["--host", host]).arg(token.as_str());
    succeed(&format!("driftline-agent enroll on {host}"), &mut enroll).await
}

/// Waits until each host is connected and each of its sources is known.
async fn wait(shop: &Shop, collector: &Collector, children: &mut Children) -> Outcome<()> {
    let begun = Instant::now();
    let wanted: Vec<(&str, usize)> = shop
        .environments
        .iter()
        .flat_map(|stage| stage.hosts.iter().map(|host| (host.as_str(), stage.files.len())))
        .collect();
    loop {
        children.check()?;
        let page: HostPage = collector.client.get(&["hosts"], &()).await?;
        let has_reported = |(name, sources): &&(&str, usize)| {
            let host = page.hosts.iter().find(|host| host.host == *name);
            host.is_some_and(|host| host.status == "connected" && usize::try_from(host.sources) == Ok(*sources))
        };
        let missing = wanted.iter().find(|one| !has_reported(one));
        let Some((host, _)) = missing else { return Ok(()) };
        if begun.elapsed() > Duration::from_secs(READY_S_MAX) {
            let said = format!("{host} did not report within {READY_S_MAX} s");
            return Err(Failure::new(Exit::Inconclusive, said).hint("`--keep` keeps the logs of all of them"));
        }
        tokio::time::sleep(Duration::from_millis(ASK_MS)).await;
    }
}
