//! What was measured, as a table: for a terminal of 80 columns, and as Markdown.
//!
//! A cell that does not fit is wrapped at its spaces; nothing is cut.

use serde::{Deserialize, Serialize};

/// One measurement beside one peer or limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// What was done.
    pub(crate) what: String,
    /// What it took.
    pub(crate) measured: String,
    /// The peer or limit, measured in the same run.
    pub(crate) beside: String,
    /// Measured over beside.
    pub(crate) ratio: String,
    /// The budget, if there is one.
    pub(crate) budget: String,
    /// Whether it was kept; none without a budget.
    pub(crate) kept: Option<bool>,
}

impl Line {
    /// A measurement by itself.
    pub(crate) fn new(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self { what: what.into(), measured: measured.into(), ..Self::default() }
    }

    /// Beside a peer, and how much that differs.
    #[must_use]
    pub(crate) fn beside(mut self, peer: impl Into<String>, ratio: impl Into<String>) -> Self {
        self.beside = peer.into();
        self.ratio = ratio.into();
        self
    }

    /// With its budget.
    #[must_use]
    pub(crate) fn budget(mut self, text: impl Into<String>, kept: bool) -> Self {
        self.budget = text.into();
        self.kept = Some(kept);
        self
    }

    fn cells(&self) -> [String; COLUMNS] {
        let budget = match self.kept {
            Some(true) => format!("{} ok", self.budget),
            Some(false) => format!("{} MISSED", self.budget),
            None => self.budget.clone(),
        };
        [self.what.clone(), self.measured.clone(), self.beside.clone(), self.ratio.clone(), budget]
    }
}

/// Measurements that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Section {
    /// What they are about.
    pub(crate) title: String,
    /// The measurements.
    pub(crate) lines: Vec<Line>,
    /// How it was measured, and what the numbers do not say; a sentence each.
    pub(crate) notes: Vec<String>,
}

const COLUMNS: usize = 5;
const HEADS: [&str; COLUMNS] = ["what", "measured", "beside", "ratio", "budget"];
/// Characters of each column; with two spaces between them 80 in all.
const WIDTHS: [usize; COLUMNS] = [23, 16, 16, 6, 11];
const GAP: &str = "  ";

/// For a terminal: at most 80 columns, as long as no word is wider than its.
pub(crate) fn terminal(sections: &[Section]) -> String {
    let mut out = row(&HEADS.map(str::to_owned));
    for section in sections {
        out.push_str(&format!("\n== {}\n", section.title));
        for line in &section.lines {
            out.push_str(&row(&line.cells()));
        }
    }
    out
}

fn row(cells: &[String; COLUMNS]) -> String {
    let columns: Vec<Vec<String>> = cells.iter().zip(WIDTHS).map(|(cell, width)| wrap(cell, width)).collect();
    let height = columns.iter().map(Vec::len).max().unwrap_or_default();
    let mut out = String::new();
    for at in 0..height {
        let mut text = String::new();
        for (column, width) in columns.iter().zip(WIDTHS) {
            let piece = column.get(at).map_or("", String::as_str);
            text.push_str(piece);
            text.push_str(&" ".repeat(width.saturating_sub(piece.chars().count())));
            text.push_str(GAP);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// Words on lines of at most `width` characters; a longer word has its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// As Markdown: a heading, a table and the notes of each section.
pub(crate) fn markdown(sections: &[Section]) -> String {
    let mut out = String::new();
    for section in sections {
        out.push_str(&format!("## {}\n\n| {} |\n", section.title, HEADS.join(" | ")));
        out.push_str(&format!("|{}\n", "---|".repeat(COLUMNS)));
        for line in &section.lines {
            let cells = line.cells().map(|cell| cell.replace('|', "\\|").replace("MISSED", "**missed**"));
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        for note in &section.notes {
            out.push_str(&format!("\n{note}\n"));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
