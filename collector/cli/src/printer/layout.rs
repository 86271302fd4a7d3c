//! A document in a terminal: tables that fit its width.
//!
//! Columns take what they need; where that is too much, the widest are cut
//! first. It changes no data: only what is printed is cut.

use driftline_compare::Severity;

use super::Style;
use super::document::{Block, Document, Row, Table};
use super::text;

/// Columns between two columns of a table.
const GAP: usize = 2;

/// Columns of a table's column that are kept before another one is cut.
const COLUMN_MIN: usize = 8;

/// From this width on the note of a row gets a column of its own.
const NOTE_COLUMN_WIDTH: usize = 150;

/// The document as it is printed.
#[must_use]
pub fn render(document: &Document, style: Style) -> String {
    let mut out = String::new();
    let mut before: Option<&Block> = None;
    for block in &document.blocks {
        if before.is_some_and(|before| !matches!(before, Block::Heading(_))) {
            out.push('\n');
        }
        out.push_str(&one(block, style));
        before = Some(block);
    }
    out
}

fn one(block: &Block, style: Style) -> String {
    match block {
        Block::Heading(line) => format!("{}\n", bold(&text::cut(&text::safe(line), style.width), style)),
        Block::Text(sentence) => lines(text::wrap(&text::safe(sentence), style.width)),
        Block::Lines(kept) => lines(kept.iter().cloned()),
        Block::Facts(facts) => facts_of(facts, style),
        Block::Table(rows) => table(rows, style),
        Block::Chart(chart) => lines(chart.lines().iter().map(|line| text::cut(line, style.width))),
    }
}

fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}

fn facts_of(facts: &[(String, String)], style: Style) -> String {
    let names = facts.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0);
    let left = style.width.saturating_sub(names + GAP);
    let fact = |(name, value): &(String, String)| {
        let wrapped = text::wrap(&text::safe(value), left).into_iter().enumerate();
        let line = |(at, part): (usize, String)| {
            let name = if at == 0 { name.as_str() } else { "" };
            format!("{}{}{part}", text::pad(name, names), " ".repeat(GAP)).trim_end().to_owned()
        };
        wrapped.map(line).collect::<Vec<_>>()
    };
    lines(facts.iter().flat_map(fact))
}

fn table(table: &Table, style: Style) -> String {
    if style.width >= NOTE_COLUMN_WIDTH && table.rows.iter().any(|row| row.note.is_some()) {
        return plain(&with_note_column(table), style);
    }
    plain(table, style)
}

fn with_note_column(table: &Table) -> Table {
    let mut wide = table.clone();
    wide.titles.push(table.note_title.clone());
    for row in &mut wide.rows {
        row.cells.push(row.note.take().unwrap_or_default());
    }
    wide
}

fn plain(table: &Table, style: Style) -> String {
    let cells: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.cells.iter().map(|cell| text::safe(cell)).collect()).collect();
    let widths = widths(&table.titles, &cells, style.width);
    let titles: Vec<String> = table.titles.iter().map(|title| headed(title)).collect();
    let mut out = dim(&line(&titles, &widths, None), style) + "\n";
    for (row, cells) in table.rows.iter().zip(&cells) {
        out.push_str(&coloured(&line(cells, &widths, table.against), row, &widths, style));
        out.push('\n');
        out.push_str(&note(row, &widths, style));
    }
    out
}

/// Titles are in capitals, but not selectors and file names: their case counts.
fn headed(title: &str) -> String {
    if title.contains(['=', '.', '/']) { text::safe(title) } else { text::safe(title).to_uppercase() }
}

/// The sentence below a row, set in under the second column.
fn note(row: &Row, widths: &[usize], style: Style) -> String {
    let Some(note) = &row.note else { return String::new() };
    let indent = widths.first().map_or(0, |first| first + GAP).min(style.width / 3);
    let space = " ".repeat(indent);
    let wrapped = text::wrap(&text::safe(note), style.width - indent);
    lines(wrapped.into_iter().map(|part| dim(&format!("{space}{part}"), style)))
}

fn line(cells: &[String], widths: &[usize], against: Option<(usize, usize)>) -> String {
    let other = |at: usize| match against {
        Some((left, right)) if at == left => cells.get(right),
        Some((left, right)) if at == right => cells.get(left),
        _ => None,
    };
    let fitted = |(at, (cell, &width)): (usize, (&String, &usize))| {
        let cut = other(at).map_or_else(|| text::cut_middle(cell, width), |other| text::cut_around(cell, other, width));
        text::pad(&cut, width)
    };
    let gap = " ".repeat(GAP);
    cells.iter().zip(widths).enumerate().map(fitted).collect::<Vec<_>>().join(&gap).trim_end().to_owned()
}

/// What each column gets: what it needs, less what does not fit, taken from the
/// widest. A time is the last to be cut: half of one says nothing.
fn widths(titles: &[String], rows: &[Vec<String>], total: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = titles.iter().map(|title| text::width(title)).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(text::width(cell));
        }
    }
    let room = total.saturating_sub(GAP * widths.len().saturating_sub(1));
    let is_time = |title: &String| title.to_ascii_lowercase().ends_with("(utc)");
    narrow(&mut widths, room, |at| !titles.get(at).is_some_and(is_time));
    narrow(&mut widths, room, |_| true);
    widths
}

/// Takes from the widest of these columns until all fit, or none can give more.
fn narrow(widths: &mut [usize], room: usize, gives: impl Fn(usize) -> bool) {
    while widths.iter().sum::<usize>() > room {
        let giving = widths.iter_mut().enumerate().filter(|(at, _)| gives(*at)).map(|(_, width)| width);
        let Some(widest) = giving.max_by_key(|width| **width).filter(|widest| **widest > COLUMN_MIN) else { return };
        *widest -= 1;
    }
}

fn coloured(line: &str, row: &Row, widths: &[usize], style: Style) -> String {
    let (Some(severity), Some(&first), true) = (row.severity, widths.first(), style.colour) else {
        return line.to_owned();
    };
    let Some(end) = line.char_indices().nth(first).map(|(at, _)| at) else { return line.to_owned() };
    let (head, rest) = line.split_at(end);
    format!("\u{1b}[{}m{head}\u{1b}[0m{rest}", colour_of(severity))
}

/// SGR parameters (ECMA-48): bold red, yellow, faint.
fn colour_of(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "1;31",
        Severity::Warning => "33",
        Severity::Info => "2",
    }
}

fn bold(line: &str, style: Style) -> String {
    if style.colour { format!("\u{1b}[1m{line}\u{1b}[0m") } else { line.to_owned() }
}

fn dim(line: &str, style: Style) -> String {
    if style.colour { format!("\u{1b}[2m{line}\u{1b}[0m") } else { line.to_owned() }
}

#[cfg(test)]
mod tests;
