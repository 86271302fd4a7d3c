use super::*;

fn production() -> Selector {
    "production".parse().unwrap()
}

#[test]
fn sentences() {
    let environment = Environment::new("production").unwrap();
    let revision = || "3f2a1c9d3f2a1c9d3f2a1c9d3f2a1c9d3f2a1c9d".to_owned();
    let cases = [
        (
            Evidence::Declared { revision: revision(), selector: production(), absent: false, pushed_after_ms: None },
            "declared by revision 3f2a1c9d3f for production",
        ),
        (
            Evidence::Declared { revision: revision(), selector: production(), absent: true, pushed_after_ms: Some(1) },
            "declared absent by revision 3f2a1c9d3f for production, which was pushed 1 ms after it",
        ),
        (
            Evidence::DeclaredOtherwise { revision: "v2".into(), selector: production(), absent: false },
            "revision v2 for production declares another value",
        ),
        (
            Evidence::DeclaredOtherwise { revision: "v2".into(), selector: production(), absent: true },
            "revision v2 for production declares that it is not there",
        ),
        (Evidence::WindowOpen { ticket: "CHG-1".into() }, "window CHG-1 was open"),
        (
            Evidence::JudgedAgain {
                verdict: Verdict::AuthorisedUnverified,
                after_ms: 40_000,
                because: vec![Evidence::WindowOpen { ticket: "CHG-1".into() }],
            },
            "authorised unverified, as became known 40 s later: window CHG-1 was open",
        ),
        (Evidence::Frozen { reason: "audit week".into() }, "the environment is frozen: audit week"),
        (
            Evidence::NothingGiven { environment },
            "no desired state, window, rule or freeze was ever given for production",
        ),
    ];
    for (evidence, sentence) in cases {
        assert_eq!(evidence.sentence(), sentence);
    }
}

/// One of each, for tests that hold for all.
pub(crate) fn every() -> Vec<Evidence> {
    let environment = Environment::new("dev").unwrap();
    let (revision, selector) = (|| "r1".to_owned(), production);
    vec![
        Evidence::NothingGiven { environment: environment.clone() },
        Evidence::Blind { why: Blind::Unobserved, since_ms: 1 },
        Evidence::Declared { revision: revision(), selector: selector(), absent: false, pushed_after_ms: None },
        Evidence::ComesWithDeclared,
        Evidence::DeclaredOtherwise { revision: revision(), selector: selector(), absent: false },
        Evidence::Actor { rule: "apt".into(), power: Power::Authorises },
        Evidence::WindowOpen { ticket: "CHG-1".into() },
        Evidence::NotInDeployment { revision: revision(), source: "app".into() },
        Evidence::Frozen { reason: "why".into() },
        Evidence::NothingCovers { environment },
        Evidence::AdoptedBy { revision: revision(), after_ms: 1 },
        Evidence::RevertedBy { change: 7, after_ms: 1 },
        Evidence::Alternates { times: 4, within_ms: 1, actors: vec!["cron".into()] },
        Evidence::JudgedAgain {
            verdict: Verdict::Authorised,
            after_ms: 40_000,
            because: vec![Evidence::Actor { rule: "apt".into(), power: Power::Authorises }],
        },
    ]
}

#[test]
fn each_has_a_sentence_of_its_own_that_ends_without_a_full_stop() {
    let sentences: std::collections::BTreeSet<String> = every().iter().map(Evidence::sentence).collect();
    let words: std::collections::BTreeSet<&str> = every().iter().map(Evidence::word).collect();
    assert_eq!((sentences.len(), words.len()), (every().len(), every().len()));
    for sentence in sentences {
        assert!(sentence.len() > 10 && !sentence.ends_with('.'), "{sentence}");
    }
}
