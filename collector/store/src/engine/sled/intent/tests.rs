use std::fs::File;

use super::*;

fn disk(dir: &std::path::Path) -> Disk {
    let db = sled::Config::new().path(dir).flush_every_ms(None).open().unwrap();
    Disk { db, file: File::open(dir.join("db")).unwrap() }
}

fn rows(count: u32, value: &[u8]) -> Vec<Row<'_>> {
    (0..count).map(|number| ([&[9], number.to_be_bytes().as_slice()].concat(), Some(value))).collect()
}

fn values(disk: &Disk) -> Vec<Vec<u8>> {
    disk.db.scan_prefix([9]).values().map(|value| value.unwrap().to_vec()).collect()
}

#[test]
fn a_commit_of_any_size_leaves_no_trace_of_how_it_was_done() {
    for count in [1, 198, 199, 200, 201, 1_000] {
        let dir = tempfile::tempdir().unwrap();
        let disk = disk(dir.path());
        commit(&disk, 1, &rows(count, b"v")).unwrap();
        assert_eq!(values(&disk).len(), usize::try_from(count).unwrap());
        assert_eq!(disk.db.scan_prefix([0]).count(), 1, "only the sequence stays");
        assert_eq!(recover(&disk).unwrap().sequence, 1);
    }
}

#[test]
fn chunks_without_a_mark_never_happened() {
    let dir = tempfile::tempdir().unwrap();
    let disk = disk(dir.path());
    commit(&disk, 1, &rows(10, b"old")).unwrap();
    disk.db.insert(chunk_key(0), chunks(&rows(10, b"new")).unwrap().remove(0)).unwrap();
    let recovered = recover(&disk).unwrap();
    assert_eq!((recovered.sequence, recovered.finished), (1, false));
    assert_eq!(values(&disk), vec![b"old".to_vec(); 10]);
    assert_eq!(disk.db.scan_prefix(CHUNK).count(), 0);
}

#[test]
fn a_marked_commit_is_finished_wherever_it_was_cut_short() {
    for done in [0, 1, 199, 250, 500] {
        let dir = tempfile::tempdir().unwrap();
        let disk = disk(dir.path());
        commit(&disk, 1, &rows(500, b"old")).unwrap();
        let wanted = rows(500, b"new");
        note(&disk, 2, &chunks(&wanted).unwrap()).unwrap();
        for (key, value) in wanted.iter().take(done) {
            disk.db.insert(key.as_slice(), value.unwrap()).unwrap();
        }
        let recovered = recover(&disk).unwrap();
        assert_eq!((recovered.sequence, recovered.finished), (2, true));
        assert_eq!(values(&disk), vec![b"new".to_vec(); 500]);
        assert_eq!(disk.db.scan_prefix([0]).count(), 1);
    }
}

#[test]
fn a_mark_that_was_carried_out_is_not_carried_out_again_over_newer_rows() {
    let dir = tempfile::tempdir().unwrap();
    let disk = disk(dir.path());
    let old = rows(300, b"old");
    note(&disk, 1, &chunks(&old).unwrap()).unwrap();
    carry_out(&disk, 1, old.iter().map(|(key, value)| (key.as_slice(), *value))).unwrap();
    commit(&disk, 2, &rows(10, b"new")).unwrap();
    let recovered = recover(&disk).unwrap();
    assert_eq!((recovered.sequence, recovered.finished), (2, false));
    assert_eq!(values(&disk)[..10], vec![b"new".to_vec(); 10]);
}

#[test]
fn a_missing_chunk_is_damage_and_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let disk = disk(dir.path());
    note(&disk, 1, &chunks(&rows(500, b"v")).unwrap()).unwrap();
    disk.db.remove(chunk_key(1)).unwrap();
    let error = recover(&disk).err().unwrap();
    assert!(error.to_string().contains("a chunk is missing"), "{error}");
}

#[test]
fn chunks_keep_every_row_and_their_limits() {
    let big = vec![7; CHUNK_BYTES];
    let wanted: Vec<Row<'_>> = (0..600_u32)
        .map(|number| {
            let value = match number % 3 {
                0 => None,
                1 => Some(&b""[..]),
                _ if number % 100 == 2 => Some(big.as_slice()),
                _ => Some(&b"value"[..]),
            };
            (number.to_be_bytes().to_vec(), value)
        })
        .collect();
    let chunks = chunks(&wanted).unwrap();
    let found: Vec<_> = chunks.iter().flat_map(|chunk| decode(chunk).unwrap()).collect();
    assert_eq!(found, wanted.iter().map(|(key, value)| (key.as_slice(), *value)).collect::<Vec<_>>());
    assert!(chunks.iter().all(|chunk| decode(chunk).unwrap().len() < OPERATIONS_MAX));
    assert!(chunks.iter().all(|chunk| chunk.len() < 2 * CHUNK_BYTES + 64));
    assert!(decode(&chunks[0][..chunks[0].len() - 1]).is_err());
}
