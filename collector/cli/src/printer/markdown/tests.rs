//! Markdown that cannot be broken from within.

use super::super::document::Row;
use super::*;

#[test]
fn a_table_has_a_column_for_its_notes() {
    let mut table = Table::new(&["key", "left"]);
    table.note_title = "recommendation".to_owned();
    let note = Some("Add it".to_owned());
    table.rows.push(Row { cells: vec!["A".to_owned(), "1".to_owned()], note, severity: None });
    table.row(["B".to_owned(), "2".to_owned()]);
    let found = render(&Document::default().heading("Compared").table(table));
    assert_eq!(
        found,
        "## Compared\n\n| key | left | recommendation |\n| --- | --- | --- |\n| A | 1 | Add it |\n| B | 2 |  |\n"
    );
}

#[test]
fn values_do_not_become_markup() {
    let mut table = Table::new(&["value"]);
    table.row(["a|b <script> [x](y) `z` ****".to_owned()]);
    let found = render(&Document::default().table(table));
    assert!(found.contains(r"a\|b \<script\> \[x\](y) \`z\` \*\*\*\*"), "{found}");
}

#[test]
fn facts_and_lines_have_their_forms() {
    let document = Document::default().facts([("a", "1")]).block(Block::Lines(vec!["x ``` y".to_owned()]));
    assert_eq!(render(&document), "- a: 1\n\n```\nx ` ` ` y\n```\n");
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::printer::document::Row;

    /// Bars that are no part of an escape.
    fn bars(line: &str) -> usize {
        let mut escaped = false;
        line.chars()
            .filter(|&c| {
                let counts = c == '|' && !escaped;
                escaped = c == '\\' && !escaped;
                counts
            })
            .count()
    }

    proptest! {
        #[test]
        fn no_cell_can_add_a_column_or_a_row(cells in prop::collection::vec(prop::collection::vec(any::<String>(), 3), 1..5)) {
            let mut table = Table::new(&["a", "b", "c"]);
            table.rows = cells.iter().map(|cells| Row { cells: cells.clone(), ..Row::default() }).collect();
            let found = render(&Document::default().table(table));
            prop_assert_eq!(found.lines().count(), cells.len() + 2);
            prop_assert!(found.lines().all(|line| bars(line) == 4), "{}", found);
        }

        #[test]
        fn no_text_can_become_markup(text in any::<String>()) {
            let found = render(&Document::default().text(text));
            let mut escaped = false;
            for c in found.chars() {
                prop_assert!(escaped || !"<>[]`*_#|~&".contains(c), "{}", found);
                escaped = c == '\\' && !escaped;
            }
        }
    }
}
