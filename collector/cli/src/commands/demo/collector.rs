//! The demo's collector: made by `init`, with one alert route, and run.
//!
//! What it is told is what an operator would tell it; the fleet key it makes
//! goes to the operator's files, as always.

use std::path::Path;
use std::time::{Duration, Instant};

use driftline_api::token::WhoAmI;
use tokio::process::Command;

use super::children::{Children, succeed};
use super::place::{Place, free_ports, program};
use crate::arguments;
use crate::client::{Access, Client};
use crate::config;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;

/// How long the collector may take to answer: it makes keys first.
const READY_S_MAX: u64 = 30;

/// How often it is asked whether it is ready.
const ASK_MS: u64 = 50;

/// A collector that answers.
#[derive(Debug)]
pub(super) struct Collector {
    pub(super) access: Access,
    pub(super) client: Client,
    pub(super) ports: [u16; 3],
}

/// Makes and starts a collector that alerts to `webhook`.
pub(super) async fn start(place: &Place, children: &mut Children, webhook: &str, secret: &str) -> Outcome<Collector> {
    let program = program("driftline-collector")?;
    let ports @ [ingest, enrol, api] = free_ports::<3>()?;
    let config = place.at("collector.toml");
    let mut init = Command::new(&program);
    init.arg("init").arg("--dir").arg(place.at("collector")).arg("--config").arg(&config);
    init.arg("--operator-config").arg(place.operator_config()).args(["--name", "127.0.0.1"]);
    for (flag, port) in [("--ingest-listen", ingest), ("--enrol-listen", enrol), ("--api-listen", api)] {
        init.arg(flag).arg(format!("127.0.0.1:{port}"));
    }
    place.folder("operator")?;
    succeed("driftline-collector init", &mut init).await?;
    add_route(place, &config, webhook, secret)?;
    let mut run = Command::new(&program);
    run.arg("run").arg("--config").arg(&config);
    children.start("the collector", &mut run, place.at("collector.log"))?;
    let settings = config::load(Some(&place.operator_config()), &arguments::known_flags())?;
    let path = |key: &str| settings.flag(key).map(Into::into);
    let access = Access {
        collector: settings.flag("collector").map(str::to_owned),
        ca_file: path("ca_file"),
        ca_pem: settings.ca_pem.clone(),
        token_file: path("token_file"),
        fleet_key_file: path("fleet_key_file"),
        ..Access::default()
    };
    let client = Client::new(&access)?;
    ready(&client, children).await?;
    Ok(Collector { access, client, ports })
}

fn add_route(place: &Place, config: &Path, webhook: &str, secret: &str) -> Outcome<()> {
    let fail = |error: std::io::Error| Failure::file(Exit::Internal, "write", config, &error);
    let secret_file = place.at("webhook.secret");
    input::write_private(&secret_file, secret.as_bytes()).map_err(fail)?;
    let mut text = input::read_limited(config, config::CONFIG_BYTES_MAX).map_err(fail)?;
    let path = toml::Value::from(secret_file.to_string_lossy().into_owned());
    let route = format!(
        "\n[[alert]]\nname = \"demo\"\nkind = \"webhook\"\nurl = \"{webhook}\"\nsecret_file = {path}\n\
         min_severity = \"info\"\n"
    );
    text.extend_from_slice(route.as_bytes());
    input::write_private(config, &text).map_err(fail)
}

async fn ready(client: &Client, children: &mut Children) -> Outcome<()> {
    let begun = Instant::now();
    loop {
        match client.get::<WhoAmI>(&["whoami"], &()).await {
            Ok(_) => return Ok(()),
            Err(failure) if failure.exit() != Exit::Unreachable => return Err(failure),
            Err(failure) if begun.elapsed() > Duration::from_secs(READY_S_MAX) => return Err(failure),
            Err(_) => children.check()?,
        }
        tokio::time::sleep(Duration::from_millis(ASK_MS)).await;
    }
}
