use super::*;

#[test]
fn sentences() {
    let cases = [
        (Missing::NoRevision { source: "app".into() }, "no revision declares source app"),
        (
            Missing::WindowClosed { ticket: "CHG-122".into(), before_ms: 240_000 },
            "nearest window CHG-122 closed 4 min before",
        ),
        (
            Missing::WindowLater { ticket: "CHG-122".into(), after_ms: 7_200_000 },
            "nearest window CHG-122 opened 2 h later",
        ),
        (
            Missing::WindowPart { ticket: "CHG-1".into() },
            "window CHG-1 was open for a part only of the time in which nobody watched",
        ),
        (
            Missing::WindowOfAnother { ticket: "CHG-1".into(), actor: "deploy".into(), probable: false },
            "window CHG-1 was open for deploy only",
        ),
        (
            Missing::WindowOfAnother { ticket: "CHG-1".into(), actor: "deploy".into(), probable: true },
            "window CHG-1 was open for deploy only, who may have made it, but that is not certain",
        ),
        (Missing::Undeclarable { key: "@mode".into() }, "revisions declare settings, and `@mode` is none"),
        (
            Missing::Expired { revision: "v1".into(), ago_ms: 172_800_000 },
            "revision v1 declared it and expired 2 days before",
        ),
        (
            Missing::Superseded { revision: "v1".into(), ago_ms: 5_000 },
            "revision v1 declared it, but a newer one had taken its place 5 s before",
        ),
        (
            Missing::OtherKey { revision: "v1".into() },
            "revision v1 was made with another fleet key or form than the host's digests: push it again",
        ),
        (
            Missing::ActorOnlyProbable { rule: "deploy".into() },
            "the actor of rule `deploy` is only probable: the kernel did not name it with the change",
        ),
        (
            Missing::Overruled { revision: "v1".into() },
            "revision v1 declares it, but another one counts before it for this host",
        ),
        (
            Missing::RevisionPart { revision: "v1".into() },
            "revision v1 counted for a part only of the time in which nobody watched",
        ),
        (Missing::ActorUnknown, "nothing told who made it"),
        (Missing::NoRule, "no rule of the policy speaks of who made it"),
        (Missing::NoWindow, "no window was ever opened for it"),
    ];
    for (missing, sentence) in cases {
        assert_eq!(missing.sentence(), sentence);
        assert!(missing.word().bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase()));
    }
}
