//! A command line fit to be shown: what may be a secret in it is masked.
//!
//! It knows arguments, not programs' grammars: where the two could differ, it
//! masks more. Once something in the text of a script was masked, so is all
//! behind it.

mod script;

use super::{ACTOR_COMMAND_BYTES_MAX, ActorText};
use crate::display::MASK;
use crate::secret;

/// Bytes of arguments that are looked at: what is shown ends long before.
const LOOKED_AT_MAX: usize = 4 * ACTOR_COMMAND_BYTES_MAX;

/// Short flags that take a secret, by program: the flag's letters, each with
/// the value attached (`-pSECRET`) or behind it.
const FLAGS: &[(&str, &str)] = &[
    ("sshpass", "p"),
    ("redis-cli", "a"),
    ("curl", "uUHdbFE"),
    ("ldapsearch", "w"),
    ("ldapmodify", "w"),
    ("ldapadd", "w"),
    ("ldapdelete", "w"),
    ("ldappasswd", "wsa"),
    ("mongosh", "p"),
    ("mongo", "p"),
    ("mongodump", "p"),
    ("mongorestore", "p"),
    ("smbclient", "U"),
    ("rpcclient", "U"),
    ("sqlcmd", "P"),
    ("zip", "P"),
    ("unzip", "P"),
    ("7z", "p"),
    ("useradd", "p"),
    ("usermod", "p"),
    ("login", "p"),
    ("openssl", "kK"),
    ("ipmitool", "PK"),
    ("snmpget", "cAX"),
    ("snmpwalk", "cAX"),
    ("wpa_passphrase", ""),
];

/// Short flags that take a secret only attached: alone they ask for it.
const ATTACHED: &[(&str, &str)] = &[("mysql", "p"), ("mariadb", "p")];

/// Programs and subcommands of which every argument behind may be a secret.
const ALL_BEHIND: &str = "htpasswd wpa_passphrase chpasswd add_user change_password authenticate_user mkpasswd requirepass \
     masterauth";

/// Words beside those of keys that say that a secret follows.
const SAYING_SO: &str =
    "authorization cookie set-cookie bearer basic passin passout identified user-agent-token psk wpa-psk";

/// Programs whose first argument is a script that edits text.
const EDITORS: &str = "sed gsed perl awk gawk mawk ed ex";

/// The command line of these arguments, masked, on one line.
#[must_use]
pub fn masked(arguments: &[&[u8]]) -> ActorText {
    let mut masker = Masker::default();
    let mut line = String::new();
    for argument in arguments {
        if line.len() > LOOKED_AT_MAX {
            line.push_str(" …");
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        // Nothing is cut before it was masked, but what is endless is not shown.
        let shown = if argument.len() > LOOKED_AT_MAX { MASK.to_owned() } else { masker.argument(argument) };
        line.push_str(&quoted(&shown));
    }
    ActorText::command(&line)
}

/// The program alone, for sources that show no values.
#[must_use]
pub fn bare(arguments_masked: &ActorText) -> ActorText {
    let program = arguments_masked.as_str().split(' ').next().unwrap_or_default();
    ActorText::command(program)
}

fn quoted(argument: &str) -> String {
    if !argument.is_empty() && !argument.contains([' ', '\'', '"', '\t', '\n', ';', '|', '&', '<', '>']) {
        return argument.to_owned();
    }
    if argument.contains('\'') { format!("\"{argument}\"") } else { format!("'{argument}'") }
}

/// What the arguments so far say of the next.
#[derive(Debug, Default)]
struct Masker {
    next: Next,
    /// Short flags with a secret attached or behind.
    flags: &'static str,
    /// Short flags with a secret attached.
    attached: &'static str,
    editor: Editor,
    begun: bool,
    /// It looks at words of one argument.
    within: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// It is looked at.
    #[default]
    Shown,
    /// It is a secret.
    Secret,
    /// All that follow are.
    AllSecret,
    /// It edits text.
    Edits,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Editor {
    #[default]
    None,
    /// Its script is still to come.
    Before,
    /// Files follow.
    Behind,
}

impl Masker {
    fn within() -> Self {
        Self { within: true, begun: true, ..Self::default() }
    }

    fn argument(&mut self, bytes: &[u8]) -> String {
        let Ok(text) = std::str::from_utf8(bytes) else {
            // No program is called so, and no name of a file is needed so much.
            return MASK.to_owned();
        };
        match self.next {
            Next::AllSecret => return MASK.to_owned(),
            Next::Secret => {
                self.next = Next::Shown;
                return MASK.to_owned();
            }
            Next::Edits => {
                self.next = Next::Shown;
                return script::edit(text);
            }
            Next::Shown => {}
        }
        let first = !std::mem::replace(&mut self.begun, true);
        if first || !text.starts_with('-') {
            self.program(text);
        }
        if first && !text.contains(char::is_whitespace) {
            return alone(text);
        }
        if let Some(flag) = text.strip_prefix('-').filter(|flag| !flag.is_empty()) {
            return self.flag(text, flag);
        }
        if self.editor == Editor::Before && !is_program(text, EDITORS) {
            self.editor = Editor::Behind;
            return script::edit(text);
        }
        self.plain(text)
    }

    /// A program may be started by another one: every word is taken for one.
    fn program(&mut self, text: &str) {
        let name = basename(text);
        if let Some((_, flags)) = FLAGS.iter().find(|(program, _)| *program == name) {
            self.flags = flags;
        }
        if let Some((_, flags)) = ATTACHED.iter().find(|(program, _)| name.starts_with(program)) {
            self.attached = flags;
        }
        if is_program(text, EDITORS) {
            self.editor = Editor::Before;
        }
        if listed(ALL_BEHIND, name) {
            self.next = Next::AllSecret;
        }
    }

    fn flag(&mut self, text: &str, flag: &str) -> String {
        if let Some(long) = flag.strip_prefix('-') {
            return match long.split_once('=') {
                Some((name, value)) => format!("--{}={}", shown_name(name), self.value(name, value)),
                None => {
                    self.next = self.after_name(long);
                    alone(text)
                }
            };
        }
        if let Some((name, value)) = flag.split_once('=').filter(|(name, _)| name.len() > 1) {
            return format!("-{}={}", shown_name(name), self.value(name, value));
        }
        if let Some(at) = flag.find(|c| self.flags.contains(c) || self.attached.contains(c)) {
            let (before, rest) = flag.split_at(at + 1);
            if !rest.is_empty() {
                return format!("-{before}{MASK}");
            }
            if self.flags.contains(&flag[at..=at]) {
                self.next = Next::Secret;
            }
            return text.to_owned();
        }
        if self.editor != Editor::None && flag.ends_with('e') {
            self.next = Next::Edits;
            self.editor = Editor::Behind;
            return text.to_owned();
        }
        self.next = if flag.chars().count() > 1 { self.after_name(flag) } else { Next::Shown };
        self.words(text)
    }

    /// Whether a word is a flag that would have its secret attached.
    fn takes_attached(&self, word: &str) -> bool {
        word.starts_with('-') && word.contains(|c| self.attached.contains(c) || self.flags.contains(c))
    }

    /// What follows a name that stands alone.
    fn after_name(&self, name: &str) -> Next {
        match self.editor {
            Editor::Before if name == "expression" => Next::Edits,
            _ if says_secret(name) || self.is_user(name) => Next::Secret,
            _ => Next::Shown,
        }
    }

    /// `curl --user name:password`.
    fn is_user(&self, name: &str) -> bool {
        self.flags.starts_with("uU")
            && (matches!(name, "user" | "proxy-user" | "header")
                || name.starts_with("data")
                || name.starts_with("form"))
    }

    fn value(&self, name: &str, value: &str) -> String {
        if self.editor != Editor::None && name == "expression" {
            return script::edit(value);
        }
        if says_secret(name) || secret::names_a_secret(name.as_bytes(), value.as_bytes()) || self.is_user(name) {
            return MASK.to_owned();
        }
        self.words(value)
    }

    fn plain(&mut self, text: &str) -> String {
        if let Some((name, value)) = text.split_once('=').filter(|(name, _)| is_name(name)) {
            return format!("{}={}", shown_name(name), self.value(name, value));
        }
        if !text.contains('/') && is_name(text) && says_secret(text) {
            self.next = Next::Secret;
        }
        self.words(text)
    }

    /// A text of one word, or of a script.
    fn words(&self, text: &str) -> String {
        if !self.within && text.contains(|c: char| !c.is_alphanumeric() && !"-_./+@%,~".contains(c)) {
            return script::masked(text);
        }
        alone(text)
    }
}

/// One word, masked by its look.
fn alone(text: &str) -> String {
    if !text.contains('/') && text.parse::<u64>().is_ok() {
        return text.to_owned();
    }
    match secret::looks(text.as_bytes()) {
        None => text.to_owned(),
        Some(_) if is_path(text) => text.to_owned(),
        Some(_) => around(text).unwrap_or_else(|| MASK.to_owned()),
    }
}

/// A URL or connection string without its passwords.
fn around(text: &str) -> Option<String> {
    let spans = secret::spans_that_suffice(text.as_bytes())?;
    let mut out = String::new();
    let mut at = 0;
    for span in spans {
        out.push_str(text.get(at..span.start)?);
        out.push_str(MASK);
        at = span.end;
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// A path of short parts: only long ones can be random.
fn is_path(text: &str) -> bool {
    const PART_BYTES_MAX: usize = 19;
    text.starts_with(['/', '.'])
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
        && text
            .split(['/', '.', '-', '_'])
            .all(|part| part.len() <= PART_BYTES_MAX && secret::looks(part.as_bytes()).is_none())
}

/// Whether a name says that what is behind it is a secret.
fn says_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    secret::is_secret_parameter(name)
        || secret::names_a_secret(name.as_bytes(), b"?")
        || listed(SAYING_SO, lower.trim_matches('-'))
}

fn shown_name(name: &str) -> &str {
    if secret::name_may_be_shown(name.as_bytes()) { name } else { MASK }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

fn is_program(text: &str, list: &str) -> bool {
    listed(list, basename(text))
}

fn basename(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

fn listed(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split_ascii_whitespace().any(|one| one == word)
}

#[cfg(test)]
mod tests;
