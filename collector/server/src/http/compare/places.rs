//! Differences as the API shows them, with the places where the items stand.
//!
//! It looks each place up in the store and judges nothing. A side that is no
//! host's (a declaration, a file) has no places.

use std::collections::HashMap;

use driftline_api::compare as api;
use driftline_canon::{HostName, ItemKey, SourceName};
use driftline_compare::compare::{Cell, CellState, Difference};
use driftline_store::{Reader, StoreError};

use super::meant;

/// Items whose lines are looked up for one answer, ten microseconds each: more
/// differences than a person goes through, and no long wait.
const LINES_MAX: u32 = 20_000;

/// Looks up where items stand.
pub(in crate::http) struct Places<'a> {
    reader: &'a Reader,
    paths: HashMap<(HostName, SourceName), Option<String>>,
    lines: u32,
}

impl<'a> Places<'a> {
    pub(in crate::http) fn new(reader: &'a Reader) -> Self {
        Self { reader, paths: HashMap::new(), lines: 0 }
    }

    pub(super) fn difference(&mut self, one: Difference) -> Result<api::Difference, StoreError> {
        let left = self.cell(one.left, &one.source, &one.key)?;
        let right = self.cell(one.right, &one.source, &one.key)?;
        Ok(api::Difference {
            role: one.role,
            source: one.source.to_string(),
            kind: one.kind.to_string(),
            key: one.key.to_string(),
            what: one.what.as_str().to_owned(),
            left,
            right,
            severity: one.severity.to_string(),
            class: one.class.to_string(),
            recommendation: one.recommendation,
            metadata: one.metadata,
            meant: one.meant.as_ref().map(meant::text),
            meant_kind: one.meant.as_ref().map(|meant| meant.kind().to_owned()),
            violation: one.violation,
        })
    }

    fn cell(&mut self, cell: Cell, source: &SourceName, key: &ItemKey) -> Result<api::Cell, StoreError> {
        let at = match cell.host {
            Some(host) => self.at(host, source, key, cell.state)?,
            None => None,
        };
        let state = match cell.state {
            CellState::Value => api::CellState::Value,
            CellState::Missing => api::CellState::Missing,
            CellState::Split => api::CellState::Split,
            CellState::Unknown => api::CellState::Unknown,
        };
        let groups = cell.groups.into_iter().map(|group| api::Group {
            hosts: group.hosts.iter().map(ToString::to_string).collect(),
            count: group.count,
            display: group.display,
            missing: group.missing,
        });
        Ok(api::Cell { state, display: cell.display, secret: cell.secret, groups: groups.collect(), at })
    }

    /// Where an item of a host stands, or would.
    pub(in crate::http) fn at(
        &mut self,
        host: HostName,
        source: &SourceName,
        key: &ItemKey,
        state: CellState,
    ) -> Result<Option<api::At>, StoreError> {
        let asked = (host, source.clone());
        let path = match self.paths.get(&asked) {
            Some(path) => path.clone(),
            None => {
                let path = self.reader.source(&asked.0, source)?.map(|record| record.path);
                self.paths.insert(asked.clone(), path.clone());
                path
            }
        };
        let Some(path) = path else { return Ok(None) };
        let host = asked.0;
        let name = host.to_string();
        if state == CellState::Missing || self.lines >= LINES_MAX {
            return Ok(Some(api::At { host: name, path: some(path), line: None, included: false }));
        }
        self.lines += 1;
        let item = self.reader.item(&host, source, key)?;
        let (line, file) = item.map_or((None, None), |item| (item.line, item.file));
        let included = file.is_some();
        let path = file.map_or(path, |file| file.to_string());
        Ok(Some(api::At { host: name, path: some(path), line, included }))
    }
}

fn some(path: String) -> Option<String> {
    Some(path).filter(|path| !path.is_empty())
}
