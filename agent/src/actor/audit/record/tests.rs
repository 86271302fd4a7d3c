use proptest::prelude::*;

use super::*;

const PATH: &[u8] =
    b"audit(1795345708.860:6): item=3 name=\"/etc/app.env\" inode=10758433 dev=fe:01 mode=0100644 ouid=0 \
                      nametype=DELETE cap_fp=0";

#[test]
fn a_record_is_taken_apart() {
    let (stamp, fields) = parse(PATH).unwrap();
    assert_eq!(stamp, Stamp { at_ms: 1_795_345_708_860, serial: 6 });
    assert_eq!(fields.path("name").unwrap(), PathBuf::from("/etc/app.env"));
    assert_eq!(fields.inode().unwrap(), (rustix::fs::makedev(0xfe, 1), 10_758_433));
    assert_eq!(fields.raw("nametype").unwrap(), b"DELETE");
    assert_eq!(fields.raw("name2"), None);
    assert_eq!(fields.raw("ode"), None, "a name is a whole name");
}

#[test]
fn what_is_unset_is_not_there() {
    let (_, fields) =
        parse(b"audit(1.002:3): auid=4294967295 ses=7 name=(null) exe=? tty=(none) comm=\"a b\"").unwrap();
    assert_eq!((fields.id("auid"), fields.id("ses")), (None, Some(7)));
    assert_eq!((fields.text("name"), fields.text("exe")), (None, None));
    assert_eq!(fields.text("comm").unwrap(), "a b");
}

#[test]
fn odd_strings_are_in_hexadecimal() {
    let (_, fields) = parse(b"audit(1.002:3): name=2F746D702F610A62 comm=6 exe=ZZ key=\"\"").unwrap();
    assert_eq!(fields.path("name").unwrap(), PathBuf::from("/tmp/a\nb"));
    assert_eq!((fields.text("comm"), fields.text("exe")), (None, None));
    assert_eq!(fields.text("key").unwrap(), "");
}

#[test]
fn arguments_end_where_one_is_missing() {
    let (_, fields) = parse(b"audit(1.002:3): argc=3 a0=\"sed\" a1=2D69 a3=\"x\"").unwrap();
    assert_eq!(
        fields.arguments().iter().map(|one| one.to_vec()).collect::<Vec<_>>(),
        [b"sed".to_vec(), b"-i".to_vec()]
    );
    let (_, endless) = parse(b"audit(1.002:3): argc=99999999999 a0=\"sed\"").unwrap();
    assert!(endless.arguments().len() <= 1);
}

#[test]
fn what_is_no_record_is_none() {
    for bytes in [&b""[..], b"audit(", b"audit(1.2:3", b"audit(1:3): a=b", b"audit(1.1000:3): ", b"x(1.002:3): a=b"] {
        assert!(parse(bytes).is_none(), "{bytes:?}");
    }
    assert_eq!(Kind::of(1300), Some(Kind::Syscall));
    assert_eq!(Kind::of(1301), None);
}

proptest! {
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut record = b"audit(1.002:3): ".to_vec();
        record.extend(&bytes);
        for record in [&bytes, &record] {
            if let Some((_, fields)) = parse(record) {
                _ = (fields.text("name"), fields.inode(), fields.id("auid"), fields.arguments(), fields.hex("a1"));
            }
        }
    }

    #[test]
    fn a_string_comes_out_as_the_kernel_put_it_in(name in proptest::collection::vec(1_u8.., 1..60)) {
        // `audit_string_contains_control`: quotes, and what is not printable.
        let plain = name.iter().all(|byte| (0x21..0x7f).contains(byte) && *byte != b'"');
        let mut record = b"audit(1.002:3): item=0 name=".to_vec();
        if plain {
            record.push(b'"');
            record.extend(&name);
            record.push(b'"');
        } else {
            record.extend(name.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()));
        }
        record.extend(b" inode=5");
        let (_, fields) = parse(&record).unwrap();
        prop_assert_eq!(fields.untrusted("name").unwrap().into_owned(), name);
        prop_assert_eq!(fields.number::<u64>("inode"), Some(5));
    }
}
