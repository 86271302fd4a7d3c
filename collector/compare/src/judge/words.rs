//! Times and names as sentences have them.
//!
//! It bounds what was typed elsewhere; it reads no clock.

use driftline_canon::count;

/// Bytes of a name in evidence: a ticket, a rule, a revision. A commit in full
/// has 64 at most; what is longer says nothing more.
const NAME_BYTES_MAX: usize = 96;

/// Letters that a commit is shown with, as git does.
const COMMIT_SHOWN: usize = 10;

/// A name, cut where it is too long.
pub(super) fn clipped(name: &str) -> String {
    let mut end = name.len().min(NAME_BYTES_MAX);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default().to_owned()
}

/// A revision as it is shown: a full commit is shortened.
pub(super) fn revision(name: &str) -> &str {
    let is_commit = matches!(name.len(), 40 | 64) && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { name.get(..COMMIT_SHOWN).unwrap_or(name) } else { name }
}

/// How long, in its largest unit: `4 min`, `2 h`, `3 days`.
pub(super) fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..1 => format!("{} ms", ms.max(0)),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => count((seconds / 86_400).unsigned_abs(), "day", "days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit() {
        let cases = [
            (-5, "0 ms"),
            (999, "999 ms"),
            (1_000, "1 s"),
            (119_999, "119 s"),
            (240_000, "4 min"),
            (7_200_000, "2 h"),
            (172_800_000, "2 days"),
            (i64::MAX, "106751991167 days"),
        ];
        for (ms, text) in cases {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn a_name_is_cut_between_letters_and_a_commit_is_shortened() {
        let long = "ü".repeat(200);
        assert_eq!(clipped(&long).len(), NAME_BYTES_MAX);
        assert_eq!(clipped("CHG-1"), "CHG-1");
        assert_eq!(revision(&"3f2a1c9d".repeat(5)), "3f2a1c9d3f");
        assert_eq!(revision("release-2026-11"), "release-2026-11");
    }
}
