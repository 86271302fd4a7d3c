use std::os::unix::fs::PermissionsExt;

use super::super::super::namespace::Name;
use super::*;

#[tokio::test]
async fn what_is_installed_and_what_is_missing_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("iptables-nft-save");
    std::fs::write(&path, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let tools = Tools::below([dir.path().to_owned()]);
    let lines = survey(&tools, &Namespace::Own).await;
    assert_eq!(lines.len(), Backend::ALL.len());
    let of = |wanted| lines.iter().find(|(backend, _)| *backend == wanted).unwrap().1.clone();
    assert_eq!(of(Backend::IptablesNft), format!("would be read with {}", path.display()));
    assert!(of(Backend::Nft).starts_with("cannot be read: `nft` is not installed"), "{lines:?}");
    assert!(
        of(Backend::Ip6tablesNft).starts_with("cannot be read: `ip6tables-nft-save` is not installed"),
        "{lines:?}"
    );
}

#[tokio::test]
async fn a_namespace_that_is_not_there_is_told() {
    let nowhere = Namespace::Named(Name::new("driftline-nowhere").unwrap());
    let lines = survey(&Tools::system(), &nowhere).await;
    let legacy = &lines.iter().find(|(backend, _)| *backend == Backend::IptablesLegacy).unwrap().1;
    assert!(legacy.contains("`driftline-nowhere`"), "{legacy}");
}
