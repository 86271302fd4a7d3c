//! Patterns of keys as operators write them in a question: `*` stands for any
//! characters, everything else for itself. Case counts, as it does in the files.
//!
//! In time of at most pattern times text, whatever the pattern. What a policy
//! may write is more ([`crate::policy::Pattern`]).

/// Whether the whole text matches.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
