//! What is printed, before anybody knows how: lines, headings and tables.
//!
//! It holds no widths, colours or marks; values are whole here and cut only
//! where a terminal is too narrow.

use driftline_compare::Severity;

use super::chart::Chart;

/// A whole result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// Its parts, in order; an empty line is between them.
    pub blocks: Vec<Block>,
}

/// One part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A line above what follows.
    Heading(String),
    /// A sentence, wrapped where it must be.
    Text(String),
    /// Lines that are kept as they are.
    Lines(Vec<String>),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Rows and columns.
    Table(Table),
    /// A trend.
    Chart(Chart),
}

/// Rows and columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Column titles.
    pub titles: Vec<String>,
    /// Rows, each with as many cells as there are titles.
    pub rows: Vec<Row>,
    /// What the notes below the rows are called where they get a column.
    pub note_title: String,
    /// Two columns that are read against each other: where their cells must be
    /// cut, the place where they differ is kept.
    pub against: Option<(usize, usize)>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// Its cells.
    pub cells: Vec<String>,
    /// A sentence that belongs to the row.
    pub note: Option<String>,
    /// How much it matters, for the colour of its first cell.
    pub severity: Option<Severity>,
}

impl Document {
    /// Adds a heading.
    #[must_use]
    pub fn heading(self, text: impl Into<String>) -> Self {
        self.block(Block::Heading(text.into()))
    }

    /// Adds a sentence.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.block(Block::Text(text.into()))
    }

    /// Adds names and values.
    #[must_use]
    pub fn facts<N: Into<String>, V: Into<String>>(self, facts: impl IntoIterator<Item = (N, V)>) -> Self {
        self.block(Block::Facts(facts.into_iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    /// Adds a table.
    #[must_use]
    pub fn table(self, table: Table) -> Self {
        self.block(Block::Table(table))
    }

    /// Adds a part.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

impl Table {
    /// A table without rows yet.
    #[must_use]
    pub fn new(titles: &[&str]) -> Self {
        Self { titles: titles.iter().map(|&title| title.to_owned()).collect(), ..Self::default() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(Row { cells: cells.into_iter().collect(), ..Row::default() });
    }
}
