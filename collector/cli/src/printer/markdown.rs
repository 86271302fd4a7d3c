//! A document as Markdown (the tables of GitHub Flavored Markdown).
//!
//! What is printed cannot become markup: everything that has a meaning there is
//! escaped.

use super::document::{Block, Document, Table};
use super::text;

/// The document as Markdown.
#[must_use]
pub fn render(document: &Document) -> String {
    document.blocks.iter().map(one).collect::<Vec<_>>().join("\n")
}

fn one(block: &Block) -> String {
    match block {
        Block::Heading(line) => format!("## {}\n", escaped(line)),
        Block::Text(sentence) => format!("{}\n", escaped(sentence)),
        Block::Lines(lines) => format!("```\n{}\n```\n", lines.join("\n").replace("```", "` ` `")),
        Block::Facts(facts) => {
            facts.iter().map(|(name, value)| format!("- {}: {}\n", escaped(name), escaped(value))).collect()
        }
        Block::Table(rows) => table(rows),
        Block::Chart(chart) => one(&Block::Lines(chart.lines())),
    }
}

fn table(table: &Table) -> String {
    let noted = table.rows.iter().any(|row| row.note.is_some());
    let mut titles = table.titles.clone();
    if noted {
        titles.push(table.note_title.clone());
    }
    let mut out = row(&titles);
    out.push_str(&row(&vec!["---".to_owned(); titles.len()]));
    for one in &table.rows {
        let note = noted.then(|| one.note.clone().unwrap_or_default());
        let cells: Vec<String> = one.cells.iter().cloned().chain(note).map(|cell| escaped(&cell)).collect();
        out.push_str(&row(&cells));
    }
    out
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn escaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in text::safe(raw).chars() {
        if matches!(c, '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '\\' | '#' | '~' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests;
