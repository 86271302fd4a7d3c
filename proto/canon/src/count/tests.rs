//! One is one; nothing is many.

use super::*;

#[test]
fn only_one_is_singular() {
    assert_eq!(count(0, "host", "hosts"), "0 hosts");
    assert_eq!(count(1, "entry", "entries"), "1 entry");
    assert_eq!(count(2, "entry", "entries"), "2 entries");
    assert_eq!(count(u64::MAX, "byte", "bytes"), "18446744073709551615 bytes");
}
