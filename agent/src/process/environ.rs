//! An environment's bytes as settings: the same keys and values as an env file
//! has, so that both compare.
//!
//! It knows no syntax: a value is every byte up to the next NUL.

use std::collections::HashSet;

use driftline_canon::limits::ITEMS_MAX;
use driftline_canon::{ItemKey, Problem, ProblemKind, Setting, Value};
use sha2::{Digest as _, Sha256};

/// Names that systemd and shells set anew at each start: they say nothing about
/// configuration, and each restart would be a change.
const VOLATILE: [&[u8]; 14] = [
    b"INVOCATION_ID",
    b"JOURNAL_STREAM",
    b"LISTEN_PID",
    b"LISTEN_PIDFDID",
    b"MAINPID",
    b"MANAGERPID",
    b"MANAGERPIDFDID",
    b"NOTIFY_SOCKET",
    b"SYSTEMD_EXEC_PID",
    b"SYSTEMD_ACTIVATION_UNIT",
    b"WATCHDOG_PID",
    b"OLDPWD",
    b"SHLVL",
    b"_",
];

/// What an environment holds.
#[derive(Debug, Default)]
pub struct Environment {
    /// One per name, in order; of a name twice the first, as getenv(3) takes it.
    pub settings: Vec<Setting>,
    /// What could not be understood.
    pub problems: Vec<Problem>,
}

/// Reads what `/proc/PID/environ` gave.
#[must_use]
pub fn read(bytes: &[u8]) -> Environment {
    let mut names = HashSet::new();
    let mut settings = Vec::new();
    let mut odd = Sha256::new();
    let mut odd_count = 0_usize;
    for entry in bytes.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        let at = entry.iter().position(|byte| *byte == b'=');
        match at.map(|at| (&entry[..at], &entry[at + 1..])) {
            Some((name, _)) if VOLATILE.contains(&name) => {}
            Some((name, value)) if is_name(name) && settings.len() < ITEMS_MAX => {
                if names.insert(name) {
                    settings.push(setting(ItemKey::from_bytes(name), Value::text(value)));
                }
            }
            _ => {
                odd.update(entry);
                odd.update([0]);
                odd_count += 1;
            }
        }
    }
    let mut problems = Vec::new();
    if odd_count > 0 {
        settings.push(setting(ItemKey::metadata(ItemKey::CONTENT), Value::Content(odd.finalize().into())));
        let reason = format!(
            "{odd_count} entries are no `NAME=value` and are watched by content: a program that changes its title \
             writes over its environment"
        );
        problems.push(Problem::whole(ProblemKind::Syntax, reason));
    }
    Environment { settings, problems }
}

/// What systemd and shells take for a name, and bash for an exported function.
fn is_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'%' | b'(' | b')');
    name.first().is_some_and(|first| !first.is_ascii_digit()) && name.iter().all(allowed)
}

fn setting(key: ItemKey, value: Value) -> Setting {
    Setting { key, value, line: None, template: None, file: None, secret: false }
}

#[cfg(test)]
mod tests {
    use driftline_canon::{EnvDialect, Format, format};

    use super::*;

    #[test]
    fn an_environment_has_the_settings_of_its_file() {
        let file = format::read(Format::EnvFile(Some(EnvDialect::Systemd)), b"A=1\nURL='http://x/ y'\nEMPTY=\n");
        let read = read(b"A=1\0URL=http://x/ y\0EMPTY=\0");
        let pairs = |settings: &[Setting]| -> Vec<_> {
            settings.iter().map(|one| (one.key.clone(), one.value.bytes().to_vec(), one.value.tag())).collect()
        };
        assert_eq!(pairs(&read.settings), pairs(&file.settings));
    }

    #[test]
    fn of_a_name_twice_the_first_counts_and_what_changes_at_each_start_is_left_out() {
        let read = read(b"A=1\0INVOCATION_ID=4f\0A=2\0B=a=b\nc\0");
        let values: Vec<_> = read.settings.iter().map(|one| (one.key.as_str(), one.value.bytes())).collect();
        assert_eq!(values, [("A", &b"1"[..]), ("B", b"a=b\nc")]);
        assert!(read.problems.is_empty());
    }

    #[test]
    fn an_environment_that_was_written_over_is_watched_by_content() {
        let over = read(b"worker process\0\xff\xfe=1\0A=1\0");
        let keys: Vec<_> = over.settings.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["A", "@content"]);
        assert_eq!(over.problems.len(), 1);
        assert!(!over.problems[0].reason.contains("worker"));
    }
}
