use super::*;

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap()
}

#[test]
fn a_line_is_stored_as_before_files_were_named() {
    for line in [None, Some(1), Some(127), Some(128), Some(u32::MAX)] {
        let old = bytes(&line);
        assert_eq!(bytes(&Position::of(line, None)), old);
        let read: Position = postcard::from_bytes(&old).unwrap();
        assert_eq!(read.split(), (line, None));
    }
}

#[test]
fn the_stored_form_of_an_included_line_stays() {
    assert_eq!(bytes(&Position::of(Some(3), Some("/a"))), [2, 3, 2, b'/', b'a']);
}

#[test]
fn a_file_without_a_line_comes_back() {
    let stored = bytes(&Position::of(None, Some("/a")));
    let read: Position<&str> = postcard::from_bytes(&stored).unwrap();
    assert_eq!(read.split(), (None, Some("/a")));
}

#[test]
fn a_long_name_keeps_its_end() {
    let long: FileName = format!("/{}/conf.d/é.conf", "é".repeat(FILE_NAME_BYTES_MAX)).into();
    let short = bounded(&long);
    assert!(short.len() <= FILE_NAME_BYTES_MAX && short.ends_with("/conf.d/é.conf") && short.starts_with('…'));
    let fits: FileName = "/etc/x.conf".into();
    assert_eq!(bounded(&fits), fits);
}
