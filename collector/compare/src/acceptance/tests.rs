use super::*;

fn parsed(text: &str) -> Result<DriftSelector, DriftSelectorError> {
    text.parse()
}

fn matches(text: &str, environment: &str, source: &str, key: &str) -> bool {
    let (environment, source) = (environment.parse().unwrap(), source.parse().unwrap());
    let key = ItemKey::from_bytes(key.as_bytes());
    let place = Place { environment: &environment, role: "web", source: &source, key: &key };
    parsed(text).unwrap().matches(Some(Rule::Desired), &place)
}

#[test]
fn a_selector_means_what_it_says_and_no_more() {
    assert!(matches("env=production,source=app,key=DB_*", "production", "app", "DB_HOST"));
    assert!(!matches("env=production,source=app,key=DB_*", "staging", "app", "DB_HOST"));
    assert!(!matches("env=production,source=app,key=DB_*", "production", "app", "ADB_HOST"));
    assert!(!matches("source=app", "production", "apps", "A"));
    assert!(matches("role=w*,kind=desired,source=*", "staging", "app", "A"));
    assert!(!matches("kind=baseline,source=*", "staging", "app", "A"));
}

#[test]
fn a_key_is_the_last_and_may_hold_commas() {
    let rule = "filter/INPUT: -m multiport --dports 80,443 -j ACCEPT";
    assert!(matches(&format!("env=production,key={rule}"), "production", "firewall", rule));
}

#[test]
fn a_selector_of_everything_is_known_as_one() {
    for wide in ["key=*", "source=*", "env=staging,key=**", "source=*,key=re:.*", "role=web,source=*"] {
        assert!(parsed(wide).unwrap().is_of_everything(), "{wide}");
    }
    for narrow in ["key=A*", "source=app,key=*", "source=app", "key=re:[A-Z]+", "key=?"] {
        assert!(!parsed(narrow).unwrap().is_of_everything(), "{narrow}");
    }
}

#[test]
fn what_is_no_selector_is_refused_by_name() {
    assert_eq!(parsed(""), Err(DriftSelectorError::TooWide));
    assert_eq!(parsed("env=production"), Err(DriftSelectorError::TooWide));
    assert!(matches!(parsed("production"), Err(DriftSelectorError::NotAPair { .. })));
    assert!(matches!(parsed("keys=A"), Err(DriftSelectorError::Unknown { .. })));
    assert_eq!(parsed("source=a,source=b"), Err(DriftSelectorError::Twice { word: "source" }));
    assert!(matches!(parsed("kind=whatever,key=A"), Err(DriftSelectorError::Rule { .. })));
    assert!(matches!(parsed("key="), Err(DriftSelectorError::Pattern { word: "key", .. })));
}

#[test]
fn a_selector_is_read_back_as_it_was_written() {
    for text in ["env=production,role=web,source=app,kind=role,key=A,B*", "source=app", "key=re:DB_(A|B)"] {
        assert_eq!(parsed(text).unwrap().to_string(), text);
        let json = serde_json::to_string(&parsed(text).unwrap()).unwrap();
        assert_eq!(serde_json::from_str::<DriftSelector>(&json).unwrap(), parsed(text).unwrap());
    }
}

fn made(reason: &str, owner: &str, expires_ms: i64) -> Acceptance {
    Acceptance {
        number: 1,
        covers: Covers::Selected("source=app".parse().unwrap()),
        reason: reason.to_owned(),
        owner: owner.to_owned(),
        accepted_by: "ada".to_owned(),
        accepted_ms: 1_000,
        expires_ms,
        revoked: None,
    }
}

#[test]
fn reason_owner_and_end_are_all_required() {
    assert_eq!(made("why", "who", 2_000).check(), Ok(()));
    assert_eq!(made(" ", "who", 2_000).check(), Err(AcceptanceError::Empty { what: "a reason" }));
    assert_eq!(made("why", "", 2_000).check(), Err(AcceptanceError::Empty { what: "an owner" }));
    assert_eq!(made("why", "who", 1_000).check(), Err(AcceptanceError::Over));
    assert_eq!(made("why", "who", 1_001 + LASTS_MAX_MS).check(), Err(AcceptanceError::TooLong));
    assert!(made("two\nlines", "who", 2_000).check().is_err());
    assert!(made(&"x".repeat(REASON_BYTES_MAX + 1), "who", 2_000).check().is_err());
}

#[test]
fn one_that_is_over_or_revoked_covers_nothing() {
    let valid = made("why", "who", 2_000);
    assert_eq!([1_999, 2_000].map(|at| valid.status(at)), ["valid", "expired"]);
    let revoked = Acceptance { revoked: Some(("bob".to_owned(), 1_500)), ..valid };
    assert_eq!((revoked.status(1_600), revoked.is_valid_at(1_600)), ("revoked", false));
    assert_eq!((Acceptance::number_of("a-7"), Acceptance::number_of("d-7")), (Some(7), None));
}

#[test]
fn a_selector_that_costs_much_or_cannot_be_printed_is_not_accepted() {
    let covering =
        |text: &str| Acceptance { covers: Covers::Selected(text.parse().unwrap()), ..made("why", "who", 2_000) };
    assert_eq!(covering("source=app,key=DB_*").check(), Ok(()));
    assert_eq!(covering("key=re:DB_(A|B)").check(), Err(AcceptanceError::Regex));
    assert_eq!(covering("env=re:p.*,source=app").check(), Err(AcceptanceError::Regex));
    assert_eq!(covering("env=staging,key=*").check(), Err(AcceptanceError::Everything));
    for odd in ["source=app,key=A\u{1b}[2J", "source=app,key=A\u{202e}B"] {
        assert!(matches!(covering(odd).check(), Err(AcceptanceError::Text { what: "a selector", .. })), "{odd:?}");
    }
}
