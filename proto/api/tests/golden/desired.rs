//! Samples of desired state.

use driftline_api::SCHEMA_VERSION;
use driftline_api::desired::{
    Declared, DeclaredCount, DeclaredItem, DeclaredSource, DesiredPush, PushDetail, RevisionDetail, RevisionInfo,
    RevisionList, ShownItem,
};

use crate::{Case, case};

pub(crate) fn all() -> Vec<Case> {
    let bare = DesiredPush { ticket: None, expires_s: None, replace: None, ..push() };
    let list = RevisionList { schema_version: SCHEMA_VERSION, revisions: vec![revision()] };
    let detail =
        RevisionDetail { schema_version: SCHEMA_VERSION, revision: revision(), items: vec![shown(), least_shown()] };
    vec![
        case("DesiredPush", &push(), &bare),
        case("Declared", &declared(), &Declared { sources: vec![], ..declared() }),
        case("DeclaredSource", &source(), &DeclaredSource { items: vec![], ..source() }),
        case("DeclaredItem", &item(), &DeclaredItem { display: None, ..item() }),
        case("PushDetail", &pushed(), &PushDetail { notes: vec![], revision: least_revision(), ..pushed() }),
        case("RevisionInfo", &revision(), &least_revision()),
        case("DeclaredCount", &count(), &count()),
        case("RevisionList", &list, &RevisionList { revisions: vec![], ..list.clone() }),
        case("RevisionDetail", &detail, &RevisionDetail { items: vec![], ..detail.clone() }),
        case("ShownItem", &shown(), &least_shown()),
    ]
}

fn push() -> DesiredPush {
    DesiredPush {
        selector: "env=production,role=web".into(),
        revision: "4f2a91c".into(),
        ticket: Some("CHG-123".into()),
        expires_s: Some(604_800),
        replace: Some(true),
        declared: declared(),
    }
}

fn declared() -> Declared {
    Declared { fleet_key_epoch: 1, canonical_form: 2, sources: vec![source()] }
}

fn source() -> DeclaredSource {
    DeclaredSource { source: "app".into(), kind: "env_file".into(), items: vec![item()] }
}

fn item() -> DeclaredItem {
    DeclaredItem {
        key: "DATABASE_URL".into(),
        digest: "5f".repeat(32),
        secret: true,
        display: Some("postgres://app:****@db:5432/app".into()),
    }
}

fn pushed() -> PushDetail {
    let notes = vec!["no host of role web is known in production yet".into()];
    PushDetail { schema_version: SCHEMA_VERSION, revision: revision(), changed: true, hosts: 2, notes }
}

fn revision() -> RevisionInfo {
    RevisionInfo {
        number: 17,
        selector: "env=production,role=web".into(),
        revision: "4f2a91c".into(),
        status: "current".into(),
        ticket: Some("CHG-123".into()),
        pushed_by: "ci-shop".into(),
        pushed_at: "2026-11-22T04:30:00.123Z".into(),
        expires_at: Some("2026-11-29T04:30:00.123Z".into()),
        sources: vec![count()],
    }
}

fn least_revision() -> RevisionInfo {
    RevisionInfo { ticket: None, expires_at: None, ..revision() }
}

fn count() -> DeclaredCount {
    DeclaredCount { source: "app".into(), items: 80 }
}

fn shown() -> ShownItem {
    ShownItem {
        source: "app".into(),
        kind: "env_file".into(),
        key: "DATABASE_URL".into(),
        display: Some("postgres://app:****@db:5432/app".into()),
        secret: true,
    }
}

fn least_shown() -> ShownItem {
    ShownItem { display: None, ..shown() }
}
