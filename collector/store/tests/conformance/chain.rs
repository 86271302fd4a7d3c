//! The hash chain: whole over whatever was committed, broken by any change.
//!
//! Faults are put into exported links; a store offers no way to put them in.

use driftline_store::*;
use proptest::prelude::*;

use crate::each_engine;
use crate::samples::*;

fn exported(store: &Store) -> Vec<ChainLink> {
    let mut links = Vec::new();
    let reader = store.reader().unwrap();
    reader
        .chain(1, |id, body, hash| {
            links.push(ChainLink { id, body: body.to_vec(), hash: *hash });
            true
        })
        .unwrap();
    links
}

fn verify(links: &[ChainLink]) -> VerifyReport {
    verify_chain(links.iter().cloned().map(Ok)).unwrap()
}

#[test]
fn the_chain_of_a_store_is_whole_and_ends_in_its_head() {
    each_engine(|store, writer| {
        assert!(store.reader().unwrap().verify(|_, _| {}).unwrap().is_whole());
        for number in 0..20 {
            writer.commit(batch(1, vec![append(vec![body(number), body(number + 1)])])).unwrap();
        }
        let reader = store.reader().unwrap();
        let mut told = (0, 0);
        let report = reader.verify(|done, total| told = (done, total)).unwrap();
        assert_eq!((report.entries, report.broken_at), (40, None));
        assert_eq!(report.head, reader.head().unwrap());
        assert_eq!(told, (40, 40));
        assert_eq!(verify(&exported(store)), report);
    });
}

#[test]
fn an_export_from_the_middle_is_checked_against_the_entry_before() {
    each_engine(|store, writer| {
        writer.commit(batch(1, vec![append((0..10).map(body).collect())])).unwrap();
        let links = exported(store);
        let mut verifier = ChainVerifier::after(4, links[3].hash);
        assert!(links[4..].iter().all(|link| verifier.push(link.id, &link.body, &link.hash)));
        assert_eq!(verifier.finish().head.0, 10);
        let mut wrong = ChainVerifier::after(4, links[2].hash);
        assert!(!wrong.push(5, &links[4].body, &links[4].hash));
        assert_eq!(wrong.finish().broken_at, Some(5));
    });
}

/// What somebody may do to an export.
#[derive(Debug, Clone)]
enum Fault {
    FlipBody(usize, usize, u8),
    FlipHash(usize, usize, u8),
    Remove(usize),
    Swap(usize, usize),
    Repeat(usize),
    Renumber(usize),
}

fn fault() -> impl Strategy<Value = Fault> {
    let entry = 0..30_usize;
    prop_oneof![
        (entry.clone(), any::<usize>(), 0..8_u8).prop_map(|(at, byte, bit)| Fault::FlipBody(at, byte, bit)),
        (entry.clone(), 0..32_usize, 0..8_u8).prop_map(|(at, byte, bit)| Fault::FlipHash(at, byte, bit)),
        (0..29_usize).prop_map(Fault::Remove),
        (entry.clone(), entry.clone()).prop_filter("two of them", |(a, b)| a != b).prop_map(|(a, b)| Fault::Swap(a, b)),
        entry.clone().prop_map(Fault::Repeat),
        entry.prop_map(Fault::Renumber),
    ]
}

/// Puts a fault in and says where the chain has to break.
fn spoil(links: &mut Vec<ChainLink>, fault: &Fault) -> usize {
    match *fault {
        Fault::FlipBody(at, byte, bit) => {
            let byte = byte % links[at].body.len();
            links[at].body[byte] ^= 1 << bit;
            at
        }
        Fault::FlipHash(at, byte, bit) => {
            links[at].hash[byte] ^= 1 << bit;
            at
        }
        Fault::Remove(at) => {
            links.remove(at);
            at
        }
        Fault::Swap(a, b) => {
            links.swap(a, b);
            a.min(b)
        }
        Fault::Repeat(at) => {
            links.insert(at + 1, links[at].clone());
            at + 1
        }
        Fault::Renumber(at) => {
            links[at].id += 1;
            at
        }
    }
}

fn thirty_links() -> Vec<ChainLink> {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::open(dir.path(), EngineKind::Redb);
    store.writer().unwrap().commit(batch(1, vec![append((0..30).map(body).collect())])).unwrap();
    exported(&store)
}

#[test]
fn any_change_to_an_entry_breaks_the_chain_there() {
    let whole = thirty_links();
    assert!(verify(&whole).is_whole());
    proptest!(|(fault in fault())| {
        let mut links = whole.clone();
        let at = spoil(&mut links, &fault);
        let report = verify(&links);
        prop_assert_eq!(report.broken_at, Some(u64::try_from(at).unwrap() + 1), "{:?}", report);
        prop_assert!(report.reason.is_some());
    });
}
