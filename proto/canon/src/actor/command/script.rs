//! Text within one argument: what a shell is to run, what an editor is to
//! replace, a header.
//!
//! It understands no shell. From the first thing that may be a secret on,
//! nothing of the text is shown.

use super::{Masker, alone, is_name, listed, says_secret, shown_name};
use crate::display::MASK;
use crate::secret;

/// Programs that write their arguments somewhere: a bare word of theirs may be
/// a value.
const WRITERS: &str = "echo printf print";

/// What parts words from each other.
const BETWEEN: &[char] =
    &[' ', '\t', '\n', '\'', '"', '`', ';', '|', '&', '(', ')', '{', '}', '<', '>', ',', '[', ']', '$'];

/// A text, shown up to the first thing in it that may be a secret.
pub(super) fn masked(text: &str) -> String {
    if let Some(shown) = super::around(text).filter(|_| !text.contains(char::is_whitespace)) {
        return shown;
    }
    if secret::looks(text.as_bytes()).is_some() && !text.contains(BETWEEN) {
        return MASK.to_owned();
    }
    let mut words = Words { masker: Masker::within(), writes: false, named: false };
    let mut at = 0;
    for word in text.split(BETWEEN) {
        let next = text.get(at + word.len()..).and_then(|rest| rest.chars().next());
        if !words.may_show(word, next) {
            let shown = text.get(..at).unwrap_or_default();
            return format!("{shown}{MASK}");
        }
        at += word.len() + next.map_or(0, char::len_utf8);
    }
    text.to_owned()
}

/// What the words so far say of the next.
struct Words {
    masker: Masker,
    writes: bool,
    named: bool,
}

impl Words {
    fn may_show(&mut self, word: &str, next: Option<char>) -> bool {
        if word.is_empty() {
            return true;
        }
        if std::mem::replace(&mut self.named, false) {
            return false;
        }
        if listed(WRITERS, super::basename(word)) {
            self.writes = true;
            return true;
        }
        let name = word.split([':', '=', '/', '@', '^', '%', '!', '#', '~', '\\', '*', '+', '?', '.']);
        let mut said = name.filter(|name| !name.is_empty()).map(|name| says_secret(name.trim_matches('-')));
        let says_so = said.clone().any(|secret| secret);
        // A value may look like a name: what is written is asked for first.
        if self.writes && !is_path_of_redirect(word) {
            return !says_so && harmless(word);
        }
        if says_so {
            // `--token` and `password:` are followed by it; `PASSWORD=x` holds it.
            let ends = said.next_back().unwrap_or(false) && !word.contains('=');
            self.named = ends;
            return ends && self.shows(word);
        }
        let shown = self.shows(word);
        // `-p'secret'`: the flag's value begins behind the quote.
        self.named = matches!(next, Some('\'' | '"' | '$' | '`')) && self.masker.takes_attached(word);
        shown
    }
}

impl Words {
    fn shows(&mut self, word: &str) -> bool {
        alone(word) == word && self.masker.argument(word.as_bytes()) == word
    }
}

/// A word of a writer that sets something whose name is no secret's.
fn harmless(word: &str) -> bool {
    let is_flag = word.len() == 2 && word.starts_with('-');
    is_flag || word.split_once('=').is_some_and(|(name, value)| is_name(name) && alone(value) == value)
}

fn is_path_of_redirect(word: &str) -> bool {
    word.starts_with('/') && alone(word) == word
}

/// The script of an editor: a replacement is shown if both of its sides are of
/// the same setting, and that is no secret; anything else may be a value.
pub(super) fn edit(text: &str) -> String {
    let shown = (|| {
        let at = text.find('s')?;
        let address = &text[..at];
        let mut rest = text[at + 1..].chars();
        let delimiter = rest.next().filter(|c| !c.is_alphanumeric() && !c.is_whitespace())?;
        let mut parts = rest.as_str().split(delimiter);
        let (old, new, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let ends = parts.next().is_none() && flags.len() <= 3 && flags.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let of = |side: &str| setting(side);
        (ends && address.is_empty() && of(old)? == of(new)?).then_some(text)
    })();
    shown.map_or_else(|| MASK.to_owned(), str::to_owned)
}

/// The setting that one side of a replacement is of; none if it may not be
/// shown.
fn setting(side: &str) -> Option<String> {
    let bare = side.trim_start_matches(['^', '#', '\\', '*', '?', ' ']);
    let (name, value) = bare.split_once(['=', ':', ' '])?;
    let name = name.trim();
    let harmless = is_name(name) && shown_name(name) == name && !says_secret(name) && masked(value) == value;
    harmless.then(|| name.to_owned())
}
