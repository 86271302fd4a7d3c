use std::collections::HashSet;

use super::*;

#[test]
fn every_file_is_2_kb_and_one_of_its_kind() {
    let all: HashSet<Vec<u8>> = (0..50).flat_map(|number| [content(number, 0), content(number, 1)]).collect();
    assert_eq!(all.len(), 100);
    assert!(all.iter().all(|bytes| bytes.len() == SMALL_BYTES));
}

#[test]
fn many_are_spread_over_directories() {
    let dir = tempfile::tempdir().unwrap();
    many(dir.path(), 1500);
    let counts: Vec<usize> =
        ["d000", "d001"].iter().map(|name| std::fs::read_dir(dir.path().join(name)).unwrap().count()).collect();
    assert_eq!(counts, [1000, 500]);
}

#[test]
fn the_env_file_has_80_variables_and_says_its_turn() {
    let text = env(17);
    assert_eq!(text.lines().count(), 80);
    assert!(text.starts_with("DATABASE_HOST=db-17.example\n"));
}
