use std::fs;

use super::*;

fn trail(files: &[&Path]) -> Trail {
    let mut trail = Trail::default();
    files.iter().for_each(|path| trail.file(path, Signature::of_path(path)));
    trail
}

#[test]
fn a_trail_sees_every_change_of_what_it_leads_to() {
    let dir = tempfile::tempdir().unwrap();
    let (there, missing) = (dir.path().join("a.conf"), dir.path().join("b.conf"));
    fs::write(&there, "a = 1").unwrap();
    let mut trail = trail(&[&there, &missing]);
    assert!(trail.is_unchanged());
    fs::write(&there, "a = 12").unwrap();
    assert!(!trail.is_unchanged());
    trail = self::trail(&[&there, &missing]);
    fs::write(&missing, "b = 1").unwrap();
    assert!(!trail.is_unchanged(), "a missing file appeared");
    let mut listed = Trail::default();
    listed.directory(dir.path(), Signature::of_path(dir.path()));
    assert!(listed.is_unchanged() && !listed.is_empty());
    fs::rename(&missing, dir.path().join("c.conf")).unwrap();
    assert!(!listed.is_unchanged());
}

#[test]
fn trails_to_the_same_places_are_told_once() {
    let (a, b) = (Path::new("/a"), Path::new("/b"));
    assert!(trail(&[a, b]).leads_as(&trail(&[b, a])));
    assert!(!trail(&[a]).leads_as(&trail(&[a, b])));
    assert_eq!(Trail::default().fold(), 0);
    assert_ne!(trail(&[a]).fold(), trail(&[b]).fold());
}

#[tokio::test]
async fn the_latest_word_about_a_source_counts() {
    let trails = Trails::default();
    trails.tell(SourceId(2), Arc::new(trail(&[Path::new("/a")])));
    trails.tell(SourceId(1), Arc::new(Trail::default()));
    trails.tell(SourceId(2), Arc::new(trail(&[Path::new("/b")])));
    trails.wait().await;
    let told = trails.take();
    assert_eq!(told.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(told[1].1.files().collect::<Vec<_>>(), [Path::new("/b")]);
    assert!(trails.take().is_empty());
}
