use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

#[test]
fn the_table_of_arrivals() {
    for (applied, seq, wanted) in [
        (0, 1, Arrival::Next),
        (5, 6, Arrival::Next),
        (5, 5, Arrival::Duplicate),
        (5, 1, Arrival::Duplicate),
        (0, 3, Arrival::Gap { from: 1, to: 2 }),
        (5, 8, Arrival::Gap { from: 6, to: 7 }),
        (u64::MAX - 1, u64::MAX, Arrival::Next),
        (u64::MAX, u64::MAX, Arrival::Duplicate),
    ] {
        assert_eq!(arrival(applied, seq), wanted, "applied {applied}, seq {seq}");
    }
}

#[test]
fn d7_another_state_directory_is_another_epoch() {
    assert_eq!(resumption(b"", 0, b"a"), Resumption::Begins);
    assert_eq!(resumption(b"a", 9, b"a"), Resumption::Continues { acked: 9 });
    assert_eq!(resumption(b"a", 9, b"b"), Resumption::Changed);
}

proptest! {
    /// Against the plainest model: a set of what was applied. Any mix of
    /// repeats and losses applies each number at most once and names exactly
    /// what is missing.
    #[test]
    fn d1_nothing_twice_and_every_hole_named(seqs in proptest::collection::vec(1_u64..40, 0..60)) {
        let (mut applied, mut done, mut missing) = (0, BTreeSet::new(), BTreeSet::new());
        for seq in seqs {
            match arrival(applied, seq) {
                Arrival::Duplicate => prop_assert!(seq <= applied),
                Arrival::Next => {
                    prop_assert!(done.insert(seq));
                    applied = seq;
                }
                Arrival::Gap { from, to } => {
                    missing.extend(from..=to);
                    prop_assert!(done.insert(seq));
                    applied = seq;
                }
            }
        }
        let all: BTreeSet<u64> = (1..=applied).collect();
        let known: BTreeSet<u64> = done.union(&missing).copied().collect();
        prop_assert_eq!(known, all);
        prop_assert!(done.is_disjoint(&missing));
    }
}
