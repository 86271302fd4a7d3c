//! Replies, whole and broken.

use proptest::prelude::*;

use super::*;

fn read_all(bytes: &[u8]) -> Result<Reply, DatabaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(read(&mut BufReader::new(bytes)))
}

fn text(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

#[test]
fn replies_are_texts_errors_and_arrays() {
    assert_eq!(read_all(b"+OK\r\n").unwrap(), Reply::Text(text(b"OK")));
    assert_eq!(read_all(b"$5\r\na\r\nbc\r\n").unwrap(), Reply::Text(text(b"a\r\nbc")));
    assert_eq!(read_all(b"$-1\r\n").unwrap(), Reply::Text(text(b"")));
    assert_eq!(read_all(b"*2\r\n$1\r\na\r\n:7\r\n").unwrap(), Reply::Array(vec![text(b"a"), text(b"7")]));
    assert_eq!(read_all(b"-NOPERM you said hunter2\r\n").unwrap(), Reply::Error("NOPERM".to_owned()));
}

#[test]
fn what_is_no_reply_is_refused() {
    for bytes in
        [b"".as_slice(), b"OK\r\n", b"+OK", b"$3\r\nabcd\r\n", b"$x\r\n", b"*1\r\n*0\r\n", b"\r\n", b"$5\r\nab"]
    {
        assert!(read_all(bytes).is_err(), "{bytes:?}");
    }
    assert!(matches!(read_all(b"$999999999999\r\n"), Err(DatabaseError::TooLong)));
    assert!(matches!(read_all(b"*999999999\r\n"), Err(DatabaseError::TooLong)));
}

proptest! {
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_all(&bytes);
    }

    #[test]
    fn texts_come_back_as_they_were(texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20)) {
        let mut bytes = format!("*{}\r\n", texts.len()).into_bytes();
        for one in &texts {
            bytes.extend_from_slice(format!("${}\r\n", one.len()).as_bytes());
            bytes.extend_from_slice(one);
            bytes.extend_from_slice(b"\r\n");
        }
        let expected = texts.iter().map(|one| text(one)).collect();
        prop_assert_eq!(read_all(&bytes).unwrap(), Reply::Array(expected));
    }
}
