//! The mapping file: which file of a repository is which source.
//!
//! Strict TOML, read without a look at any of the files. A mistake is told with
//! line and column, an unknown key with the nearest known one.

use std::path::{Component, Path};

use driftline_canon::{DisplayPolicy, EnvDialect, Format, NameError, SourceKind, SourceName};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::{nearest, place};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// The name that it has where none is given.
pub const FILE_NAME: &str = "driftline-desired.toml";

/// Bytes of a mapping file: some thousand sources with their comments.
pub const MAPPING_BYTES_MAX: u64 = 1024 * 1024;

/// Keys of a `[[source]]`.
const KEYS: [&str; 6] = ["name", "kind", "path", "format", "dialect", "display"];

/// One `[[source]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Logical name, as the agents' configuration has it.
    pub source: SourceName,
    /// Kind, as the agents' configuration has it.
    pub kind: SourceKind,
    /// The file, below the directory that is pushed.
    pub path: String,
    /// Its format; none: by name and look.
    pub format: Option<Format>,
    /// Who reads an env file; none: detected.
    pub dialect: Option<EnvDialect>,
    /// What may be shown of its values.
    pub display: DisplayPolicy,
    /// `FILE:LINE:COLUMN`, for messages.
    pub place: String,
}

/// What stands for `{env}`, `{role}` and `{host}` in a path.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// Environment.
    pub env: &'a str,
    /// Role, if one was given.
    pub role: Option<&'a str>,
    /// Host, if one was given.
    pub host: Option<&'a str>,
}

impl Mapped {
    /// A source of one file that the command line names.
    #[must_use]
    pub fn single(source: SourceName, kind: SourceKind, path: String) -> Self {
        let (format, dialect, display) = (None, None, DisplayPolicy::Clear);
        Self { source, kind, path, format, dialect, display, place: "--source".to_owned() }
    }

    /// The path with its names filled in.
    ///
    /// # Errors
    /// [`Failure`] when a name is unknown or was not given, or the path leaves
    /// the directory.
    pub fn path(&self, named: Named<'_>) -> Outcome<String> {
        let refuse = |reason: String| Failure::new(Exit::Config, format!("{}: {reason}", self.place));
        let (mut path, mut rest) = (String::new(), self.path.as_str());
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) =
                behind.split_once('}').ok_or_else(|| refuse("a `{` in `path` has no `}`".to_owned()))?;
            let value = match name {
                "env" => Some(named.env),
                "role" => named.role,
                "host" => named.host,
                _ => return Err(refuse(format!("`path` knows {{env}}, {{role}} and {{host}}, not {{{name}}}"))),
            };
            let value = value.ok_or_else(|| refuse(format!("`path` asks for {{{name}}}: give `--{name}`")))?;
            path.push_str(before);
            path.push_str(value);
            rest = behind;
        }
        path.push_str(rest);
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if path.is_empty() || !Path::new(&path).components().all(inside) {
            return Err(refuse("`path` is relative and stays below the directory".to_owned()));
        }
        Ok(path)
    }
}

/// Reads the text of a mapping file; `name` is what messages call it.
///
/// # Errors
/// [`Failure`] with the place of what is wrong.
pub fn parse(name: &str, text: &str) -> Outcome<Vec<Mapped>> {
    let reader = Reader { name, text };
    let whole = DeTable::parse(text)
        .map_err(|error| reader.refuse(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    let mut mapped = Vec::new();
    for (key, value) in whole.get_ref() {
        if key.get_ref() != "source" {
            return Err(reader.unknown(key, &["source"]));
        }
        let DeValue::Array(tables) = value.get_ref() else {
            return Err(reader.refuse(value.span().start, "write each source as a table `[[source]]`".to_owned()));
        };
        for table in tables {
            mapped.push(reader.source(table)?);
        }
    }
    if mapped.is_empty() {
        return Err(reader.refuse(0, "it maps no source: `driftline desired init` proposes some".to_owned()));
    }
    for (index, one) in mapped.iter().enumerate() {
        if mapped.iter().take(index).any(|other: &Mapped| other.source == one.source) {
            let said = format!("{}: source `{}` is mapped twice", one.place, one.source);
            return Err(Failure::new(Exit::Config, said));
        }
    }
    Ok(mapped)
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn at(&self, offset: usize) -> String {
        format!("{}{}", self.name, place(self.text, offset))
    }

    fn refuse(&self, offset: usize, reason: String) -> Failure {
        Failure::new(Exit::Config, format!("{}: {reason}", self.at(offset)))
    }

    fn unknown(&self, key: &Spanned<DeString<'_>>, known: &[&str]) -> Failure {
        let name = key.get_ref();
        let known: Vec<String> = known.iter().map(|&one| one.to_owned()).collect();
        let near = nearest(name, &known).map(|near| format!("did you mean `{near}`?"));
        let hint = near.unwrap_or_else(|| format!("known are {}", known.join(", ")));
        self.refuse(key.span().start, format!("unknown key `{name}`")).hint(hint)
    }

    fn source(&self, table: &Spanned<DeValue<'_>>) -> Outcome<Mapped> {
        let at = table.span().start;
        let DeValue::Table(keys) = table.get_ref() else {
            return Err(self.refuse(at, "a source is a table".to_owned()));
        };
        for (key, value) in keys {
            if !KEYS.contains(&key.get_ref().as_ref()) {
                return Err(self.unknown(key, &KEYS));
            }
            if !matches!(value.get_ref(), DeValue::String(_)) {
                return Err(self.refuse(value.span().start, format!("`{}` is a text", key.get_ref())));
            }
        }
        let text = |wanted: &str| {
            let (_, value) = keys.iter().find(|(key, _)| key.get_ref() == wanted)?;
            let DeValue::String(text) = value.get_ref() else { return None };
            Some((text.as_ref(), value.span().start))
        };
        let needed = |wanted: &str| text(wanted).ok_or_else(|| self.refuse(at, format!("`{wanted}` is missing")));
        let (source, source_at) = needed("name")?;
        let source = source.parse().map_err(|error: NameError| self.refuse(source_at, error.to_string()))?;
        let kinds = SourceKind::ALL.map(SourceKind::as_str);
        let kind = self.word("kind", needed("kind")?, &kinds, SourceKind::from_name)?;
        let formats: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
        let format = text("format").map(|given| self.word("format", given, &formats, Format::from_name)).transpose()?;
        let dialects = ["dotenv", "compose", "docker-run", "systemd", "shell"];
        let dialect =
            text("dialect").map(|given| self.word("dialect", given, &dialects, EnvDialect::from_name)).transpose()?;
        let display = text("display").map(|given| self.word("display", given, &["clear", "digest"], policy));
        let path = needed("path")?.0.to_owned();
        let display = display.transpose()?.unwrap_or_default();
        Ok(Mapped { source, kind, path, format, dialect, display, place: self.at(at) })
    }

    /// A word of a closed set.
    fn word<T>(
        &self,
        key: &str,
        (given, at): (&str, usize),
        all: &[&str],
        known: impl Fn(&str) -> Option<T>,
    ) -> Outcome<T> {
        known(given).ok_or_else(|| {
            let words: Vec<String> = all.iter().map(|&word| word.to_owned()).collect();
            let near = nearest(given, &words).map(|near| format!("did you mean `{near}`?"));
            let hint = near.unwrap_or_else(|| format!("known are {}", all.join(", ")));
            self.refuse(at, format!("there is no {key} `{}`", crate::printer::text::safe(given))).hint(hint)
        })
    }
}

fn policy(name: &str) -> Option<DisplayPolicy> {
    match name {
        "clear" => Some(DisplayPolicy::Clear),
        "digest" => Some(DisplayPolicy::Digest),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
