use super::*;
use crate::{ItemKey, Value};

fn values(dialect: EnvDialect, text: &[u8]) -> Vec<(String, String)> {
    let reading = read(text, Some(dialect));
    let show = |value: &Value| match value {
        Value::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Template(bytes) => format!("template {}", String::from_utf8_lossy(bytes)),
        Value::Inherited => "(inherited)".to_owned(),
        Value::Content(_) => "(content)".to_owned(),
    };
    reading.settings.iter().map(|one| (one.key.as_str().to_owned(), show(&one.value))).collect()
}

fn value(dialect: EnvDialect, text: &str) -> String {
    let all = values(dialect, text.as_bytes());
    assert_eq!(all.len(), 1, "{text}: {all:?}");
    all[0].1.clone()
}

#[test]
fn j6_the_dialects_disagree() {
    let text = "A=\"x y\" # c\n";
    assert_eq!(value(EnvDialect::Dotenv, text), "x y");
    assert_eq!(value(EnvDialect::Compose, text), "x y");
    assert_eq!(value(EnvDialect::DockerRun, text), "\"x y\" # c");
    assert_eq!(value(EnvDialect::Systemd, text), "x y# c");
}

#[test]
fn interpolation_resolves_what_the_file_defines() {
    let text = b"HOST=web\nURL=http://${HOST}:${PORT:-80}/\nLITERAL=$$5\n";
    let all = values(EnvDialect::Compose, text);
    assert_eq!(all[1].1, "template http://web:${PORT:-80}/");
    assert_eq!(all[2].1, "$5");
}

#[test]
fn nul_bytes_make_a_file_opaque() {
    for dialect in EnvDialect::ALL {
        let reading = read(b"A=1\nB=\0\n", Some(dialect));
        assert_eq!(reading.settings[0].key, ItemKey::metadata(ItemKey::CONTENT));
        assert_eq!(reading.problems[0].place, Some(Place { line: 2, column: 1 }));
    }
}

/// Text that a careless parser would look at again and again.
#[test]
fn hostile_texts_cost_no_more_than_their_length() {
    const BYTES: usize = 64 * 1024;
    for piece in [
        "A=\"\n",
        "A='\n",
        "A=`\n",
        "${",
        "A=${",
        "A=${B:-",
        "A=\"${B:-",
        "A=$(\n",
        "((",
        "A=\"\\",
        "$${",
        "A\n",
        "A=1\n",
        "=\n",
        "'\n",
        "export \n",
        "<<E\n",
        "if\n",
        "{ \n",
        "\\\n",
        "A=B=",
        "-----BEGIN \n",
        "://",
        "a:@",
        "a://b:",
        "a://b:c/",
        "a://@",
        "password=",
        "--password ",
        "eyJ.",
        "\u{2028}",
        "#",
        ";",
    ] {
        let text = piece.repeat(BYTES / piece.len());
        for dialect in EnvDialect::ALL {
            let reading = read(text.as_bytes(), Some(dialect));
            let _ = crate::secret::classify_all(&reading.settings);
        }
        let _ = detect(text.as_bytes());
        let _ = crate::secret::looks(text.as_bytes());
    }
}

#[test]
fn w11_a_line_over_the_limit_is_watched_as_content() {
    let long = format!("A=1\nLONG={}\nB=2\n", "x".repeat(crate::limits::LINE_BYTES_MAX));
    for dialect in EnvDialect::ALL {
        let reading = read(long.as_bytes(), Some(dialect));
        let keys: Vec<&str> = reading.settings.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["A", "B", "@content"], "{dialect}");
        let limit = &reading.problems[0];
        assert_eq!((limit.kind, limit.place), (ProblemKind::Limit, Some(Place { line: 2, column: 1 })));
        let other = read(long.replace("xx\n", "xy\n").as_bytes(), Some(dialect));
        assert_ne!(other.settings[2].value, reading.settings[2].value, "{dialect}");
    }
}

#[test]
fn w11_a_file_over_the_limit_is_watched_as_content() {
    let text = vec![b'#'; FILE_BYTES_MAX + 1];
    let reading = read(&text, Some(EnvDialect::Dotenv));
    assert_eq!(reading.settings.len(), 1);
    assert_eq!(reading.problems[0].kind, ProblemKind::Limit);
}

#[test]
fn w11_settings_over_the_limit_are_watched_as_content() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for number in 0..crate::limits::ITEMS_MAX + 5 {
        let _ = writeln!(text, "K{number}=1");
    }
    let reading = read(text.as_bytes(), Some(EnvDialect::DockerRun));
    assert_eq!(reading.settings.len(), crate::limits::ITEMS_MAX + 1);
    assert_eq!(reading.settings.last().map(|one| one.key.as_str()), Some(ItemKey::CONTENT));
    assert_eq!(reading.problems.len(), 1);
}

#[test]
fn problems_are_capped_and_the_last_one_counts_the_rest() {
    let reading = read("=x\n".repeat(250).as_bytes(), Some(EnvDialect::Dotenv));
    assert_eq!(reading.problems.len(), crate::limits::PROBLEMS_MAX);
    assert_eq!(reading.problems.last().map(|one| one.reason.as_str()), Some("151 more problems are not shown"));
}

#[test]
fn a_template_that_grows_without_end_stays_a_template() {
    let mut text = "A=0123456789abcdef\n".to_owned();
    for pair in ('A'..='Y').zip('B'..='Z') {
        text.push_str(&format!("{1}=${{{0}}}${{{0}}}\n", pair.0, pair.1));
    }
    for dialect in [EnvDialect::Dotenv, EnvDialect::Compose, EnvDialect::Shell] {
        let reading = read(text.as_bytes(), Some(dialect));
        let bytes: usize = reading.settings.iter().map(|one| one.value.bytes().len()).sum();
        assert!(bytes < 4 * crate::limits::RESOLVED_BYTES_MAX, "{dialect}: {bytes}");
        assert!(reading.problems.iter().any(|one| one.kind == ProblemKind::Limit), "{dialect}");
    }
}

#[test]
fn references_to_one_long_value_stop_at_the_budget_of_the_file() {
    let mut text = format!("A={}\n", "x".repeat(60_000));
    for number in 0..400 {
        text.push_str(&format!("K{number}=${{A}}\n"));
    }
    let reading = read(text.as_bytes(), Some(EnvDialect::Compose));
    let bytes: usize = reading.settings.iter().map(|one| one.value.bytes().len()).sum();
    assert!(bytes <= crate::limits::RESOLVED_TOTAL_BYTES_MAX + 100_000, "{bytes}");
    assert!(reading.problems.iter().any(|one| one.kind == ProblemKind::Limit));
}

#[test]
fn a_change_in_a_line_that_was_not_read_is_a_change() {
    for dialect in [EnvDialect::Systemd, EnvDialect::Shell] {
        let before = read(b"A=1\nrun this\n", Some(dialect));
        let after = read(b"A=1\nrun that\n", Some(dialect));
        let indented = read(b"A=1\n  run this  \n", Some(dialect));
        assert_ne!(before.settings, after.settings, "{dialect}");
        assert_eq!(before.settings, indented.settings, "{dialect}");
    }
}

#[test]
fn a_literal_and_a_reference_are_told_apart() {
    let literal = value(EnvDialect::Shell, "A='${B}'$C\n");
    let reference = value(EnvDialect::Shell, "A=\"${B}\"$C\n");
    assert_eq!(literal, "template $${B}${C}");
    assert_eq!(reference, "template ${B}${C}");
}

#[test]
fn one_spelling_of_a_reference() {
    assert_eq!(value(EnvDialect::Compose, "A=$B/x\n"), value(EnvDialect::Compose, "A=${B}/x\n"));
}

#[test]
fn j8_the_problem_of_a_duplicate_names_both_lines() {
    for dialect in EnvDialect::ALL {
        let reading = read(b"A=1\nB=1\nA=2\n", Some(dialect));
        let problem = &reading.problems[0];
        assert_eq!(problem.kind, ProblemKind::DuplicateKey);
        assert!(problem.reason.contains("line 1") && problem.reason.contains("line 3"), "{}", problem.reason);
        assert_eq!(reading.settings.iter().find(|one| one.key.as_str() == "A").map(|one| one.line), Some(Some(3)));
    }
}

#[test]
fn w10_the_digest_is_over_the_bytes() {
    for dialect in EnvDialect::ALL {
        let one = read(b"A=\xff\n", Some(dialect));
        let other = read(b"A=\xfe\n", Some(dialect));
        assert_ne!(one.settings, other.settings, "{dialect}");
        assert!(one.problems.iter().any(|problem| problem.kind == ProblemKind::Encoding), "{dialect}");
    }
}

#[test]
fn every_dialect_has_a_name_that_finds_it_again() {
    for dialect in EnvDialect::ALL {
        assert_eq!(EnvDialect::from_name(dialect.as_str()), Some(dialect));
    }
}

#[test]
fn an_empty_file_has_nothing() {
    for dialect in EnvDialect::ALL {
        for text in ["", "\n\n", "# only a comment\n"] {
            let reading = read(text.as_bytes(), Some(dialect));
            assert_eq!((reading.settings.len(), reading.problems.len()), (0, 0), "{dialect}: {text:?}");
        }
    }
}

#[test]
fn columns_are_counted_in_characters() {
    let reading = read("ÄÖ=\"x\n".as_bytes(), Some(EnvDialect::Dotenv));
    assert_eq!(reading.problems[0].place, Some(Place { line: 1, column: 4 }));
}

#[test]
fn a_value_on_a_line_of_its_own_becomes_no_name() {
    for (text, value) in [
        ("A=1\nDB_PASSWORD=\nS3cr3tPass99\n", "S3cr3tPass99"),
        ("A=1\nDB_PASSWORD=\n\n# here\nHUNTER2\n", "HUNTER2"),
        ("A=1\nDB_PASSWORD=\"\"\nHUNTER2\n", "HUNTER2"),
        ("A=1\nhunter2supersecret\n", "hunter2supersecret"),
        ("A=1\nMIIBVgIBADANBg\n", "MIIBVgIBADANBg"),
        ("A=1\nqJp9wZk=\n", "qJp9wZk"),
        ("A=1\nLs4yZ8wQ1aB2cD==\n", "Ls4yZ8wQ1aB2cD"),
        ("A=1\nQmFzZWxpbmU=\n", "QmFzZWxpbmU"),
        ("A=1\nab/defg=\n", "ab/defg"),
    ] {
        for dialect in EnvDialect::ALL {
            let reading = read(text.as_bytes(), Some(dialect));
            let keys: Vec<&str> = reading.settings.iter().map(|one| one.key.as_str()).collect();
            assert_eq!(keys.first(), Some(&"A"), "{dialect}: {text:?}");
            assert_eq!(keys.last(), Some(&ItemKey::CONTENT), "{dialect}: {text:?}");
            assert!(!keys.iter().any(|key| key.contains(value)), "{dialect}: {keys:?}");
            let shown: String = reading.problems.iter().map(|problem| problem.render("f")).collect();
            assert!(!shown.is_empty() && !shown.contains(value), "{dialect}: {shown}");
        }
    }
}

#[test]
fn names_alone_and_empty_values_stay_settings() {
    for name in ["HTTP_PROXY", "_X2", "DB_HOST"] {
        for dialect in [EnvDialect::Dotenv, EnvDialect::Compose, EnvDialect::DockerRun] {
            let text = format!("EMPTY=\n{name}\nDB_PASSWORD=x\nLAST\n");
            let all = values(dialect, text.as_bytes());
            assert_eq!(all[1], (name.to_owned(), "(inherited)".to_owned()), "{dialect}");
            assert_eq!(all.len(), 4, "{dialect}");
        }
    }
    for line in ["debug=", "apiHost=", "baseURL=", "databaseName=", "HOSTNAME1=", "DB_PASSWORD=\nAPI_KEY="] {
        for dialect in EnvDialect::ALL {
            let all = values(dialect, format!("{line}\n").as_bytes());
            assert!(all.iter().all(|(key, value)| !key.starts_with('@') && value.is_empty()), "{dialect}: {all:?}");
        }
    }
}
