use driftline_compare::Severity;
use proptest::prelude::*;

use super::*;

fn flags(number: u64) -> Flags {
    let severity = Severity::ALL[usize::try_from(number % 3).unwrap()];
    Flags { change: number.is_multiple_of(2), severity }
}

/// The rows that ids under one name come to.
fn rows(ids: &[u64]) -> Vec<(u64, Vec<u8>)> {
    let (mut writes, mut postings) = (WriteSet::default(), Postings::new(Table::ByKey));
    for &id in ids {
        postings.add("A", id, flags(id), &mut writes);
    }
    postings.finish(&mut writes);
    let row = |(_, key, value): (Table, &[u8], Option<&[u8]>)| {
        (u64::from_be_bytes(*key.last_chunk().unwrap()), value.unwrap().to_vec())
    };
    writes.iter().map(row).collect()
}

#[test]
fn v2_rows_are_these_bytes() {
    // Fixtures of format 2: they never change; a new format gets new ones.
    assert_eq!(rows(&[6]), [(6, vec![1, 0])], "as format 1 had it");
    assert_eq!(rows(&[6, 7, 135, 263]), [(6, vec![1, 0, 1, 0, 1, 0x80, 1, 0, 0, 0x80, 1, 0, 2])]);
}

#[test]
fn a_row_holds_a_bounded_number_and_the_next_begins_behind_it() {
    let ids: Vec<u64> = (1..=600).collect();
    let firsts: Vec<u64> = rows(&ids).iter().map(|(first, _)| *first).collect();
    assert_eq!(firsts, [1, 257, 513]);
    assert!(rows(&ids).iter().all(|(_, bytes)| bytes.len() < 1024));
}

#[test]
fn what_nobody_wrote_is_no_row() {
    let long = [1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 0];
    let cases: [&[u8]; 7] = [&[], &[1], &[1, 3], &[1, 0, 1], &[1, 0, 0, 1, 0], &[1, 0, 0x80], &long];
    for bytes in cases {
        assert_eq!(decode(1, bytes), None, "{bytes:?}");
    }
    assert_eq!(decode(u64::MAX, &[1, 0, 1, 1, 0]), None, "an id beyond the last");
}

proptest! {
    #[test]
    fn what_is_added_is_read_back(gaps in proptest::collection::vec(prop_oneof![Just(1_u64), 1_u64..1 << 40], 1..600)) {
        let ids: Vec<u64> = gaps.iter().scan(0, |id, gap| { *id += gap; Some(*id) }).collect();
        let read: Vec<(u64, Flags)> =
            rows(&ids).iter().flat_map(|(first, bytes)| decode(*first, bytes).unwrap()).collect();
        prop_assert_eq!(read, ids.iter().map(|&id| (id, flags(id))).collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_make_it_panic(first: u64, bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Some(entries) = decode(first, &bytes) {
            prop_assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
