use super::*;

fn sections() -> Vec<Section> {
    let lines = vec![
        Line::new("file write (in place) -> webhook received, p50 / p99 of 1,000", "1.83 ms / 4.10 ms")
            .beside("inotifywait 0.20 ms / 0.40 ms", "9.15 x")
            .budget("3 ms / 15 ms", true),
        Line::new("binary | agent", "13.2 MiB").budget("12 MiB", false),
        Line::new("alone", "1"),
    ];
    vec![Section { title: "Real time".to_owned(), lines, notes: vec!["Paced at 100 a second.".to_owned()] }]
}

#[test]
fn a_terminal_of_80_columns_holds_it() {
    let text = terminal(&sections());
    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest} columns:\n{text}");
    assert!(text.lines().all(|line| line == line.trim_end()), "spaces at the end of a line:\n{text}");
}

#[test]
fn cells_wrap_at_spaces_and_keep_every_word() {
    let text = terminal(&sections());
    for line in &sections()[0].lines {
        for word in line.cells().iter().flat_map(|cell| cell.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        {
            assert!(text.contains(&word), "{word:?} was lost:\n{text}");
        }
    }
    assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    assert_eq!(wrap("a longerthanitscolumn b", 5), ["a", "longerthanitscolumn", "b"]);
    assert!(wrap("", 5).is_empty());
}

#[test]
fn columns_stand_under_their_heads() {
    let text = terminal(&sections());
    let at = text.lines().next().unwrap().find("measured").unwrap();
    let row = text.lines().find(|line| line.starts_with("alone")).unwrap();
    assert_eq!(row.find('1'), Some(at));
}

#[test]
fn a_missed_budget_is_said_in_both() {
    assert!(terminal(&sections()).contains("MISSED"));
    let page = markdown(&sections());
    assert!(page.contains("| 12 MiB **missed** |"), "{page}");
    assert!(page.contains("| 3 ms / 15 ms ok |"), "{page}");
}

#[test]
fn every_markdown_row_has_all_columns() {
    let page = markdown(&sections());
    for row in page.lines().filter(|line| line.starts_with('|')) {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, COLUMNS + 1, "{row}");
    }
    assert!(page.contains("## Real time\n\n|") && page.contains("\nPaced at 100 a second.\n"), "{page}");
}

#[test]
fn a_line_without_budget_says_nothing_of_one() {
    let cells = sections()[0].lines[2].cells();
    assert_eq!(cells, ["alone", "1", "", "", ""].map(str::to_owned));
}
