//! The edit that nobody announced: one plain variable in one file gets another
//! value, by an atomic rename, as careful editors do it.
//!
//! It chooses a variable whose change can be shown, so never a secret.

use std::io;
use std::path::Path;
use std::time::Instant;

use driftline_canon::{Format, Value, format, secret};

use super::shop::EnvFile;

/// What the sample's story changes, and to what: somebody points the payments
/// elsewhere.
const SAMPLE: (&str, &str) = ("PAYMENT_HOST", "api.payments-test.example");

/// What is put behind a value of an operator's own file.
const SUFFIX: &str = "-edited-by-hand";

/// One edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) source: String,
    pub(super) file: String,
    pub(super) key: String,
    pub(super) before: String,
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
        Some(Edit { source, file: name, key: key.to_owned(), before, after, text })
    })
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
