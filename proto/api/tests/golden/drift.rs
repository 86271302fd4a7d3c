//! Samples of drift and acceptances.

use driftline_api::SCHEMA_VERSION;
use driftline_api::drift::{
    Acceptance, AcceptanceDetail, AcceptanceList, AcceptanceRequest, Drift, DriftDetail, DriftList, Opener, Toward,
};

use driftline_api::explain::Explanation;

use crate::{Case, case};

pub(crate) fn all() -> Vec<Case> {
    let list = DriftList {
        schema_version: SCHEMA_VERSION,
        drifts: vec![drift(), least_drift()],
        more: 0,
        unheld: vec!["dev".into()],
        unchecked: vec!["web-3 (silent)".into()],
    };
    let least_list = DriftList { drifts: vec![], unheld: vec![], unchecked: vec![], ..list.clone() };
    let story = DriftDetail {
        schema_version: SCHEMA_VERSION,
        drift: drift(),
        turns: vec!["2026-11-22T04:30:00.123Z: it was found".into()],
        opening: Some(explanation()),
        missing: vec!["not every host that differs is named".into()],
        acceptances: vec![acceptance()],
        toward: Some(toward()),
    };
    let least_story = DriftDetail {
        drift: least_drift(),
        turns: vec![],
        opening: None,
        missing: vec![],
        acceptances: vec![],
        toward: None,
        ..story.clone()
    };
    let least_toward = Toward { only: vec![], open: None, unchecked: vec![], ..toward() };
    let given = AcceptanceDetail { schema_version: SCHEMA_VERSION, acceptance: acceptance(), drifts: 2 };
    let acceptances = AcceptanceList { schema_version: SCHEMA_VERSION, acceptances: vec![acceptance()] };
    vec![
        case("Drift", &drift(), &least_drift()),
        case("Opener", &opener(), &Opener { actor: None, ..opener() }),
        case("DriftList", &list, &least_list),
        case("DriftDetail", &story, &least_story),
        case("Toward", &toward(), &least_toward),
        case("Acceptance", &acceptance(), &least_acceptance()),
        case("AcceptanceRequest", &request(), &request()),
        case("AcceptanceDetail", &given, &AcceptanceDetail { acceptance: least_acceptance(), ..given.clone() }),
        case("AcceptanceList", &acceptances, &AcceptanceList { acceptances: vec![], ..acceptances.clone() }),
    ]
}

/// The story of a change has samples of its own.
fn explanation() -> Explanation {
    serde_json::from_str(include_str!("../../golden/Explanation.least.json")).unwrap()
}

/// A difference has samples of its own.
fn toward() -> Toward {
    Toward {
        reference: "revision 4f2a91c".into(),
        values: "in revision 4f2a91c".into(),
        restart: false,
        difference: serde_json::from_str(include_str!("../../golden/Difference.least.json")).unwrap(),
        only: vec!["web-1".into()],
        open: Some("rules stand in another order".into()),
        unchecked: vec!["web-1 (silent)".into()],
    }
}

fn opener() -> Opener {
    Opener { change: 4_711, host: "web-1".into(), actor: Some("alice (root): vi /srv/shop/app.env".into()) }
}

fn drift() -> Drift {
    Drift {
        id: "d-17".into(),
        environment: "production".into(),
        role: "web".into(),
        source: "app".into(),
        kind: "env_file".into(),
        key: "DB_TIMEOUT".into(),
        rule: "desired".into(),
        what: "differs".into(),
        state: "accepted".into(),
        severity: "warning".into(),
        class: "functional".into(),
        opened_at: "2026-11-22T04:30:00.123Z".into(),
        first_opened_at: "2026-08-22T04:30:00.123Z".into(),
        age_s: 86_400,
        ended_at: Some("2026-11-23T04:30:00.123Z".into()),
        hosts: vec!["web-1".into()],
        host_count: 1,
        of_hosts: 3,
        expected: Some("30s".into()),
        expected_by: "revision 4f2a91c".into(),
        actual: Some("5s".into()),
        secret: false,
        headline: "'DB_TIMEOUT' of app is 5s on web-1: revision 4f2a91c says 30s".into(),
        standing: "accepted until 2026-12-22T04:30:00.123Z: the old region (owner team-db)".into(),
        opened_by: Some(opener()),
        acceptance: Some("a-3".into()),
        reopened: 1,
    }
}

fn least_drift() -> Drift {
    Drift {
        ended_at: None,
        hosts: vec![],
        expected: None,
        actual: None,
        opened_by: None,
        acceptance: None,
        state: "open".into(),
        ..drift()
    }
}

fn acceptance() -> Acceptance {
    Acceptance {
        id: "a-3".into(),
        covers: "env=production,source=app,key=DB_*".into(),
        status: "revoked".into(),
        reason: "the old region".into(),
        owner: "team-db".into(),
        accepted_by: "ada".into(),
        accepted_at: "2026-11-22T04:30:00.123Z".into(),
        expires_at: "2026-12-22T04:30:00.123Z".into(),
        revoked_by: Some("bob".into()),
        revoked_at: Some("2026-11-30T04:30:00.123Z".into()),
    }
}

fn least_acceptance() -> Acceptance {
    Acceptance { status: "valid".into(), revoked_by: None, revoked_at: None, ..acceptance() }
}

fn request() -> AcceptanceRequest {
    AcceptanceRequest {
        covers: "d-17".into(),
        reason: "the old region".into(),
        owner: "team-db".into(),
        expires_at: "2026-12-22T04:30:00Z".into(),
    }
}
