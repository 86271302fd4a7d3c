//! The chain notices every kind of tampering, and its formula never changes.

use super::*;

fn chain(bodies: &[&[u8]]) -> Vec<(u64, Vec<u8>, [u8; 32])> {
    let mut previous = GENESIS;
    let mut made = Vec::new();
    for (id, body) in (1..).zip(bodies) {
        previous = link(&previous, id, body);
        made.push((id, body.to_vec(), previous));
    }
    made
}

fn walk(entries: &[(u64, Vec<u8>, [u8; 32])]) -> Result<Walk, Broken> {
    let mut walk = Walk::default();
    entries.iter().try_for_each(|(id, body, hash)| walk.step(*id, body, hash))?;
    Ok(walk)
}

#[test]
fn a_whole_chain_holds_and_names_its_head() {
    let entries = chain(&[b"one", b"two", b"three"]);
    let walked = walk(&entries).unwrap();
    assert_eq!(walked.last(), 3);
    assert_eq!(walked.head(), &entries[2].2);
}

#[test]
fn an_empty_chain_holds() {
    assert_eq!(Walk::default().head(), &GENESIS);
    assert_eq!(walk(&[]).unwrap().last(), 0);
}

#[test]
fn p8_a_changed_body_is_noticed() {
    let mut entries = chain(&[b"one", b"two", b"three"]);
    entries[1].1 = b"TWO".to_vec();
    assert_eq!(walk(&entries).unwrap_err(), Broken::Hash { id: 2 });
}

#[test]
fn p8_a_changed_body_with_its_own_new_hash_is_noticed_at_the_next_entry() {
    let mut entries = chain(&[b"one", b"two", b"three"]);
    entries[1].1 = b"TWO".to_vec();
    entries[1].2 = link(&entries[0].2, 2, b"TWO");
    assert_eq!(walk(&entries).unwrap_err(), Broken::Hash { id: 3 });
}

#[test]
fn p8_a_dropped_entry_is_noticed() {
    let mut entries = chain(&[b"one", b"two", b"three"]);
    entries.remove(1);
    let broken = walk(&entries).unwrap_err();
    assert_eq!(broken, Broken::Hole { before: 1, expected: 2, found: 3 });
    assert_eq!(broken.at(), 2);
    assert_eq!(broken.to_string(), "entry 2 is missing: entry 3 follows entry 1");
}

#[test]
fn p8_a_repeated_or_reordered_entry_is_noticed() {
    let entries = chain(&[b"one", b"two"]);
    let twice = [entries[0].clone(), entries[0].clone()];
    assert_eq!(walk(&twice).unwrap_err().at(), 2);
    let reversed = [entries[1].clone(), entries[0].clone()];
    assert_eq!(walk(&reversed).unwrap_err().at(), 1);
}

#[test]
fn the_formula_is_the_one_that_stores_were_written_with() {
    let hex: String = link(&GENESIS, 1, b"body").iter().map(|byte| format!("{byte:02x}")).collect();
    let mut by_hand = Sha256::new();
    by_hand.update([b"driftline history 1\0".as_slice(), &[0; 32], &[0, 0, 0, 0, 0, 0, 0, 1], b"body"].concat());
    let by_hand: String = by_hand.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, by_hand);
}

#[test]
fn a_walk_may_begin_behind_a_trusted_entry_and_only_there() {
    let entries = chain(&[b"one", b"two", b"three"]);
    let mut rest = Walk::after(2, entries[1].2);
    assert_eq!(rest.step(entries[2].0, &entries[2].1, &entries[2].2), Ok(()));
    assert_eq!((rest.last(), rest.head()), (3, &entries[2].2));
    let mut wrong = Walk::after(2, entries[0].2);
    assert_eq!(wrong.step(entries[2].0, &entries[2].1, &entries[2].2), Err(Broken::Hash { id: 3 }));
    let mut early = Walk::after(1, entries[0].2);
    assert_eq!(early.step(3, &entries[2].1, &entries[2].2).unwrap_err().at(), 2);
}

#[test]
fn a_refused_entry_moves_nothing() {
    let entries = chain(&[b"one", b"two"]);
    let mut walk = Walk::default();
    walk.step(1, b"one", &entries[0].2).unwrap();
    assert!(walk.step(2, b"TWO", &entries[1].2).is_err());
    assert_eq!((walk.last(), walk.head()), (1, &entries[0].2));
    assert_eq!(walk.step(2, b"two", &entries[1].2), Ok(()));
}

#[test]
fn positions_end_somewhere_and_do_not_wrap() {
    let mut last = Walk::after(u64::MAX, GENESIS);
    for id in [0, 1, u64::MAX] {
        let broken = last.step(id, b"x", &link(&GENESIS, id, b"x")).unwrap_err();
        assert_eq!((broken, broken.at()), (Broken::End, u64::MAX), "{id}");
    }
}

/// Position, body and hash of an entry.
type Link = (u64, Vec<u8>, [u8; 32]);

/// A chain of ten whose fourth entry announces the removal of the first two.
fn cut() -> (Beginning, Vec<Link>) {
    let (mut walk, mut links) = (GENESIS, Vec::new());
    for id in 1..=10_u64 {
        let body = match id {
            4 => format!("\u{1}removed {}.", Beginning::words(2, &hash_of(&links, 2))).into_bytes(),
            _ => vec![7; 5],
        };
        walk = link(&walk, id, &body);
        links.push((id, body, walk));
    }
    let announced = (2, hash_of(&links, 2));
    let beginning = Beginning { first: 3, before: announced.1, announced, announced_by: 4 };
    (beginning, links)
}

fn hash_of(links: &[Link], id: u64) -> [u8; 32] {
    links.iter().find(|(at, _, _)| *at == id).unwrap().2
}

fn doubt(beginning: Beginning, links: &[Link]) -> Option<String> {
    let (mut walk, mut voucher) = (beginning.walk(), Voucher::of(beginning));
    for (id, body, hash) in links.iter().filter(|(id, _, _)| *id >= beginning.first) {
        walk.step(*id, body, hash).unwrap();
        voucher.see(*id, body, hash);
    }
    voucher.doubt()
}

#[test]
fn p8_a_beginning_is_believed_only_when_an_entry_of_the_chain_vouches_for_it() {
    let (beginning, links) = cut();
    assert_eq!(doubt(beginning, &links), None);
    // Half of what was announced is removed: the rest of it is in the chain.
    let half = Beginning { first: 2, before: hash_of(&links, 1), ..beginning };
    assert_eq!(doubt(half, &links), None);
    let more = Beginning { first: 4, before: hash_of(&links, 3), ..beginning };
    let other = Beginning { announced: (3, hash_of(&links, 3)), ..more };
    let by_another = Beginning { announced_by: 5, ..beginning };
    for (what, forged) in [("more than announced", more), ("never announced", other), ("by another", by_another)] {
        assert!(doubt(forged, &links).is_some_and(|why| why.contains("does not say")), "{what}");
    }
}
