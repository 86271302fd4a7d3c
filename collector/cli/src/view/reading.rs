//! What driftline sees in a file, as a document: items with their secrets
//! masked, and problems with the line they stand on.

use driftline_api::SCHEMA_VERSION;
use driftline_api::problem::Problem as ApiProblem;
use driftline_canon::{EnvDialect, Format, Item, Problem};
use serde::Serialize;

use super::{HIDDEN, count, shown};
use crate::printer::document::{Block, Document, Table};

/// What was seen in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Version of this shape.
    pub schema_version: u32,
    /// The file, as it was named.
    pub file: String,
    /// The format it was read in.
    pub format: String,
    /// The dialect it was read in.
    pub dialect: Option<String>,
    /// Its items, by key.
    pub items: Vec<SeenItem>,
    /// What could not be understood.
    pub problems: Vec<ApiProblem>,
    #[serde(skip)]
    rendered: Vec<String>,
}

/// One item of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenItem {
    /// Which key.
    pub key: String,
    /// What may be shown of its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The included file that it stands in; none: the one that was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How severe a change of it would be.
    pub severity: String,
}

/// One line of ndjson: an item, or `{"problem": …}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Row<'a> {
    /// An item.
    Item(&'a SeenItem),
    /// What could not be understood.
    Problem {
        /// Which.
        problem: &'a ApiProblem,
    },
}

impl Inspection {
    /// Everything that was seen, line by line.
    #[must_use]
    pub fn rows(&self) -> Vec<Row<'_>> {
        let problems = self.problems.iter().map(|problem| Row::Problem { problem });
        self.items.iter().map(Row::Item).chain(problems).collect()
    }

    /// What was seen of a file.
    #[must_use]
    pub fn new(
        file: &str,
        (format, dialect): (Format, Option<EnvDialect>),
        items: Vec<SeenItem>,
        problems: &[Problem],
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            file: file.to_owned(),
            format: if matches!(format, Format::EnvFile(_)) { "env_file" } else { format.as_str() }.to_owned(),
            dialect: dialect.map(|dialect| dialect.to_string()),
            items,
            problems: problems.iter().map(api_problem).collect(),
            rendered: problems.iter().map(|problem| problem.render(file)).collect(),
        }
    }

    /// As a document.
    #[must_use]
    pub fn document(&self) -> Document {
        let format = Some(self.format.as_str()).filter(|name| *name != "env_file");
        let dialect = self.dialect.as_deref().or(format);
        let dialect = dialect.map_or_else(String::new, |name| format!(", read as {name}"));
        let secrets = self.items.iter().filter(|item| item.secret).count() as u64;
        let items = count(self.items.len() as u64, "setting", "settings");
        let problems = count(self.problems.len() as u64, "problem", "problems");
        let summary = format!("{items}, {}, {problems}", count(secrets, "secret", "secrets"));
        let mut document = Document::default().heading(format!("{}{dialect}", self.file)).text(summary);
        if !self.items.is_empty() {
            document = document.table(self.table());
        }
        if !self.rendered.is_empty() {
            let lines = self.rendered.iter().flat_map(|text| text.lines().map(str::to_owned)).collect();
            document = document.heading("Problems").block(Block::Lines(lines));
        }
        document
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&["line", "key", "value", "secret", "a change is"]);
        for item in &self.items {
            table.row([
                super::place(&self.file, item.file.as_deref(), item.line),
                item.key.clone(),
                item.display.as_deref().map_or_else(|| HIDDEN.to_owned(), shown),
                if item.secret { "yes" } else { "" }.to_owned(),
                item.severity.clone(),
            ]);
        }
        table
    }
}

/// An item as it is shown.
#[must_use]
pub fn seen(item: &Item, severity: String) -> SeenItem {
    SeenItem {
        key: item.key.to_string(),
        display: item.display.as_ref().map(|display| display.as_str().to_owned()),
        secret: item.secret,
        line: item.line,
        file: item.file.as_deref().map(str::to_owned),
        severity,
    }
}

fn api_problem(problem: &Problem) -> ApiProblem {
    ApiProblem {
        kind: problem.kind.as_str().to_owned(),
        line: problem.place.map(|place| place.line),
        column: problem.place.map(|place| place.column),
        reason: problem.reason.clone(),
        excerpt: problem.excerpt.clone(),
    }
}

#[cfg(test)]
mod tests;
