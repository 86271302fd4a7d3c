use std::os::unix::fs::PermissionsExt;

use super::*;

/// Programs of one's own, each with its script.
fn host(programs: &[(&str, &str)]) -> (tempfile::TempDir, Tools) {
    let dir = tempfile::tempdir().unwrap();
    for (name, script) in programs {
        let path = dir.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let tools = Tools::below([dir.path().to_owned()]);
    (dir, tools)
}

async fn saved(tools: &Tools, backend: Backend) -> Result<String, String> {
    let program = Program::find(tools, backend).await.map_err(|error| error.to_string())?;
    let text = program.save(&Namespace::Own).await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn each_backend_has_its_own_program() {
    let (_dir, tools) = host(&[
        ("iptables-nft-save", "echo 4 nft $*"),
        ("ip6tables-nft-save", "echo 6 nft $*"),
        ("iptables-legacy-save", "echo 4 legacy $*"),
        ("ip6tables-legacy-save", "echo 6 legacy $*"),
        ("ipset", "echo $*"),
    ]);
    for (backend, text) in [
        (Backend::IptablesNft, "4 nft\n"),
        (Backend::Ip6tablesNft, "6 nft\n"),
        (Backend::IptablesLegacy, "4 legacy --modprobe /nonexistent\n"),
        (Backend::Ip6tablesLegacy, "6 legacy --modprobe /nonexistent\n"),
        (Backend::Ipset, "save\n"),
    ] {
        assert_eq!(saved(&tools, backend).await.unwrap(), text);
    }
}

#[tokio::test]
async fn a_program_of_both_kinds_is_asked_which_one_it_is() {
    let script = |version: &str| format!("[ \"$1\" = -V ] && echo {version} || echo rules");
    let nft = script("'iptables-save v1.8.9 (nf_tables)'");
    let (_dir, tools) = host(&[("iptables-save", &nft)]);
    assert_eq!(saved(&tools, Backend::IptablesNft).await.unwrap(), "rules\n");
    let error = saved(&tools, Backend::IptablesLegacy).await.unwrap_err();
    assert!(error.starts_with("`iptables-legacy-save` is not installed"), "{error}");

    for version in ["'iptables-save v1.8.9 (legacy)'", "'iptables-save v1.6.1'"] {
        let (_dir, tools) = host(&[("iptables-save", &script(version))]);
        assert_eq!(saved(&tools, Backend::IptablesLegacy).await.unwrap(), "rules\n");
        let error = saved(&tools, Backend::IptablesNft).await.unwrap_err();
        assert!(error.starts_with("`iptables-nft-save` is not installed"), "{error}");
    }
}

#[tokio::test]
async fn a_program_that_cannot_say_which_one_it_is_is_an_error() {
    let (_dir, tools) = host(&[("ip6tables-save", "echo broken >&2; exit 1")]);
    assert!(saved(&tools, Backend::Ip6tablesNft).await.unwrap_err().ends_with("failed (exit status: 1): broken"));
}
