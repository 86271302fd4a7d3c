//! Arrows, diets and licences, from `cargo metadata` and `cargo tree`.
//!
//! It looks at normal dependencies only: tests may use what they like.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::{read, root};

/// Who may depend on whom inside the house (DESIGN section 3).
const ARROWS: &[(&str, &[&str])] = &[
    ("driftline-canon", &[]),
    ("driftline-api", &[]),
    ("driftline-daemon", &[]),
    ("driftline-wire", &["driftline-canon"]),
    ("driftline-compare", &["driftline-canon"]),
    ("driftline-store", &["driftline-compare", "driftline-canon"]),
    ("driftline-agent", &["driftline-wire", "driftline-canon", "driftline-daemon"]),
    (
        "driftline-server",
        &[
            "driftline-store",
            "driftline-compare",
            "driftline-wire",
            "driftline-api",
            "driftline-daemon",
            "driftline-canon",
        ],
    ),
    ("driftline-cli", &["driftline-compare", "driftline-api", "driftline-canon"]),
];

/// Crates that only certain rooms may name, and why.
const DIETS: &[(&str, &[&str])] = &[
    // Only `wire` knows protobuf.
    ("prost", &["driftline-wire"]),
    ("prost-types", &["driftline-wire"]),
    ("tonic-prost", &["driftline-wire"]),
    // Only `store` knows the engines; the agent keeps one redb file of its own.
    ("sled", &["driftline-store"]),
    ("redb", &["driftline-store", "driftline-agent"]),
    // JSON belongs to `api`, the HTTP room and the command line; the agent
    // prints its status with it, and canon reads what `nft -j` prints.
    ("serde_json", &["driftline-api", "driftline-server", "driftline-cli", "driftline-agent", "driftline-canon"]),
    // The core is pure: neither clock, nor I/O, nor async.
    ("tokio", &["driftline-wire", "driftline-daemon", "driftline-agent", "driftline-server", "driftline-cli"]),
    ("anyhow", &["driftline-cli"]),
    ("notify", &["driftline-agent"]),
    ("sysinfo", &["driftline-agent"]),
];

/// The most packages that the agent may link (STYLE, "The bar").
const AGENT_PACKAGES_MAX: usize = 200;

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `cargo tree` for the first target, one package a line.
fn tree(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--prefix", "none", "--locked", "--target", "x86_64-unknown-linux-gnu"])
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Normal dependencies of each crate of the workspace, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| members.contains(package["id"].as_str().unwrap()))
        .map(|package| {
            let normal = package["dependencies"].as_array().unwrap().iter().filter(|one| one["kind"].is_null());
            let names = normal.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

#[test]
fn arrows_point_one_way() {
    let all = dependencies();
    for (name, allowed) in ARROWS {
        for found in all[*name].iter().filter(|one| one.starts_with("driftline-")) {
            assert!(allowed.contains(&found.as_str()), "{name} may not depend on {found}");
        }
    }
    let unknown: Vec<_> = all.keys().filter(|name| !ARROWS.iter().any(|(known, _)| known == name)).collect();
    assert_eq!(unknown, ["driftline-tests"], "a crate without arrows: add it to the charter first");
}

#[test]
fn rooms_keep_their_diet() {
    let all = dependencies();
    for (dependency, allowed) in DIETS {
        for (name, _) in all.iter().filter(|(name, found)| *name != "driftline-tests" && found.contains(*dependency)) {
            assert!(allowed.contains(&name.as_str()), "{name} may not name {dependency}");
        }
    }
}

#[test]
fn the_agent_links_few_packages() {
    let text = tree(&["-p", "driftline-agent", "-e", "normal", "--format", "{p}"]);
    let packages: BTreeSet<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    assert!(packages.len() <= AGENT_PACKAGES_MAX, "the agent links {} packages", packages.len());
}

/// What `cargo deny check licenses bans sources` would say, without it.
#[test]
fn licences_bans_and_sources_hold() {
    let law: toml::Table = toml::from_str(&read("deny.toml".as_ref())).unwrap();
    let texts = |value: &toml::Value| -> BTreeSet<String> {
        value.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let allowed = texts(&law["licenses"]["allow"]);
    let banned: BTreeSet<&str> =
        law["bans"]["deny"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();

    for line in
        tree(&["--workspace", "-e", "normal,build,dev", "--format", "{p}\t{l}"]).lines().filter(|line| !line.is_empty())
    {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('\t').unwrap();
        let name = package.split(' ').next().unwrap();
        assert!(!banned.contains(name), "{name} is banned by deny.toml");
        assert!(permits(licence, &allowed), "{name}: licence {licence:?} is not in deny.toml");
        assert!(name.starts_with("driftline-") || !package.contains("://"), "{package}: not from the registry");
    }
}

/// Whether an SPDX expression is satisfied by allowed licences: some way
/// through its `OR`s has every `AND` allowed.
fn permits(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    if expression.contains('(') {
        // `(A OR B) AND C`: every group must hold by itself.
        return flat.split(" AND ").all(|group| permits(group.trim(), allowed));
    }
    flat.split(" OR ").any(|way| way.split(" AND ").all(|one| allowed.contains(one.trim())))
}

#[test]
fn expressions_of_licences_are_read_as_meant() {
    let allowed: BTreeSet<String> = ["MIT", "ISC"].map(str::to_owned).into();
    assert!(permits("MIT OR GPL-3.0", &allowed));
    assert!(permits("(MIT OR GPL-3.0) AND ISC", &allowed));
    assert!(!permits("(MIT OR ISC) AND GPL-3.0", &allowed));
    assert!(!permits("", &allowed));
}
