//! Samples of snapshots.

use driftline_api::SCHEMA_VERSION;
use driftline_api::compare::CompareRequest;
use driftline_api::desired::Declared;
use driftline_api::snapshot::{SNAPSHOT_FORM, Snapshot, SnapshotHost, SnapshotItem, SnapshotRequest, SnapshotSource};

use crate::{Case, case};

pub(crate) fn all() -> Vec<Case> {
    let declared = Declared { fleet_key_epoch: 1, canonical_form: 2, sources: vec![] };
    let compared = CompareRequest {
        left: "env=staging,role=web".into(),
        name: "deploy/".into(),
        declared: declared.clone(),
        all: Some(true),
    };
    let request = SnapshotRequest { name: "deploy".into(), role: Some("web".into()), declared };
    let item =
        SnapshotItem { key: "DB_TIMEOUT".into(), digest: "5f".repeat(32), secret: false, display: Some("30s".into()) };
    let source =
        SnapshotSource { source: "app".into(), kind: "env_file".into(), unreadable: false, items: vec![item.clone()] };
    let host = SnapshotHost {
        host: "web-1".into(),
        role: "web".into(),
        fleet_key_epoch: 1,
        canonical_form: 2,
        sources: vec![source.clone()],
    };
    let snapshot = Snapshot {
        schema_version: SCHEMA_VERSION,
        driftline_snapshot: SNAPSHOT_FORM,
        name: "production".into(),
        made_at: "2026-11-22T04:30:00.123Z".into(),
        pepper: "9a4c".repeat(4),
        declared: false,
        hosts: vec![host.clone()],
        unchecked: vec!["web-3 (silent)".into()],
    };
    vec![
        case("CompareRequest", &compared, &CompareRequest { all: None, ..compared.clone() }),
        case("SnapshotRequest", &request, &SnapshotRequest { role: None, ..request.clone() }),
        case("Snapshot", &snapshot, &Snapshot { hosts: vec![], unchecked: vec![], ..snapshot.clone() }),
        case("SnapshotHost", &host, &SnapshotHost { sources: vec![], ..host.clone() }),
        case("SnapshotSource", &source, &SnapshotSource { items: vec![], ..source.clone() }),
        case("SnapshotItem", &item, &SnapshotItem { display: None, ..item.clone() }),
    ]
}
