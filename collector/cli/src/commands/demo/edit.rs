//! The edits that nobody announced: one plain variable in one file, or `fsync`
//! of a database server, gets another value, by an atomic rename, as careful
//! editors do it.
//!
//! It chooses what can be shown, so never a secret.

use std::io;
use std::path::Path;
use std::time::Instant;

use driftline_canon::{Format, Value, format, secret};

use super::shop::{DATABASE_FILE, Database, EnvFile};

/// What the sample's story changes, and to what: somebody points the payments
/// elsewhere.
const SAMPLE: (&str, &str) = ("PAYMENT_HOST", "api.payments-test.example");

/// What is put behind a value of an operator's own file.
const SUFFIX: &str = "-edited-by-hand";

/// What a database server's files are called in every environment.
pub(super) const DATABASE_SOURCE: &str = "postgres";

/// What is set by hand on a database server: somebody is in a hurry, and what
/// was committed no longer survives a crash.
const FSYNC: &str = "fsync";

/// One edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) source: String,
    pub(super) file: String,
    pub(super) key: String,
    /// None where the file did not have it.
    pub(super) before: Option<String>,
    pub(super) after: String,
    text: Vec<u8>,
}

/// The edit of one of these files; none where no variable can be changed
/// plainly.
pub(super) fn plan(files: &[EnvFile], is_sample: bool) -> Option<Edit> {
    files.iter().find_map(|file| plan_file(file, is_sample))
}

fn plan_file(file: &EnvFile, is_sample: bool) -> Option<Edit> {
    let read = format::read(Format::EnvFile(file.dialect), &file.bytes);
    let secrets = secret::classify_all(&read.settings);
    read.settings.iter().zip(secrets).find_map(|(setting, secret)| {
        let key = setting.key.as_str();
        if secret.is_some() || setting.template.is_some() || (is_sample && key != SAMPLE.0) {
            return None;
        }
        let Value::Text(value) = &setting.value else { return None };
        let before = std::str::from_utf8(value).ok().filter(|text| is_plain(text))?.to_owned();
        let after = if is_sample { SAMPLE.1.to_owned() } else { format!("{before}{SUFFIX}") };
        let text = replaced(&file.bytes, setting.line?, key, &before, &after)?;
        let (source, name) = (file.source.clone(), file.name.clone());
        Some(Edit { source, file: name, key: key.to_owned(), before: Some(before), after, text })
    })
}

/// The edit of a database server: `fsync = off`, or `on` where it is off
/// already. None where the file is no text.
pub(super) fn plan_database(database: &Database) -> Option<Edit> {
    let text = std::str::from_utf8(&database.bytes).ok()?;
    let read = format::read(Format::PostgresConf, &database.bytes);
    let setting = read.settings.iter().find(|setting| setting.key.as_str() == FSYNC);
    let before = match setting.map(|setting| &setting.value) {
        Some(Value::Text(value)) => Some(std::str::from_utf8(value).ok()?.to_owned()),
        Some(_) => return None,
        None => None,
    };
    let after = if before.as_deref() == Some("off") { "on" } else { "off" }.to_owned();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let line = format!("{FSYNC} = {after}\n");
    // The last line of several is the one that counts, and the one that is read.
    match setting.and_then(|setting| usize::try_from(setting.line?).ok()?.checked_sub(1)) {
        Some(at) => *lines.get_mut(at)? = &line,
        None if text.ends_with('\n') || text.is_empty() => lines.push(&line),
        None => lines.extend(["\n", &line]),
    }
    let text = lines.concat().into_bytes();
    let (source, file) = (DATABASE_SOURCE.to_owned(), DATABASE_FILE.to_owned());
    Some(Edit { source, file, key: FSYNC.to_owned(), before, after, text })
}

/// Values that need no quotes in any dialect.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte))
}

/// The file with another value on that line; none if the line does not read
/// `KEY=value`.
fn replaced(bytes: &[u8], line: u32, key: &str, before: &str, after: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let wanted = usize::try_from(line).ok()?.checked_sub(1)?;
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let one = lines.get_mut(wanted)?;
    if one.trim_end() != format!("{key}={before}") {
        return None;
    }
    *one = one.replacen(&format!("={before}"), &format!("={after}"), 1);
    Some(lines.concat().into_bytes())
}

/// Carries the edit out, and says when the file had its new content.
pub(super) fn apply(edit: &Edit, folder: &Path) -> io::Result<Instant> {
    let (path, temporary) = (folder.join(&edit.file), folder.join(".edited-by-hand"));
    std::fs::write(&temporary, &edit.text)?;
    std::fs::set_permissions(&temporary, std::fs::metadata(&path)?.permissions())?;
    let written = Instant::now();
    std::fs::rename(&temporary, &path)?;
    Ok(written)
}

#[cfg(test)]
mod tests;
