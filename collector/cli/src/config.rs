//! The operator's configuration: which collector, whom to believe, and defaults
//! for flags. Strict TOML, at most a few lines long.
//!
//! It holds paths of secrets, never secrets. A key that is not known is an
//! error with its place, because a typing mistake must not go unnoticed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input;

/// Bytes of a configuration file. It has a few lines.
pub const CONFIG_BYTES_MAX: u64 = 64 * 1024;

/// The variable that names the file, for messages.
const VARIABLE: &str = "DRIFTLINE_CONFIG";

/// Keys beside those that are flags: the CA itself instead of its file.
const EXTRA_KEYS: &[&str] = &["ca_pem"];

/// What the file says, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The file that was read; none if there is none.
    pub path: Option<PathBuf>,
    /// The CA certificate, written into the file itself.
    pub ca_pem: Option<String>,
    flags: BTreeMap<String, String>,
}

impl Settings {
    /// What the file says of a flag, as it would be typed.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.get(name).map(String::as_str)
    }
}

/// Where the file is unless said otherwise: `$XDG_CONFIG_HOME/driftline/cli.toml`
/// or `~/.config/driftline/cli.toml`.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let given = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = given("XDG_CONFIG_HOME").or_else(|| given("HOME").map(|home| home.join(".config")))?;
    Some(base.join("driftline").join("cli.toml"))
}

/// Reads the named file, or the one in its usual place, where none is no
/// mistake. `known` are the keys that are flags.
///
/// # Errors
/// [`Failure`] with the place of what is wrong.
pub fn load(named: Option<&Path>, known: &[String]) -> Outcome<Settings> {
    let (path, must_exist) = match named {
        Some(path) => (path.to_owned(), true),
        None => match default_path() {
            Some(path) => (path, false),
            None => return Ok(Settings::default()),
        },
    };
    let bytes = match input::read_limited(&path, CONFIG_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => return Ok(Settings::default()),
        Err(error) => {
            let hint = format!("`driftline login` makes one; `--config FILE` or {VARIABLE} names another");
            return Err(Failure::file(Exit::Config, "read the configuration", &path, &error).hint(hint));
        }
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(Exit::Config, format!("{}: not UTF-8 text", path.display())))?;
    parse(&path, &text, known)
}

/// Reads the text of a configuration file. Paths in it are relative to it.
///
/// # Errors
/// [`Failure`] with the place of what is wrong.
pub fn parse(path: &Path, text: &str, known: &[String]) -> Outcome<Settings> {
    let table: BTreeMap<toml::Spanned<String>, toml::Spanned<toml::Value>> = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(String::new, |span| place(text, span.start));
        Failure::new(Exit::Config, format!("{}{place}: {}", path.display(), error.message()))
    })?;
    let mut settings = Settings { path: Some(path.to_owned()), ..Settings::default() };
    for (key, value) in table {
        let at = format!("{}{}", path.display(), place(text, key.span().start));
        let key = key.into_inner();
        if !known.contains(&key) && !EXTRA_KEYS.contains(&key.as_str()) {
            let nearest = nearest(&key, known).map(|name| format!("did you mean `{name}`?"));
            return Err(Failure::new(Exit::Config, format!("{at}: unknown key `{key}`")).maybe_hint(nearest));
        }
        let value = as_typed(value.into_inner()).ok_or_else(|| {
            Failure::new(Exit::Config, format!("{at}: `{key}` must be a text, a number or a boolean"))
        })?;
        if key == "ca_pem" {
            settings.ca_pem = Some(value);
            continue;
        }
        let value = if key.ends_with("_file") { beside(path, &value) } else { value };
        settings.flags.insert(key, value);
    }
    Ok(settings)
}

/// A path in the file, relative to the file.
fn beside(config: &Path, value: &str) -> String {
    config.parent().map_or_else(|| PathBuf::from(value), |dir| dir.join(value)).to_string_lossy().into_owned()
}

fn as_typed(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// `:line:column`, both from 1, columns in characters.
pub(crate) fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    format!(":{line}:{column}")
}

/// The known name that differs least, if it differs little.
pub(crate) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let ranked = known.iter().map(|one| (distance(name, one), one.as_str()));
    ranked.filter(|(far, one)| *far <= one.len().min(name.len()) / 3 + 1).min().map(|(_, one)| one)
}

/// Edit distance (Wagner and Fischer, 1974).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            let (left, above) = (row.get(j).copied().unwrap_or(0), row.get(j + 1).copied().unwrap_or(0));
            diagonal = above;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = replaced.min(left + 1).min(above + 1);
            }
        }
    }
    row.last().copied().unwrap_or(0)
}

/// What `login` writes.
#[must_use]
pub fn render(entries: &[(&str, String)]) -> String {
    let mut text = String::from("# driftline: how the command line reaches the collector\n");
    for (key, value) in entries {
        text.push_str(&format!("{key} = {}\n", toml::Value::from(value.as_str())));
    }
    text
}

#[cfg(test)]
mod tests;
