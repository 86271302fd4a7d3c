//! Asked of the real kernel, where that is allowed.

use super::*;

/// The paths of what was heard since the last call.
fn heard(group: &mut Group) -> Vec<PathBuf> {
    let mut buffer = vec![0; 4096];
    let heard = group.read(&mut buffer);
    let mut paths: Vec<PathBuf> = heard.events.iter().flat_map(|event| group.paths(&event.at)).collect();
    paths.dedup();
    paths
}

#[test]
fn what_happens_in_a_directory_that_was_moved_away_is_not_of_the_one_in_its_place() {
    let Ok(mut group) = Group::open() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (place, away) = (dir.path().join("conf"), dir.path().join("away"));
    let touch = |dir: &Path| std::fs::write(dir.join("app.env"), "A=1").unwrap();
    std::fs::create_dir(&place).unwrap();
    // Without the handle of a filesystem there are paths instead.
    if group.mark(&place) != Marked::Yes || group.fresh.is_empty() {
        return;
    }
    touch(&place);
    assert_eq!(heard(&mut group), [place.join("app.env")]);
    std::fs::rename(&place, &away).unwrap();
    std::fs::create_dir(&place).unwrap();
    heard(&mut group);
    assert_eq!(group.mark(&place), Marked::Yes);
    touch(&away);
    assert_eq!(heard(&mut group), Vec::<PathBuf>::new());
    touch(&place);
    assert_eq!(heard(&mut group), [place.join("app.env")]);
    touch(&away);
    assert_eq!(heard(&mut group), Vec::<PathBuf>::new());
}
