//! Tables fit the terminal.

use super::*;

fn style(width: usize) -> Style {
    Style { width, colour: false }
}

fn sample() -> Table {
    let mut table = Table::new(&["severity", "key", "production", "staging"]);
    table.note_title = "recommendation".to_owned();
    table.rows.push(Row {
        cells: ["critical", "DATABASE_URL", "postgres://app:****@db-1.prod:5432/shop", "postgres://app:****@db:5432/s"]
            .map(str::to_owned)
            .to_vec(),
        note: Some("Sync 'DATABASE_URL': production and staging hold different values".to_owned()),
        severity: Some(Severity::Critical),
    });
    table.row(["info", "日本語の設定", "値", "—"].map(str::to_owned));
    table
}

fn printed(table: &Table, style: Style) -> String {
    render(&Document::default().table(table.clone()), style)
}

#[test]
fn a_table_is_as_wide_as_it_needs_to_be() {
    let mut table = Table::new(&["a", "long title"]);
    table.row(["x".to_owned(), "y".to_owned()]);
    assert_eq!(printed(&table, style(80)), "A  LONG TITLE\nx  y\n");
}

#[test]
fn in_80_columns_values_are_cut_and_notes_stand_below() {
    let expected = "\
SEVERITY  KEY           PRODUCTION                    STAGING
critical  DATABASE_URL  postgres://app:***…5432/shop  postgres://app:***…db:5432/s
          Sync 'DATABASE_URL': production and staging hold different values
info      日本語の設定  値                            —
";
    let found = printed(&sample(), style(82));
    assert!(found.lines().all(|line| text::width(line) <= 82), "{found}");
    assert_eq!(found, expected);
}

#[test]
fn a_time_is_the_last_to_be_cut() {
    let mut table = Table::new(&["time (utc)", "host", "key"]);
    table.row(
        ["2026-11-22 08:47:45", "production/driftline-demo-edge-1", &"filter/INPUT: ".repeat(9)].map(str::to_owned),
    );
    let text = printed(&table, style(60));
    assert!(text.contains("2026-11-22 08:47:45  ") && text.lines().all(|line| text::width(line) <= 60), "{text}");
}

#[test]
fn every_width_is_kept() {
    for width in 46..200 {
        let found = printed(&sample(), style(width));
        assert!(found.lines().all(|line| text::width(line) <= width), "{width}:\n{found}");
    }
}

#[test]
fn wide_terminals_get_the_note_as_a_column() {
    let found = printed(&sample(), style(200));
    assert!(found.lines().next().unwrap().ends_with("RECOMMENDATION"), "{found}");
    assert_eq!(found.lines().count(), 3);
}

#[test]
fn colour_only_where_it_is_wanted() {
    assert!(!printed(&sample(), style(80)).contains('\u{1b}'));
    let coloured = printed(&sample(), Style { width: 80, colour: true });
    assert!(coloured.contains("\u{1b}[1;31mcritical\u{1b}[0m  DATABASE_URL"), "{coloured}");
}

#[test]
fn w10_cells_cannot_break_the_table() {
    let mut table = Table::new(&["key", "value"]);
    table.row(["A\nB".to_owned(), "\u{1b}[2J".to_owned()]);
    assert_eq!(printed(&table, style(80)), "KEY   VALUE\nA\\nB  \\u{1b}[2J\n");
}

#[test]
fn parts_are_kept_apart_and_headings_stay_with_what_follows() {
    let document =
        Document::default().heading("Head").text("one two three four").facts([("name", "value"), ("n", "v")]);
    assert_eq!(render(&document, style(12)), "Head\none two\nthree four\n\nname  value\nn     v\n");
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,90}",
            Just(String::new()),
            Just("日本語の設定".repeat(8)),
            Just("\u{1b}[2J\nX".to_owned()),
            any::<String>(),
        ]
    }

    fn row() -> impl Strategy<Value = Row> {
        let severity =
            prop::option::of(prop::sample::select(vec![Severity::Info, Severity::Warning, Severity::Critical]));
        (prop::collection::vec(cell(), 4), prop::option::of(cell()), severity).prop_map(|(cells, note, severity)| Row {
            cells,
            note,
            severity,
        })
    }

    fn any_table() -> impl Strategy<Value = Table> {
        (prop::collection::vec(row(), 0..6), any::<bool>()).prop_map(|(rows, against)| Table {
            titles: ["severity", "key", "left", "right"].map(str::to_owned).to_vec(),
            rows,
            note_title: "note".to_owned(),
            against: against.then_some((2, 3)),
        })
    }

    proptest! {
        #[test]
        fn any_table_fits_any_terminal(table in any_table(), width in 60..220_usize) {
            let found = printed(&table, style(width));
            for line in found.lines() {
                prop_assert!(text::width(line) <= width, "{width}: {line:?}");
            }
            prop_assert!(!found.chars().any(|c| c != '\n' && c.is_control()), "{found:?}");
        }

        #[test]
        fn colour_changes_no_character(table in any_table(), width in 60..220_usize) {
            let coloured = printed(&table, Style { width, colour: true });
            let mut plain = String::new();
            let mut parts = coloured.split('\u{1b}');
            plain.push_str(parts.next().unwrap_or_default());
            for part in parts {
                plain.push_str(part.split_once('m').map_or(part, |(_, rest)| rest));
            }
            prop_assert_eq!(plain, printed(&table, style(width)));
        }

        #[test]
        fn any_document_ends_each_part_with_a_line(texts in prop::collection::vec(cell(), 1..5), width in 40..120_usize) {
            let document = texts.iter().fold(Document::default(), |document, text| {
                document.text(text.clone()).facts([("name", text.clone())])
            });
            let found = render(&document, style(width));
            prop_assert!(found.ends_with('\n'), "{found:?}");
            prop_assert!(found.lines().all(|line| text::width(line) <= width), "{found}");
        }
    }
}

#[test]
fn a_long_fact_is_wrapped_under_itself_and_loses_no_word() {
    let value = (1..=30).map(|at| format!("word{at}")).collect::<Vec<_>>().join(" ");
    let document = Document::default().facts([("what", value.clone()), ("held against", "x".to_owned())]);
    let shown = render(&document, Style { width: 40, colour: false });
    assert!(shown.lines().all(|line| line.chars().count() <= 40), "{shown}");
    let mut lines = shown.lines();
    assert!(lines.next().unwrap().starts_with("what          word1 word2"), "{shown}");
    assert!(lines.next().unwrap().starts_with("              word"), "{shown}");
    let told: Vec<&str> = shown.split_whitespace().filter(|word| word.starts_with("word")).collect();
    assert_eq!(told.join(" "), value);
}
