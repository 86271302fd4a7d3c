//! Who may change the rules while they are locked: the lockdown whitelist.
//!
//! Says only whom firewalld takes; it looks for no program and no user.

use super::Element;
use super::values::integer;

/// Letters of a command line that firewalld takes.
const COMMAND_LETTERS_MAX: usize = 1024;

/// Bytes of the name of a user (`LOGIN_NAME_MAX` of `limits.h`).
const USER_BYTES_MAX: usize = 256;

/// The key of an element; none where firewalld does not take it.
pub(super) fn key(element: &Element) -> Option<String> {
    let taken = |attribute: &str, takes: fn(&str) -> bool| element.get(attribute).filter(|value| takes(value));
    Some(match &*element.name {
        "command" => format!("command {}", taken("name", is_command)?),
        "selinux" => format!("selinux {}", taken("context", is_context)?),
        "user" => match element.get("id") {
            Some(id) => format!("user id {}", integer(id).filter(|id| (0..=i64::from(i32::MAX)).contains(id))?),
            None => format!("user {}", taken("name", is_user)?),
        },
        _ => return None,
    })
}

/// A program by its path, with its arguments.
fn is_command(text: &str) -> bool {
    text.starts_with('/') && !text.contains(['|', '\n']) && text.chars().count() <= COMMAND_LETTERS_MAX
}

/// `user_u:role_r:type_t:level`; the level may have one colon in it.
fn is_context(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts[..], [user, role, kind, level, ..] if parts.len() <= 5
        && (user == "root" || user.ends_with("_u"))
        && role.ends_with("_r")
        && kind.ends_with("_t")
        && !level.is_empty())
}

fn is_user(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'$');
    (1..=USER_BYTES_MAX).contains(&text.len()) && text.bytes().all(letter)
}
