//! Sides as they are written.

use super::*;

#[test]
fn a_side_says_what_and_when() {
    let selector: Selector = "env=production,role=web".parse().unwrap();
    let what = |text: &str, at_ms| Asked::parse(text, at_ms).unwrap().what;
    assert_eq!(what("env=production,role=web", None), What::Hosts { selector: selector.clone(), at_ms: None });
    assert_eq!(
        what("desired:env=production,role=web@1970-01-01T00:00:01Z", Some(5)),
        What::Desired { selector: selector.clone(), at_ms: Some(1_000) },
        "its own time counts"
    );
    assert_eq!(what("env=production,role=web", Some(5)), What::Hosts { selector: selector.clone(), at_ms: Some(5) });
    assert_eq!(what("baseline:env=production,role=web", Some(5)), What::Baseline { selector });
    assert_eq!(what("revision:v1@2", None), What::Revision { environment: None, name: "v1@2".to_owned() });
    for bad in ["", "desired:", "desired:production@", "hosts:production", "production@1"] {
        assert!(Asked::parse(bad, None).is_err(), "{bad}");
    }
}

#[test]
fn a_host_that_both_sides_have_is_held_against_its_own_sources() {
    let (web, db) = (HostName::new("web-1").unwrap(), HostName::new("db-1").unwrap());
    let (app, sshd) = (SourceName::new("app").unwrap(), SourceName::new("sshd").unwrap());
    let mut covers = Covers::default();
    covers.host(&db);
    assert!(covers.is_empty());
    covers.add(&web, &app);
    assert!(covers.holds(&web, &app) && !covers.holds(&web, &sshd) && !covers.holds(&db, &app));
    let other = HostName::new("staging-1").unwrap();
    assert!(covers.holds(&other, &app) && !covers.holds(&other, &sshd), "a stranger by what is covered anywhere");
}
