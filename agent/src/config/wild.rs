//! Wildcards within one name, as a shell reads them: `*`, `?`, `[a-z]`, `[!a]`,
//! `{a,b}`, and `\` before a character that means itself.
//!
//! It knows no directories and compiles to no automaton: a name is short, and
//! memory is what an agent has least of.

use std::iter::Peekable;
use std::str::Chars;

/// Ways in which `{a,b}` groups can be written out. A name of a few groups has a
/// dozen; each is tried in turn.
const WAYS_MAX: usize = 256;

/// Groups within groups.
const DEPTH_MAX: usize = 8;

/// A name with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wild {
    ways: Vec<Vec<Part>>,
    dotted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    One(u32),
    Any,
    Many,
    Class { negated: bool, ranges: Vec<(u32, u32)> },
}

impl Wild {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let ways = sequence(&mut text.chars().peekable(), 0)?;
        Ok(Self { ways, dotted: text.starts_with('.') })
    }

    /// Whether it begins with a dot, as it must to mean hidden names.
    #[must_use]
    pub fn is_dotted(&self) -> bool {
        self.dotted
    }

    /// Whether a name matches. A byte that is not UTF-8 is one character that no
    /// pattern names.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        let name: Vec<u32> = characters(name).collect();
        self.ways.iter().any(|way| fits(way, &name))
    }
}

fn characters(name: &[u8]) -> impl Iterator<Item = u32> {
    const NO_CHARACTER: u32 = 0x11_0000;
    name.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().iter().map(|byte| NO_CHARACTER + u32::from(*byte));
        chunk.valid().chars().map(u32::from).chain(invalid)
    })
}

/// Goes back to the last `*` only: what an earlier one could take, that one can.
fn fits(way: &[Part], name: &[u32]) -> bool {
    let (mut part, mut at, mut back) = (0, 0, None);
    while at < name.len() {
        match way.get(part) {
            Some(Part::Many) => {
                back = Some((part + 1, at));
                part += 1;
                continue;
            }
            Some(one) if one.takes(name[at]) => (part, at) = (part + 1, at + 1),
            _ => {
                let Some((behind, from)) = back else {
                    return false;
                };
                (part, at) = (behind, from + 1);
                back = Some((behind, from + 1));
            }
        }
    }
    way[part..].iter().all(|rest| *rest == Part::Many)
}

impl Part {
    fn takes(&self, character: u32) -> bool {
        match self {
            Self::One(one) => *one == character,
            Self::Any => true,
            Self::Many => false,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&character)) != *negated
            }
        }
    }
}

/// Up to the end, or to the `,` or `}` that ends it within a group.
fn sequence(text: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Vec<Vec<Part>>, String> {
    let mut ways = vec![Vec::new()];
    while let Some(c) = text.next_if(|c| depth == 0 || !matches!(c, ',' | '}')) {
        let part = match c {
            '{' => {
                let group = group(text, depth + 1)?;
                ways = ways.iter().flat_map(|way| group.iter().map(|rest| [&way[..], rest].concat())).collect();
                if ways.len() > WAYS_MAX {
                    return Err(format!("its groups mean more than {WAYS_MAX} names"));
                }
                continue;
            }
            '}' => return Err("`}` without `{`".to_owned()),
            '*' => Part::Many,
            '?' => Part::Any,
            '[' => class(text)?,
            '\\' => Part::One(text.next().ok_or("`\\` at its end")?.into()),
            c => Part::One(c.into()),
        };
        ways.iter_mut().for_each(|way| way.push(part.clone()));
    }
    Ok(ways)
}

fn group(text: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Vec<Vec<Part>>, String> {
    if depth > DEPTH_MAX {
        return Err(format!("groups stand more than {DEPTH_MAX} deep in each other"));
    }
    let mut ways = Vec::new();
    loop {
        ways.extend(sequence(text, depth)?);
        match text.next() {
            Some(',') if ways.len() <= WAYS_MAX => {}
            Some(',') => return Err(format!("its groups mean more than {WAYS_MAX} names")),
            Some(_) => return Ok(ways),
            None => return Err("`{` without `}`".to_owned()),
        }
    }
}

/// Behind `[`. A `]` that stands first means itself.
fn class(text: &mut Peekable<Chars<'_>>) -> Result<Part, String> {
    let negated = text.next_if(|c| matches!(c, '!' | '^')).is_some();
    let mut ranges = Vec::new();
    loop {
        let from = match text.next() {
            None => return Err("`[` without `]`".to_owned()),
            Some(']') if !ranges.is_empty() => return Ok(Part::Class { negated, ranges }),
            Some('\\') => text.next().ok_or("`\\` at its end")?,
            Some(c) => c,
        };
        let mut ahead = text.clone();
        let to = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) if to != ']' => {
                *text = ahead;
                to
            }
            _ => from,
        };
        if to < from {
            return Err(format!("`{from}-{to}` is no range"));
        }
        ranges.push((from.into(), to.into()));
    }
}

#[cfg(test)]
mod tests;
