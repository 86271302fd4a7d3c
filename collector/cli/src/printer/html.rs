//! A document as one HTML file that needs nothing else: no script, no font, no
//! picture from anywhere.
//!
//! Texts stay texts: what has a meaning in HTML is escaped, and the page forbids
//! itself to load or run anything.

use super::document::{Block, Document, Row, Table};
use super::text;

const STYLE: &str = include_str!("html/style.css");

/// The document as a page.
#[must_use]
pub fn render(document: &Document) -> String {
    let title = document.blocks.iter().find_map(|block| match block {
        Block::Heading(line) => Some(line.as_str()),
        _ => None,
    });
    let body: String = document.blocks.iter().map(one).collect();
    page(title.unwrap_or("driftline"), &body)
}

/// A page around a body that is HTML already.
#[must_use]
pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escaped(title)
    )
}

/// One part of a document.
#[must_use]
pub fn one(block: &Block) -> String {
    match block {
        Block::Heading(line) => format!("<h2>{}</h2>\n", escaped(line)),
        Block::Text(sentence) => format!("<p>{}</p>\n", escaped(sentence)),
        Block::Lines(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
            format!("<pre>{}</pre>\n", lines.join("\n"))
        }
        Block::Facts(facts) => {
            let fact =
                |(name, value): &(String, String)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
            format!("<dl>\n{}</dl>\n", facts.iter().map(fact).collect::<String>())
        }
        Block::Table(rows) => table(rows),
        Block::Chart(chart) => chart.svg(),
    }
}

fn table(table: &Table) -> String {
    let titles: String =
        table.titles.iter().map(|title| format!("<th scope=\"col\">{}</th>", escaped(title))).collect();
    let rows: String = table.rows.iter().map(|row| self::row(row, table)).collect();
    format!("<div class=\"wide\"><table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

/// A note is a row of its own below the cells that it is about.
fn row(row: &Row, table: &Table) -> String {
    let class = row.severity.map_or_else(String::new, |severity| format!(" class=\"{severity}\""));
    let cells: String = row.cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
    let note = row.note.as_ref().map_or_else(String::new, |note| {
        format!("<tr class=\"note\"><td colspan=\"{}\">{}</td></tr>\n", table.titles.len(), escaped(note))
    });
    format!("<tr{class}>{cells}</tr>\n{note}")
}

/// The text between tags or in a quoted attribute, of HTML and XML alike.
/// Characters that XML cannot hold at all are shown as their numbers.
#[must_use]
pub fn escaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in text::safe(raw).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
