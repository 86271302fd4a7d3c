//! Samples of baselines.

use driftline_api::SCHEMA_VERSION;
use driftline_api::baseline::{BaselineDetail, BaselineInfo, BaselineItem, BaselineList, BaselineRequest};

use crate::{Case, case};

pub(crate) fn all() -> Vec<Case> {
    let least = BaselineInfo { source: None, ..info() };
    let detail = BaselineDetail {
        schema_version: SCHEMA_VERSION,
        baseline: info(),
        skipped: vec!["web-3 (silent)".into()],
        items: vec![item()],
    };
    let list = BaselineList { schema_version: SCHEMA_VERSION, baselines: vec![info()] };
    vec![
        case("BaselineRequest", &request(), &BaselineRequest { source: None, ..request() }),
        case("BaselineInfo", &info(), &least),
        case("BaselineDetail", &detail, &BaselineDetail { skipped: vec![], items: vec![], ..detail.clone() }),
        case("BaselineItem", &item(), &BaselineItem { display: None, ..item() }),
        case("BaselineList", &list, &BaselineList { baselines: vec![], ..list.clone() }),
    ]
}

fn request() -> BaselineRequest {
    BaselineRequest { selector: "production".into(), source: Some("app".into()), reason: "audited, AUD-7".into() }
}

fn info() -> BaselineInfo {
    BaselineInfo {
        number: 3,
        selector: "production".into(),
        source: Some("app".into()),
        reason: "audited, AUD-7".into(),
        approved_by: "ada".into(),
        approved_at: "2026-11-22T04:30:00.123Z".into(),
        hosts: vec!["web-1".into(), "web-2".into()],
        items: 160,
        in_force: true,
    }
}

fn item() -> BaselineItem {
    BaselineItem {
        host: "web-1".into(),
        source: "app".into(),
        key: "DB_TIMEOUT".into(),
        display: Some("30s".into()),
        secret: false,
    }
}
