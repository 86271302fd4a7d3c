//! Compose projects, by the labels of their containers as docker keeps them.
//!
//! It asks no docker and runs nothing: without leave to read docker's directory
//! there are no projects to see.

use std::path::{Path, PathBuf};

use driftline_canon::SourceKind;
use serde::Deserialize;

use super::places::compose_file;
use super::root::Root;
use super::{Gathered, Table, names};

/// Where docker keeps a directory per container.
const CONTAINERS: &str = "/var/lib/docker/containers";

/// Bytes of a container's description, which has some ten thousand.
const DESCRIPTION_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Deserialize)]
struct Description {
    #[serde(rename = "Config")]
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    #[serde(rename = "Labels", default)]
    labels: Option<Labels>,
}

#[derive(Deserialize)]
struct Labels {
    #[serde(rename = "com.docker.compose.project")]
    project: Option<String>,
    #[serde(rename = "com.docker.compose.project.working_dir")]
    dir: Option<PathBuf>,
    #[serde(rename = "com.docker.compose.project.config_files", default)]
    files: String,
    #[serde(rename = "com.docker.compose.project.environment_file", default)]
    env: String,
}

pub(super) fn gather(root: &Root, gathered: &mut Gathered) {
    let containers = Path::new(CONTAINERS);
    for name in root.list(containers) {
        let path = containers.join(name).join("config.v2.json");
        let bytes = root.read(&path, DESCRIPTION_BYTES_MAX).unwrap_or_default();
        let described = serde_json::from_slice::<Description>(&bytes).ok();
        if let Some(labels) = described.and_then(|described| described.config.labels) {
            project(root, gathered, &labels);
        }
    }
}

fn project(root: &Root, gathered: &mut Gathered, labels: &Labels) {
    let (Some(project), Some(dir)) = (&labels.project, &labels.dir) else {
        return;
    };
    let listed = |text: &str| -> Vec<PathBuf> {
        text.split(',').filter(|one| !one.is_empty()).map(|one| dir.join(one)).collect()
    };
    let there = |path: &PathBuf| path.is_absolute() && root.is_file(path);
    for path in listed(&labels.files).into_iter().filter(there) {
        compose_file(gathered, project, path, "a container of the compose project was made with it".to_owned());
    }
    let mut env = listed(&labels.env);
    if env.is_empty() {
        env.push(dir.join(".env"));
    }
    for path in env.into_iter().filter(there) {
        let table = || {
            let table = Table::of_file(SourceKind::EnvFile, &names::below(project, &path), &path)?;
            Some(table.with("dialect", "compose"))
        };
        gathered.note(path.clone(), table, "a container of the compose project was made with it".to_owned());
    }
}
