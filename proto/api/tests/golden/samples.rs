//! One document of each type with every field, and one with as few as may be.
//!
//! Nothing here is a secret of anyone: displays are masked as hosts mask them.

#[path = "baseline.rs"]
mod baseline;
#[path = "desired.rs"]
mod desired;
#[path = "drift.rs"]
mod drift;
#[path = "snapshot.rs"]
mod snapshot;

use driftline_api::SCHEMA_VERSION;
use driftline_api::actor::{Actor, Amendment, Meaning, Parent, User};
use driftline_api::alert::Alert;
use driftline_api::change::{
    Beginning, ChainEntry, ChainStart, Change, ChangePage, ChangeQuery, Event, EventPage, Side, Verification, What,
};
use driftline_api::compare::{At, Cell, CellState, Comparison, Difference, Group};
use driftline_api::explain::{Explanation, Persisted, Standing};
use driftline_api::host::{
    Coverage, EnvironmentSummary, Host, HostDetail, HostPage, Item, SeverityCount, Source, Status, Unwatched,
};
use driftline_api::judge::{Later, Reason, Rejudgement};
use driftline_api::problem::{ApiError, Problem};
use driftline_api::report::{Found, Report, ReportList};
use driftline_api::token::{TokenGrant, TokenInfo, TokenList, TokenRequest, WhoAmI};

use crate::{Case, case};

const OBSERVED: &str = "2026-11-22T04:30:00.123Z";
const RECORDED: &str = "2026-11-22T04:30:00.456Z";

/// Every type of the crate.
pub(crate) fn all() -> Vec<Case> {
    [
        actors(),
        changes(),
        comparisons(),
        baseline::all(),
        desired::all(),
        drift::all(),
        snapshot::all(),
        explanations(),
        hosts(),
        reports(),
        others(),
        crate::policy::policies(),
        crate::policy::windows(),
        crate::policy::operators(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const RECORD: &str = "0f0e0d0c0b0a09080706050403020100:17";

fn actors() -> Vec<Case> {
    let least = Amendment { keys: vec![], actor: least_actor(), ..amendment() };
    vec![
        case("Actor", &actor(), &least_actor()),
        case("User", &user(), &User { uid: 1000, name: None }),
        case("Parent", &parent(), &parent()),
        case("Meaning", &meaning(), &Meaning { machine: None, ..meaning() }),
        case("Amendment", &amendment(), &least),
    ]
}

fn user() -> User {
    User { uid: 1000, name: Some("alice".into()) }
}

fn parent() -> Parent {
    Parent { pid: 4240, name: "sudo".into() }
}

fn actor() -> Actor {
    Actor {
        confidence: "exact".into(),
        summary: "alice (root): nft add rule inet filter input tcp dport 5432 accept".into(),
        evidence: vec!["audit".into(), "netlink".into()],
        login: Some(user()),
        user: Some(User { uid: 0, name: Some("root".into()) }),
        pid: Some(4242),
        name: Some("nft".into()),
        executable: Some("/usr/sbin/nft".into()),
        command: Some("nft add rule inet filter input tcp dport 5432 accept".into()),
        parents: vec![parent()],
        session: Some(7),
        tty: Some("pts/3".into()),
        unit: Some("session-7.scope".into()),
        container: Some("3f2a".into()),
        amended_at: Some(RECORDED.into()),
    }
}

fn least_actor() -> Actor {
    Actor {
        confidence: "unknown".into(),
        summary: "unknown".into(),
        evidence: vec![],
        login: None,
        user: None,
        pid: None,
        name: None,
        executable: None,
        command: None,
        parents: vec![],
        session: None,
        tty: None,
        unit: None,
        container: None,
        amended_at: None,
    }
}

fn meaning() -> Meaning {
    Meaning {
        effect: "opens".into(),
        reach: "any".into(),
        machine: Some("docker".into()),
        text: "opens tcp/5432 to any source".into(),
    }
}

fn amendment() -> Amendment {
    Amendment {
        id: 44,
        recorded_at: RECORDED.into(),
        environment: "production".into(),
        host: "web-1".into(),
        source: "firewall/nft".into(),
        record: RECORD.into(),
        severity: "critical".into(),
        changes: 1,
        keys: vec!["inet filter input: tcp dport 5432 accept".into()],
        actor: actor(),
    }
}

fn explanations() -> Vec<Case> {
    let item = Item {
        key: "DATABASE_URL".into(),
        display: None,
        secret: false,
        line: Some(7),
        file: None,
        since: OBSERVED.into(),
    };
    let least = Standing {
        host: "web-1".into(),
        source: "app".into(),
        path: "/etc/app/.env".into(),
        key: "DATABASE_URL".into(),
        state: "so".into(),
        item: None,
        verified_at: None,
    };
    let now = Standing { item: Some(item), verified_at: Some(RECORDED.into()), ..least.clone() };
    let nowhere =
        Persisted { source: "saved".into(), path: "/etc/nftables.conf".into(), holds: false, same: None, line: None };
    let persisted = Persisted { holds: true, same: Some(true), line: Some(12), ..nowhere.clone() };
    let full = Explanation {
        schema_version: SCHEMA_VERSION,
        change: Some(change()),
        amendment: Some(amendment()),
        why: Some("it opens something to any source".into()),
        evidence: vec!["nothing that was given for production covers it".into()],
        missing: vec!["no desired state was ever given".into()],
        now: now.clone(),
        persisted: vec![persisted.clone()],
        earlier: vec![least_change()],
        later: vec![least_change()],
    };
    let without = Explanation {
        change: None,
        amendment: None,
        why: None,
        evidence: vec![],
        missing: vec![],
        now: least.clone(),
        persisted: vec![],
        earlier: vec![],
        later: vec![],
        ..full.clone()
    };
    vec![case("Explanation", &full, &without), case("Standing", &now, &least), case("Persisted", &persisted, &nowhere)]
}

fn changes() -> Vec<Case> {
    let page = |changes, next, begins_at| ChangePage { schema_version: SCHEMA_VERSION, changes, next, begins_at };
    let events = |events, next, begins_at| EventPage { schema_version: SCHEMA_VERSION, events, next, begins_at };
    let alert = |changes, more_changes, events, amendments, rejudgements| Alert {
        schema_version: SCHEMA_VERSION,
        id: "41-2".into(),
        severity: "critical".into(),
        summary: "DATABASE_URL changed on production/web-1".into(),
        changes,
        more_changes,
        events,
        amendments,
        rejudgements,
    };
    let entry = ChainEntry { id: 1, body: "AQID".into(), hash: "ab".repeat(32) };
    vec![
        case("Side", &side(), &Side { display: None, secret: false, line: None, file: None }),
        case("Change", &change(), &least_change()),
        case("What", &What::Changed, &What::Added),
        case("ChangePage", &page(vec![change()], Some("41".into()), begins_at()), &page(vec![], None, None)),
        case("ChangeQuery", &query(), &ChangeQuery::default()),
        case("Event", &event(), &least_event()),
        case("EventPage", &events(vec![event()], Some("42".into()), begins_at()), &events(vec![], None, None)),
        case("ChainEntry", &entry, &entry),
        case("Beginning", &beginning(), &beginning()),
        case("ChainStart", &ChainStart { begins: beginning() }, &ChainStart { begins: beginning() }),
        case("Verification", &verification(Some(3)), &verification(None)),
        case(
            "Alert",
            &alert(vec![change()], 2, vec![event()], vec![amendment()], vec![rejudgement()]),
            &alert(vec![], 0, vec![], vec![], vec![]),
        ),
        case("Reason", &adopted(), &adopted()),
        case("Later", &Later { verdict: Some("authorised".into()), ..later() }, &later()),
        case("Rejudgement", &Rejudgement { new_verdict: Some("authorised".into()), ..rejudgement() }, &rejudgement()),
    ]
}

fn side() -> Side {
    Side {
        display: Some("postgres://app:****@db:5432/shop".into()),
        secret: true,
        line: Some(7),
        file: Some("/etc/app/conf.d/db.conf".into()),
    }
}

fn change() -> Change {
    Change {
        before: Some(Side { line: None, file: None, ..side() }),
        after: Some(side()),
        what: What::Changed,
        unobserved_since: Some("2026-11-22T03:00:00.000Z".into()),
        marks: vec!["unobserved".into(), "coalesced".into(), "adopted".into()],
        verdict: "out_of_band".into(),
        evidence: vec![reason("nothing_covers", "nothing that was given for production covers it")],
        missing: vec![reason("no_revision", "no revision declares source app")],
        later: vec![later()],
        actor: Some(actor()),
        meaning: Some(meaning()),
        record: Some(RECORD.into()),
        ..least_change()
    }
}

fn least_change() -> Change {
    Change {
        id: 41,
        environment: "production".into(),
        host: "web-1".into(),
        role: "web".into(),
        source: "app".into(),
        kind: "env_file".into(),
        path: "/etc/app/.env".into(),
        key: "DATABASE_URL".into(),
        what: What::Added,
        before: None,
        after: None,
        observed_at: OBSERVED.into(),
        unobserved_since: None,
        recorded_at: RECORDED.into(),
        severity: "critical".into(),
        class: "security".into(),
        verdict: "undetermined".into(),
        marks: vec![],
        evidence: vec![],
        missing: vec![],
        later: vec![],
        actor: None,
        meaning: None,
        record: None,
    }
}

fn reason(what: &str, text: &str) -> Reason {
    Reason { what: what.into(), text: text.into() }
}

fn adopted() -> Reason {
    reason("adopted_by", "revision 3f2a1c9d3f declared the same content 2 h later")
}

fn later() -> Later {
    Later { id: 57, recorded_at: RECORDED.into(), mark: "adopted".into(), verdict: None, because: adopted() }
}

fn rejudgement() -> Rejudgement {
    Rejudgement {
        id: 57,
        recorded_at: RECORDED.into(),
        environment: "production".into(),
        host: "web-1".into(),
        source: "app".into(),
        key: "DATABASE_URL".into(),
        change: 41,
        verdict: "out_of_band".into(),
        mark: "adopted".into(),
        new_verdict: None,
        severity: "info".into(),
        because: adopted(),
    }
}

fn query() -> ChangeQuery {
    ChangeQuery {
        env: Some("production".into()),
        host: Some("web-1".into()),
        source: Some("app".into()),
        key: Some("DATABASE_*".into()),
        opens: Some("any".into()),
        actor: Some("alice".into()),
        verdict: Some("out_of_band".into()),
        severity: Some("warning".into()),
        since: Some(OBSERVED.into()),
        until: Some(RECORDED.into()),
        cursor: Some("41".into()),
        limit: Some(50),
    }
}

fn event() -> Event {
    Event {
        environment: Some("production".into()),
        host: Some("web-1".into()),
        source: Some("app".into()),
        ..least_event()
    }
}

fn least_event() -> Event {
    Event {
        id: 42,
        at: RECORDED.into(),
        what: "host_silent".into(),
        severity: "warning".into(),
        environment: None,
        host: None,
        source: None,
        message: "nothing was heard for 25 s".into(),
    }
}

fn begins_at() -> Option<String> {
    Some(beginning().at)
}

fn beginning() -> Beginning {
    Beginning {
        first: 41,
        before: "ef".repeat(32),
        at: "2026-08-24T00:00:03.250Z".into(),
        removed: 38,
        beside: 2,
        cut_at: "2026-11-22T00:01:00.000Z".into(),
        days: 90,
        policy: 7,
        announced: 40,
        announced_hash: "ef".repeat(32),
        announced_by: 101,
    }
}

fn verification(broken_at: Option<u64>) -> Verification {
    Verification {
        schema_version: SCHEMA_VERSION,
        intact: broken_at.is_none(),
        entries: 2,
        head: "cd".repeat(32),
        begins: broken_at.map(|_| beginning()),
        broken_at,
        reason: broken_at.map(|id| format!("entry {id} is not the one that was recorded: its hash does not match")),
    }
}

fn comparisons() -> Vec<Case> {
    let none = Cell { state: CellState::Missing, display: None, secret: false, groups: vec![], at: None };
    let at = At { host: "web-1".into(), path: Some("/srv/app/.env".into()), line: Some(12), included: false };
    let comparison = |unchecked, counted: u64, differences| Comparison {
        schema_version: SCHEMA_VERSION,
        left: "production".into(),
        right: "env=staging,role=web".into(),
        left_hosts: 2,
        right_hosts: 1,
        keys: 80,
        differing: 12,
        accepted: counted,
        expected: counted / 2,
        violations: counted / 4,
        undetermined: 1,
        percent: "15.0".into(),
        uncovered: if counted == 0 { vec![] } else { vec!["nginx".into()] },
        unchecked,
        metadata_differing: 1,
        differences,
    };
    let group = |display: Option<&str>| Group {
        hosts: vec!["web-1".into(), "web-2".into()],
        count: 12,
        missing: display.is_none(),
        display: display.map(Into::into),
    };
    let split = Cell {
        state: CellState::Split,
        display: Some("30s".into()),
        secret: true,
        groups: vec![group(Some("30s")), group(None)],
        at: Some(at.clone()),
    };
    let difference = |left: &Cell, right: &Cell, said: bool| Difference {
        role: "web".into(),
        source: "app".into(),
        kind: "env_file".into(),
        key: "REQUEST_TIMEOUT".into(),
        what: "split".into(),
        left: left.clone(),
        right: right.clone(),
        severity: "warning".into(),
        class: "functional".into(),
        recommendation: "set the same value on all hosts".into(),
        metadata: false,
        meant: said.then(|| "accepted until 2026-12-31 by team-shop (a-3): slow network".into()),
        meant_kind: said.then(|| "accepted".into()),
        violation: said.then(|| "a secret that must differ is the same on both sides".into()),
    };
    vec![
        case("Cell", &split, &none),
        case("At", &at, &At { path: None, line: None, ..at.clone() }),
        case("Group", &group(Some("30s")), &group(None)),
        case("CellState", &CellState::Value, &CellState::Unknown),
        case("Difference", &difference(&split, &none, true), &difference(&none, &none, false)),
        case(
            "Comparison",
            &comparison(vec!["web-2 (silent)".into()], 4, vec![difference(&split, &none, false)]),
            &comparison(vec![], 0, vec![]),
        ),
    ]
}

fn least_host() -> Host {
    Host {
        host: "web-1".into(),
        environment: "production".into(),
        role: "web".into(),
        agent: "01998c4a7f3e-0011223344556677".into(),
        status: "connected".into(),
        last_seen: None,
        verified_at: None,
        agent_version: "0.1.0".into(),
        os: "Debian GNU/Linux 13".into(),
        kernel: "6.12.0".into(),
        architecture: "x86_64".into(),
        boot_id: "5d7a1f0e-0000-4000-8000-000000000000".into(),
        agent_resident_bytes: 9_437_184,
        clock_skew_ms: -120,
        sources: 3,
        degraded_sources: 1,
        problems: 2,
        coverage: None,
    }
}

fn least_source() -> Source {
    Source {
        source: "app".into(),
        kind: "env_file".into(),
        path: "/etc/app/.env".into(),
        observed_at: OBSERVED.into(),
        retired: false,
        items: vec![],
        problems: vec![],
    }
}

fn hosts() -> Vec<Case> {
    let host = Host {
        last_seen: Some(RECORDED.into()),
        verified_at: Some(RECORDED.into()),
        coverage: Some(Coverage { found: 9, watched: 8 }),
        ..least_host()
    };
    let unwatched = vec![Unwatched { path: "/etc/default/web".into(), reason: "environment of web.service".into() }];
    let bare =
        Item { key: "PORT".into(), display: None, secret: false, line: None, file: None, since: OBSERVED.into() };
    let item = Item {
        display: Some("8080".into()),
        line: Some(3),
        file: Some("/etc/app/conf.d/db.conf".into()),
        ..bare.clone()
    };
    let source = Source { items: vec![item.clone()], problems: vec![problem()], ..least_source() };
    let page = |hosts, next| HostPage { schema_version: SCHEMA_VERSION, hosts, next };
    let detail = |host: &Host, sources: Vec<Source>, unwatched, next| HostDetail {
        schema_version: SCHEMA_VERSION,
        host: host.clone(),
        at: (!sources.is_empty()).then(|| OBSERVED.into()),
        sources,
        unwatched,
        next,
    };
    let count = SeverityCount { critical: 1, warning: 2, info: 3 };
    let environment = EnvironmentSummary {
        environment: "production".into(),
        hosts: 5,
        connected: 4,
        unwell: 1,
        changes_24h: count,
        problems: 2,
    };
    let status = |environments| Status {
        schema_version: SCHEMA_VERSION,
        collector_version: "0.1.0".into(),
        now: RECORDED.into(),
        started_at: OBSERVED.into(),
        engine: "redb".into(),
        history_entries: 42,
        alerts_pending: 1,
        environments,
    };
    vec![
        case("Host", &host, &least_host()),
        case("HostPage", &page(vec![host.clone()], Some("production/web-1".into())), &page(vec![], None)),
        case("Item", &item, &bare),
        case("Source", &source, &least_source()),
        case("Coverage", &Coverage { found: 9, watched: 8 }, &Coverage { found: 0, watched: 0 }),
        case("Unwatched", &unwatched[0], &unwatched[0]),
        case(
            "HostDetail",
            &detail(&host, vec![source.clone()], unwatched.clone(), Some("YXBw".into())),
            &detail(&least_host(), vec![], vec![], None),
        ),
        case("EnvironmentSummary", &environment, &environment),
        case("SeverityCount", &count, &SeverityCount::default()),
        case("Status", &status(vec![environment.clone()]), &status(vec![])),
    ]
}

fn problem() -> Problem {
    Problem { line: Some(3), column: Some(9), excerpt: Some("PORT=****".into()), ..least_problem() }
}

fn least_problem() -> Problem {
    Problem { kind: "syntax".into(), line: None, column: None, reason: "no `=`".into(), excerpt: None }
}

fn others() -> Vec<Case> {
    let error = |hint: Option<&str>| ApiError {
        code: "not_found".into(),
        message: "no host is called web-9".into(),
        hint: hint.map(Into::into),
        problems: if hint.is_some() { vec![problem()] } else { vec![] },
    };
    let request = |host: Option<&str>, valid_s| TokenRequest {
        environment: "production".into(),
        role: "web".into(),
        host: host.map(Into::into),
        valid_s,
        secret_sha256: "ef".repeat(32),
    };
    let grant = TokenGrant {
        id: "t-1".into(),
        expires_s: 1_795_325_400,
        ca_sha256: "01".repeat(32),
        enrol: vec!["collector.example:7442".into()],
        ingest: vec!["collector.example:7441".into(), "[2001:db8::1]:7441".into()],
    };
    let token = |used_by: Option<&str>| TokenInfo {
        id: "t-1".into(),
        environment: "production".into(),
        role: "web".into(),
        status: if used_by.is_some() { "used" } else { "open" }.into(),
        created_by: "ada".into(),
        created_at: OBSERVED.into(),
        expires_at: "2026-11-22T05:30:00.000Z".into(),
        used_by: used_by.map(Into::into),
    };
    let list = |tokens| TokenList { schema_version: SCHEMA_VERSION, tokens };
    let whoami = WhoAmI {
        schema_version: SCHEMA_VERSION,
        operator: "ada".into(),
        roles: vec!["admin".into()],
        collector_version: "0.1.0".into(),
    };
    vec![
        case("ApiError", &error(Some("`driftline hosts` lists them")), &error(None)),
        case("Problem", &problem(), &least_problem()),
        case("TokenRequest", &request(Some("web-1"), Some(600)), &request(None, None)),
        case("TokenGrant", &grant, &grant),
        case("TokenInfo", &token(Some("web-1")), &token(None)),
        case("TokenList", &list(vec![token(None)]), &list(vec![])),
        case("WhoAmI", &whoami, &whoami),
    ]
}

fn reports() -> Vec<Case> {
    let found = Found {
        keys: 80,
        differing: 12,
        undetermined: 1,
        percent: "15.0".into(),
        critical: 3,
        warning: 5,
        info: 5,
        unchecked: 1,
    };
    let least = Report {
        number: 7,
        schedule: "weekly parity".into(),
        left: "staging".into(),
        right: "production".into(),
        due_at: OBSERVED.into(),
        ran_at: RECORDED.into(),
        missed: 0,
        found: None,
        failed: None,
    };
    // One of both never is; here every field has to be seen once.
    let full = Report {
        missed: 2,
        found: Some(found.clone()),
        failed: Some("no host matches `staging`".into()),
        ..least.clone()
    };
    let list = |reports| ReportList { schema_version: SCHEMA_VERSION, reports };
    vec![
        case("Report", &full, &least),
        case("Found", &found, &found),
        case("ReportList", &list(vec![full.clone()]), &list(vec![])),
    ]
}
